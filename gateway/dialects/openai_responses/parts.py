"""The shapes of the parts and tools of a Responses request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from gateway.core.catalog import Feature
from gateway.core.demand import Need
from gateway.dialects.media import is_inline, is_picture
from gateway.dialects.shapes import (
    NUMBER,
    SCALAR,
    TEXT,
    Findings,
    MemberShape,
    Walk,
    charged,
    demanded,
    either,
    inline,
    keeping,
    lasting,
    leaves,
    noting,
    opaque,
    record,
    rows,
    tagged,
)
from gateway.dialects.token_bound import PICTURE_TOKENS

KEPT_TOKENS: Final = 2_000_000
"""Bound for what an earlier response or conversation adds to the input: no model has a larger context."""

_TTL: Final = frozenset({"30m"})
_MARK: Final = record("prompt_cache_breakpoint", {"mode": TEXT, "ttl": lasting(_TTL)})
_FILE_ID: Final = keeping(Feature.FILES, tokens=PICTURE_TOKENS)
_DATA: Final = inline(remote_tokens=PICTURE_TOKENS)


def _address(url: Any, findings: Findings) -> None:
    """The provider fetches every address but a `data:` URL."""
    if url is None:
        return
    if url.__class__ is not str or not is_inline(url):
        findings.features.add(Feature.REMOTE_URLS)
        findings.remote_tokens += PICTURE_TOKENS
    elif is_picture(url):
        findings.pictures.see(url)


def _somewhere(shape: Walk, *places: str) -> Walk:
    """A part that states its content in one of `places`. A part that states none has it elsewhere."""

    def walk(part: Any, findings: Findings) -> None:
        if all(part.get(place) is None for place in places):
            findings.features.add(Feature.REMOTE_URLS)
            findings.remote_tokens += PICTURE_TOKENS
        shape(part, findings)

    return walk


_PICTURE: Final[Mapping[str, MemberShape]] = {
    **leaves(TEXT, "type detail"),
    "image_url": _address,
    "file_id": _FILE_ID,
    "prompt_cache_breakpoint": _MARK,
}
_CITATION: Final = record(
    "annotations",
    {
        **leaves(SCALAR, "type filename index start_index end_index title url"),
        "file_id": keeping(Feature.FILES),
        "container_id": keeping(Feature.FILES),
    },
)
_PARTS: Final[Mapping[str, Walk]] = {
    "input_text": record("content", {**leaves(TEXT, "type text"), "prompt_cache_breakpoint": _MARK}),
    "output_text": record(
        "content", {**leaves(TEXT, "type text"), "annotations": rows("annotations", _CITATION), "logprobs": opaque}
    ),
    "refusal": record("content", leaves(TEXT, "type refusal")),
    "summary_text": record("content", leaves(TEXT, "type text")),
    "reasoning_text": record("content", leaves(TEXT, "type text")),
    "input_image": noting(_somewhere(record("content", _PICTURE), "image_url", "file_id"), needs=[Need.VISION]),
    "computer_screenshot": noting(_somewhere(record("content", _PICTURE), "image_url", "file_id"), needs=[Need.VISION]),
    "input_file": noting(
        _somewhere(
            record(
                "content",
                {
                    **leaves(TEXT, "type detail filename"),
                    "file_data": either(frozenset({type(None)}), _DATA),
                    "file_url": _address,
                    "file_id": _FILE_ID,
                    "prompt_cache_breakpoint": _MARK,
                },
            ),
            "file_data",
            "file_url",
            "file_id",
        ),
        needs=[Need.DOCUMENTS],
    ),
    "input_audio": noting(
        record("content", {"type": TEXT, "input_audio": record("input_audio", {"data": _DATA, "format": TEXT})}),
        needs=[Need.AUDIO],
    ),
}
PART: Final = tagged("part", _PARTS)
CONTENT: Final = demanded(
    either(TEXT, rows("content", PART)),
    lambda content: content.__class__ in (str, list),
    "must be a string or a list of parts",
)

_WHERE: Final = record("user_location", leaves(TEXT, "type city country region timezone"))
_SEARCH: Final = charged(
    "server_tool_calls",
    noting(
        record(
            "web_search",
            {
                **leaves(SCALAR, "type search_context_size external_web_access"),
                "search_content_types": rows("web_search.search_content_types", TEXT),
                "filters": record("web_search.filters", {"allowed_domains": rows("allowed_domains", TEXT)}),
                "user_location": _WHERE,
            },
        ),
        features=[Feature.WEB_SEARCH],
    ),
)
_CALLERS: Final = rows("allowed_callers", TEXT)
_FUNCTION: Final = record(
    "tool",
    {
        **leaves(SCALAR, "type name description strict async defer_loading"),
        "allowed_callers": _CALLERS,
        "parameters": opaque,
        "output_schema": opaque,
    },
)
_CUSTOM: Final = record(
    "tool",
    {
        **leaves(SCALAR, "type name description async defer_loading"),
        "allowed_callers": _CALLERS,
        "format": record("tool.format", leaves(TEXT, "type definition syntax")),
    },
)
_SCREEN: Final = record("tool", leaves(SCALAR, "type display_height display_width environment"))
_SKILL: Final = record("tool.skills", leaves(TEXT, "name description path"))
_LOCAL: Final = record("tool.environment", {"type": TEXT, "skills": rows("tool.skills", _SKILL)})


def _shell(tool: Any, findings: Findings) -> None:
    """A shell is the client's where it says that it is local."""
    place = tool.get("environment")
    if isinstance(place, dict) and place.get("type") == "local":
        _SHELL(tool, findings)
    else:
        findings.unlist_kind("tool", "shell")


