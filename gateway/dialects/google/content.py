"""What a request's contents and tools hold, without reading what they say: kinds, and what the provider would fetch."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from gateway.core.catalog import Feature
from gateway.core.demand import Need
from gateway.dialects.google.fields import GoogleObject, fault
from gateway.dialects.media import Kind
from gateway.dialects.members import SAFE_NAME
from gateway.dialects.token_bound import PICTURE_TOKENS, Pictures

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
"""What a part may hold; one of them."""

_MODIFIERS: Final = frozenset("thought thoughtSignature videoMetadata mediaResolution partMetadata".split())
_LISTED: Final = frozenset(PAYLOADS) | _MODIFIERS
_ROLES: Final = frozenset({"", "user", "model", "function"})

_TOOLS: Final[Mapping[str, tuple[Feature, ...]]] = {
    "functionDeclarations": (),
    "computerUse": (),  # the client's own computer
    "googleSearch": (Feature.WEB_SEARCH,),
    "googleSearchRetrieval": (Feature.WEB_SEARCH,),
    "enterpriseWebSearch": (Feature.WEB_SEARCH,),
    "googleMaps": (Feature.WEB_SEARCH,),
    "urlContext": (Feature.WEB_SEARCH, Feature.REMOTE_URLS),
    "fileSearch": (Feature.FILES,),
    "retrieval": (Feature.FILES,),
}
"""Tools, and what each makes the provider do; any other is unlisted."""

CONTEXT_TOKENS: Final = 1_048_576
"""Bound for anything else that is not in the request: a film, a document, a cached prefix. Gemini's context."""

_FILES: Final = re.compile(r"(?:gs:|files/|https://generativelanguage\.googleapis\.com/)", re.IGNORECASE)
_NEEDED: Final[Mapping[Kind, Need]] = {
    "image": Need.VISION,
    "video": Need.VISION,
    "audio": Need.AUDIO,
    "document": Need.DOCUMENTS,
}


def kind_of(mime: str) -> Kind:
    """The kind of media that a MIME type is of; what is none of the others is a document."""
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


def surveyed(given: GoogleObject) -> ContentsSurvey:
    """A whole request. InvalidRequest for what is no list of contents with parts."""
    found = ContentsSurvey()
    for content in given.each("contents"):
        found.content(content)
    if "systemInstruction" in given:
        found.content(given.inner("systemInstruction"))
    if given.raw("cachedContent"):
        found.remote_tokens += CONTEXT_TOKENS
    for tool in given.each("tools"):
        found.tool(tool)
    return found


class ContentsSurvey:
    """`remote_tokens`: bound for everything that is not in the body. `unlisted`: names of kinds that no table lists."""

    def __init__(self) -> None:
        self.needs: set[Need] = set()
        self.features: set[Feature] = set()
        self.pictures = Pictures()
        self.remote_tokens = 0
        self.unlisted: list[str] = []

    def content(self, content: GoogleObject) -> None:
        """InvalidRequest for a role of nobody's, and for what is no part."""
        if content.text("role") not in _ROLES:
            raise fault(content.path("role"), "must be user or model")
        self._parts(content)

    def tool(self, tool: GoogleObject) -> None:
        for kind in tool:
            if kind in _TOOLS:
                self.features.update(_TOOLS[kind])
            else:
                self._unlist("tool", kind)
            if kind in ("functionDeclarations", "computerUse"):
                self.needs.add(Need.TOOLS)

    def _parts(self, content: GoogleObject) -> None:
        for part in content.each("parts"):
            for name in part:
                if name not in _LISTED:
                    self._unlist("part", name)
            if "inlineData" in part:
                self._see(part.inner("inlineData"))
            if "fileData" in part:
                self._fetch(part.inner("fileData"))
            if "functionResponse" in part:
                self._parts(part.inner("functionResponse"))

    def _see(self, held: GoogleObject) -> None:
        mime = held.text("mimeType")
        self._need(mime)
        if kind_of(mime) == "image":
            self.pictures.see(held.text("data"))

    def _need(self, mime: str) -> None:
        self.needs.add(_NEEDED[kind_of(mime)])

    def _fetch(self, held: GoogleObject) -> None:
        mime = held.text("mimeType") or "video/"  # only of films may the type be left out
        self._need(mime)
        self.remote_tokens += PICTURE_TOKENS if kind_of(mime) == "image" else CONTEXT_TOKENS
        self.features.add(Feature.FILES if is_kept(held.text("fileUri")) else Feature.REMOTE_URLS)

    def _unlist(self, what: str, name: str) -> None:
        self.unlisted.append(f"{what}:{name}" if SAFE_NAME.match(name) else f"(a {what} whose name is no plain word)")
