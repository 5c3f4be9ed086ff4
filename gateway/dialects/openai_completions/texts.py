"""The texts of a text completion's request: every string but the words of the protocol."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gateway.dialects.dialect import Unportable
from gateway.dialects.openai_completions.request import is_text
from gateway.dialects.spans import Region, Span, TextRules
from gateway.dialects.strict_json import Document


def texts(document: Document) -> Iterator[Span]:
    """The spans of a request. Unportable for token ids: they are words, and no string of the body holds them."""
    if not is_text(document.values):
        raise Unportable("prompt")
    return _RULES.spans(document)


_RULES: Final = TextRules(protocol=frozenset("model user".split()), regions={"provider": Region.PROTOCOL}, strings={})
