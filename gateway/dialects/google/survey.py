"""The shapes of Google's contents and tools: every part, payload and tool whose effect on content is known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from gateway.core.catalog import Feature
from gateway.core.demand import Need
from gateway.dialects.google.content import CONTEXT_TOKENS, NEEDED, is_kept, kind_of
from gateway.dialects.google.fields import camel, snake
from gateway.dialects.shapes import (
    FLAG,
    NUMBER,
    TEXT,
    Findings,
    Leaf,
    MemberShape,
    Spelling,
    Walk,
    charged,
    demanded,
    either,
    inline,
    leaves,
    noting,
    opaque,
    record,
    rows,
)
from gateway.dialects.token_bound import PICTURE_TOKENS

WORD: Final[Leaf] = TEXT | {int}
"""A name of an enum, or its number."""
FIGURE: Final[Leaf] = NUMBER | {str}
"""A number; Google's JSON takes a string of it too."""

_ROLES: Final = frozenset({"", "user", "model", "function"})


def message(label: str, table: Mapping[str, MemberShape]) -> Walk:
    """An object of Google's, whose members stand under either of their two names."""
    twins = {snake(name): name for name in table if snake(name) != name}
    return record(label, {**table, **{twin: table[name] for twin, name in twins.items()}}, Spelling(twins, camel))


def _is_object(value: object) -> bool:
    return value is None or value.__class__ is dict


def _either_name(held: Mapping[str, Any], name: str) -> str:
    value = held.get(name, held.get(snake(name)))
    return value if isinstance(value, str) else ""


def _seen(held: Any, findings: Findings) -> None:
    """Data that stands in the body."""
    if held is None:
        return
    kind = kind_of(_either_name(held, "mimeType"))
    findings.needs.add(NEEDED[kind])
    if kind == "image":
        findings.pictures.see(held.get("data"))
    _BLOB(held, findings)


def _fetched(held: Any, findings: Findings) -> None:
    """A file that the provider keeps or fetches. Only of films may the type be left out."""
    if held is None:
        return
    kind = kind_of(_either_name(held, "mimeType") or "video/")
    findings.needs.add(NEEDED[kind])
    findings.remote_tokens += PICTURE_TOKENS if kind == "image" else CONTEXT_TOKENS
    findings.features.add(Feature.FILES if is_kept(_either_name(held, "fileUri")) else Feature.REMOTE_URLS)
    _FILE(held, findings)


_BLOB: Final = message(
    "inlineData", {**leaves(TEXT, "mimeType displayName"), "data": inline(remote_tokens=CONTEXT_TOKENS)}
)
_FILE: Final = message("fileData", leaves(TEXT, "mimeType fileUri displayName"))
_LAYERS: Final[Mapping[str, MemberShape]] = {"contentLayers": rows("contentLayers", WORD, single=True)}
_PART: Final = message(
    "part:",
    {
        **leaves(TEXT, "text thoughtSignature"),
        "thought": FLAG,
        "inlineData": demanded(_seen, _is_object, "must be an object"),
        "fileData": demanded(_fetched, _is_object, "must be an object"),
        "functionCall": message("functionCall", {**leaves(TEXT, "id name"), "args": opaque}),
        "functionResponse": message(
            "functionResponse",
            {
                **leaves(TEXT, "id name"),
                "response": opaque,
                "parts": lambda parts, findings: _PARTS(parts, findings),
                "willContinue": FLAG,
                "scheduling": WORD,
            },
        ),
        "executableCode": message("executableCode", leaves(WORD, "id language code")),
        "codeExecutionResult": message("codeExecutionResult", leaves(WORD, "id outcome output")),
        "toolCall": message("toolCall", {**leaves(WORD, "id toolType"), "args": opaque}),
        "toolResponse": message("toolResponse", {**leaves(WORD, "id toolType"), "response": opaque}),
        "videoMetadata": message("videoMetadata", {**leaves(FIGURE, "startOffset endOffset fps"), **_LAYERS}),
        "audioMetadata": message("audioMetadata", leaves(FIGURE, "startOffset endOffset")),
        "documentMetadata": message("documentMetadata", {**leaves(FIGURE, "startPage endPage"), **_LAYERS}),
        "spreadsheetMetadata": message("spreadsheetMetadata", {**leaves(FIGURE, "visibleCells sheetIndex"), **_LAYERS}),
        "speechMetadata": message("speechMetadata", leaves(TEXT, "speaker style")),
        "mediaResolution": either(WORD, message("mediaResolution", leaves(WORD, "level numTokens"))),
        "partMetadata": opaque,
    },
)
_PARTS: Final[Walk] = rows(
    "parts", demanded(_PART, lambda part: part.__class__ is dict, "must be an object"), single=True
)


def _role(role: object) -> bool:
    return role is None or (role.__class__ is str and role in _ROLES)


CONTENT: Final = demanded(
    message(
        "content",
        {"role": demanded(opaque, _role, "must be user or model"), "parts": _PARTS},
    ),
    lambda content: content.__class__ is dict,
    "must be an object",
)

_DECLARED: Final = message(
    "functionDeclarations",
    {
        **leaves(WORD, "name description behavior"),
        **leaves(opaque, "parameters parametersJsonSchema response responseJsonSchema"),
    },
)
_INTERVAL: Final = message("timeRangeFilter", leaves(TEXT, "startTime endTime"))
_EMPTY: Final = message("searchTypes", {})
_TYPES: Final = message("searchTypes", {"webSearch": _EMPTY, "imageSearch": _EMPTY})
_SEARCH: Final = message(
    "googleSearch",
    {
        "searchTypes": _TYPES,
        "timeRangeFilter": _INTERVAL,
        "excludeDomains": rows("excludeDomains", TEXT, single=True),
        "blockingConfidence": WORD,
        "dynamicRetrievalConfig": message("dynamicRetrievalConfig", leaves(FIGURE, "mode dynamicThreshold")),
    },
)
_SEARCHING: Final = charged("server_tool_calls", noting(_SEARCH, features=[Feature.WEB_SEARCH]))
_MAPS: Final = charged(
    "server_tool_calls", noting(message("googleMaps", {"enableWidget": FLAG}), features=[Feature.WEB_SEARCH])
)
_STORED: Final = noting(opaque, features=[Feature.FILES])
"""Its members name stores of the provider's, and all of them are the feature."""

TOOL: Final = demanded(
    message(
        "tool:",
        {
            "functionDeclarations": noting(rows("functionDeclarations", _DECLARED, single=True), needs=[Need.TOOLS]),
            "computerUse": noting(  # the client's own computer
                message(
                    "computerUse",
                    {
                        "environment": WORD,
                        "enablePromptInjectionDetection": FLAG,
                        "excludedPredefinedFunctions": rows("computerUse", TEXT, single=True),
                        "disabledSafetyPolicies": rows("computerUse", WORD, single=True),
                    },
                ),
                needs=[Need.TOOLS],
            ),
            **dict.fromkeys(("googleSearch", "googleSearchRetrieval", "enterpriseWebSearch"), _SEARCHING),
            "googleMaps": _MAPS,
            "urlContext": noting(message("urlContext", {}), features=[Feature.WEB_SEARCH, Feature.REMOTE_URLS]),
            "fileSearch": _STORED,
            "retrieval": _STORED,
        },
    ),
    lambda tool: tool.__class__ is dict,
    "must be an object",
)
"""A tool, and what it makes the provider do."""
