"""The kinds of parts and tools in a request, and the addresses that the provider would fetch. Texts are not read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from gateway.core.demand import Need
from gateway.dialects.media import MediaKind

PAYLOADS: Final = (
    "text",
    "inlineData",
    "fileData",
    "functionCall",
    "functionResponse",
    "executableCode",
    "codeExecutionResult",
    "toolCall",
    "toolResponse",
)
"""The members of a part that carry content. A part holds one of them."""

CONTEXT_TOKENS: Final = 1_048_576
"""Bound for anything else that is not in the request: a film, a document, a cached prefix. Gemini's context."""

_FILES: Final = re.compile(r"(?:gs:|files/|https://generativelanguage\.googleapis\.com/)", re.IGNORECASE)
NEEDED: Final[Mapping[MediaKind, Need]] = {
    "image": Need.VISION,
    "video": Need.VISION,
    "audio": Need.AUDIO,
    "document": Need.DOCUMENTS,
}


def kind_of(mime: str) -> MediaKind:
    """The kind of media of a MIME type. Any type that is not a picture, a sound or a film is a document."""
    match mime.partition("/")[0].lower():
        case "image":
            return "image"
        case "audio":
            return "audio"
        case "video":
            return "video"
    return "document"


def is_kept(uri: str) -> bool:
    """Whether a file stands in Google's own store, not at an address that others could read too."""
    return bool(_FILES.match(uri)) or not uri.lower().startswith(("https://", "http://"))