_SHELL: Final = record("tool", {"type": TEXT, "allowed_callers": _CALLERS, "environment": _LOCAL})


def _unlisted(tool: Any, findings: Findings) -> None:
    """A tool that works with state of the provider's own."""
    findings.unlist_kind("tool", str(tool.get("type")))


def _namespace(tool: Any, findings: Findings) -> None:
    _NAMESPACE(tool, findings)


_TOOLS: Final[Mapping[str, Walk]] = {
    "function": _FUNCTION,
    "custom": _CUSTOM,
    "namespace": _namespace,
    "tool_search": record("tool", {**leaves(TEXT, "type execution description"), "parameters": opaque}),
    "local_shell": record("tool", leaves(TEXT, "type")),
    "apply_patch": record("tool", {"type": TEXT, "allowed_callers": _CALLERS}),
    "shell": _shell,
    "computer": _SCREEN,
    "computer_use": _SCREEN,
    "computer_use_preview": _SCREEN,
    "web_search": _SEARCH,
    "file_search": charged(
        "file_searches",
        noting(
            record(
                "file_search",
                {
                    "type": TEXT,
                    "max_num_results": NUMBER,
                    **leaves(opaque, "vector_store_ids filters ranking_options"),  # all of it is the feature
                },
            ),
            features=[Feature.FILES],
        ),
    ),
    "code_interpreter": charged("code_sessions", _unlisted),
    # Pictures are charged at the rates of another model, which no price of a route states.
    "image_generation": charged("pictures", _unlisted),
}


def _tool_kind(tool: Mapping[str, Any]) -> object:
    kind = tool.get("type")
    return "web_search" if isinstance(kind, str) and kind.startswith("web_search") else kind


_TOOL: Final = noting(tagged("tool", _TOOLS, _tool_kind), needs=[Need.TOOLS])
TOOL_ROWS: Final = demanded(
    rows("tools", _TOOL),
    lambda tools: tools is None or tools.__class__ is list,
    "must be a list of objects with a type",
)
_NAMESPACE: Final = record("tool", {**leaves(TEXT, "type name description"), "tools": TOOL_ROWS})

REASONING: Final = record(
    "reasoning", leaves(SCALAR, "effort summary generate_summary context mode max_tokens exclude enabled")
)
_SHAPE: Final = record("text.format", {**leaves(SCALAR, "type name description strict"), "schema": opaque})
TEXT_SETTINGS: Final = record("text", {"format": _SHAPE, "verbosity": TEXT})
