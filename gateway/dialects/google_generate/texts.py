"""The texts of a request to generate or to count: every string but the words of the protocol."""

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
    protocol=frozenset(
        "model role name id mimeType data fileUri thoughtSignature responseMimeType responseModalities mediaResolution "
        "level mode thinkingLevel allowedFunctionNames voiceName languageCode category threshold method cachedContent "
        "serviceTier language outcome scheduling behavior aspectRatio imageSize startOffset endOffset timeZone "
        "excludeDomains fileSearchStoreNames environment modelRoutingPreference".split()
    ),
    regions={
        "provider": Region.PROTOCOL,
        "functionDeclarations.parameters": Region.SCHEMA,
        "functionDeclarations.response": Region.SCHEMA,
        "parametersJsonSchema": Region.SCHEMA,
        "responseSchema": Region.SCHEMA,
        "responseJsonSchema": Region.SCHEMA,
        "functionCall.args": Region.TEXT,
        "functionResponse.response": Region.TEXT,
        "labels": Region.TEXT,
    },
    strings={},
    canonical=camel,
)
