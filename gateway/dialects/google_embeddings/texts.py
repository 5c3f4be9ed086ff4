"""The texts of a request for vectors: every string but the words of the protocol."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gateway.dialects.google.fields import camel
from gateway.dialects.spans import Region, Span, TextRules
from gateway.dialects.strict_json import Document


def texts(document: Document) -> Iterator[Span]:
    """The spans of a request."""
    return _RULES.spans(document)


_RULES: Final = TextRules(
    protocol=frozenset("model role taskType mimeType data fileUri".split()),
    regions={"provider": Region.PROTOCOL},
    strings={},
    canonical=camel,
)
