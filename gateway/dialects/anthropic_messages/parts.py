"""The shapes of the blocks and tools of a Messages request."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from gateway.core.catalog import Feature
from gateway.core.demand import Need
from gateway.dialects.shapes import (
    FLAG,
    SCALAR,
    TEXT,
    Findings,
    MemberShape,
    Misshapen,
    Walk,
    charged,
    demanded,
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

REMOTE_TOKENS: Final = 460_000
"""Bound for what the provider fetches or keeps: 100 pages of 3,000 tokens of text, each with its picture."""

CACHE: Final = record("cache_control", {"type": TEXT, "ttl": lasting(frozenset({"5m"}))})
_MARK: Final[Mapping[str, MemberShape]] = {"type": TEXT, "cache_control": CACHE}
_FILE: Final = keeping(Feature.FILES, tokens=REMOTE_TOKENS)
_KEPT_FILE: Final = noting(record("source", leaves(TEXT, "type file_id")), features=[Feature.FILES])
_FETCHED: Final = noting(record("source", leaves(TEXT, "type url")), features=[Feature.REMOTE_URLS])
_ENCODED: Final = record("source", {**leaves(TEXT, "type media_type"), "data": inline(remote_tokens=REMOTE_TOKENS)})


def _elsewhere(shape: Walk) -> Walk:
    """A source that is not in the body."""

    def walk(source: Any, findings: Findings) -> None:
        findings.remote_tokens += REMOTE_TOKENS
        shape(source, findings)

    return walk


_SOURCES: Final[Mapping[str, Walk]] = {
    "base64": _ENCODED,
    "url": _elsewhere(_FETCHED),
    "file": _elsewhere(_KEPT_FILE),
}


def _source(source: Any, findings: Findings, cases: Mapping[str, Walk]) -> str:
    """The type of a source, whose shape is compared. A source of no listed type is named."""
    kind = source.get("type") if source.__class__ is dict else None
    if kind.__class__ is str and kind in cases:
        cases[str(kind)](source, findings)
        return str(kind)
    if kind.__class__ is str:
        findings.unlist_kind("source", str(kind))
    else:
        findings.unlist("source")
    return ""


def _pictured(source: Any, findings: Findings) -> None:
    findings.needs.add(Need.VISION)
    findings.pictures.see(source.get("data") if source.__class__ is dict else None)
    _source(source, findings, _SOURCES)


def _read(source: Any, findings: Findings) -> None:
    if _source(source, findings, _DOCUMENTS) not in ("text", "content"):
        findings.needs.add(Need.DOCUMENTS)


def _blocks(content: Any, findings: Findings) -> None:
    """A string, or a list of blocks; null for none."""
    if content.__class__ is str or content is None:
        return
    if content.__class__ is not list:
        raise Misshapen("must be a string or a list of blocks")
    _ROWS(content, findings)


_DOCUMENTS: Final[Mapping[str, Walk]] = {
    **_SOURCES,
    "text": record("source", leaves(TEXT, "type media_type data")),
    "content": record("source", {"type": TEXT, "content": _blocks}),
}
_CITATIONS: Final = record("citations", {"enabled": FLAG})
_CITATION: Final = record(
    "citations",
    {
        **leaves(
            SCALAR,
            "type cited_text document_index document_title start_char_index end_char_index start_page_number "
            "end_page_number start_block_index end_block_index search_result_index encrypted_index title url source",
        ),
        "file_id": keeping(Feature.FILES),
    },
)
_CALLER: Final = record("caller", leaves(TEXT, "type tool_id"))
_OUTPUT: Final = record("output", {"type": TEXT, "file_id": _FILE})
_LINE: Final = leaves(
    SCALAR,
    "type error_code error_message text encrypted_content stop_reason stdout stderr return_code encrypted_stdout "
    "file_type num_lines start_line total_lines is_file_update new_lines new_start old_lines old_start url title "
    "page_age retrieved_at",
)
_RESULT: Final = record(
    "result",
    {
        **_LINE,
        "content": lambda value, findings: _inner(value, findings),
        "lines": rows("result.lines", TEXT),
        "tool_references": rows("tool_references", record("tool_references", {**_MARK, "tool_name": TEXT})),
    },
)
_PRINTED: Final = rows("output", _OUTPUT)


def _inner(content: Any, findings: Findings) -> None:
    """The content of a server tool's result: text, files that it printed, or a document that it fetched."""
    if content.__class__ is dict:
        _BLOCK(content, findings)
    elif content.__class__ is not str:
        _PRINTED(content, findings)


def _result(content: Any, findings: Findings) -> None:
    (_RESULT if content.__class__ is dict else _RESULTS)(content, findings)


_RESULTS: Final = rows("result", _RESULT)


_ANSWER: Final = record("content", {**_MARK, "tool_use_id": TEXT, "caller": _CALLER, "content": _result})
_CHANGED: Final = record(
    "tool_change",
    {**leaves(TEXT, "type name server_name"), "definition": lambda tool, findings: TOOL(tool, findings)},
)
_CHANGE: Final = record("content", {**_MARK, "tool": _CHANGED})
_TAB: Final = record("tabs", leaves(SCALAR, "tab_id title url active"))
_STATE: Final = record("state_changes", leaves(SCALAR, "type tab_id download_id url path size_bytes error"))
_LISTING: Final = record("mcp_tool_listing.tools", {**leaves(TEXT, "name description"), "input_schema": opaque})
_MODEL: Final = record("fallback", {"model": TEXT})

BLOCKS: Final[Mapping[str, Walk]] = {
    "text": record("content", {**_MARK, "text": TEXT, "citations": rows("citations", _CITATION)}),
    "image": record(
        "content",
        {**_MARK, "source": _pictured, "transformations": record("transformations", {"oversized_image": TEXT})},
    ),
    "document": record("content", {**_MARK, **leaves(TEXT, "title context"), "source": _read, "citations": _CITATIONS}),
    "search_result": record(
        "content", {**_MARK, **leaves(TEXT, "title source"), "content": _blocks, "citations": _CITATIONS}
    ),
    "thinking": record("content", leaves(TEXT, "type thinking signature")),
    "redacted_thinking": record("content", leaves(TEXT, "type data")),
    "tool_use": record(
        "content", {**_MARK, **leaves(TEXT, "id name toolset_name"), "input": opaque, "caller": _CALLER}
    ),
    "tool_result": record(
        "content",
        {**_MARK, **leaves(TEXT, "tool_use_id toolset_name"), "is_error": FLAG, "content": _blocks},
    ),
    "tool_reference": record("content", {**_MARK, "tool_name": TEXT}),
    "server_tool_use": record("content", {**_MARK, **leaves(TEXT, "id name"), "input": opaque, "caller": _CALLER}),
    **dict.fromkeys(
        (
            "web_search_tool_result",
            "web_fetch_tool_result",
            "code_execution_tool_result",
            "bash_code_execution_tool_result",
            "text_editor_code_execution_tool_result",
            "tool_search_tool_result",
            "advisor_tool_result",
        ),
        _ANSWER,
    ),
    "mcp_tool_use": record("content", {**_MARK, **leaves(TEXT, "id name server_name"), "input": opaque}),
    "mcp_tool_result": record("content", {**_MARK, "tool_use_id": TEXT, "is_error": FLAG, "content": _blocks}),
    "mcp_tool_listing": record(
        "content", {**leaves(TEXT, "type mcp_server_name"), "tools": rows("mcp_tool_listing.tools", _LISTING)}
    ),
    "container_upload": noting(record("content", {**_MARK, "file_id": _FILE}), features=[Feature.FILES]),
    "browser_state": record(
        "content", {**_MARK, "tabs": rows("tabs", _TAB), "state_changes": rows("state_changes", _STATE)}
    ),
    "compaction": record(
        "content",
        {
            **_MARK,
            **leaves(TEXT, "content encrypted_content signature"),
            "tool_changes": lambda value, findings: _ROWS(value, findings),
        },
    ),
    "fallback": record("content", {"type": TEXT, "from": _MODEL, "to": _MODEL, "trigger": opaque}),
    "tool_addition": _CHANGE,
    "tool_removal": _CHANGE,
}
"""Types of blocks whose effect on content is known, each with its shape."""

_BLOCK: Final = tagged("block", {**BLOCKS, "web_fetch_result": _RESULT})
_ROWS: Final[Walk] = rows("content", tagged("block", BLOCKS))
CONTENT: Final[Walk] = _blocks

_TOOL: Final[Mapping[str, MemberShape]] = {
    **_MARK,
    "name": TEXT,
    **leaves(FLAG, "defer_loading strict eager_input_streaming"),
    "allowed_callers": rows("allowed_callers", TEXT),
    "input_examples": opaque,
}
_LIMITED: Final[Mapping[str, MemberShape]] = {
    **_TOOL,
    **leaves(SCALAR, "max_uses max_content_tokens response_inclusion use_cache"),
    "allowed_domains": rows("allowed_domains", TEXT),
    "blocked_domains": rows("blocked_domains", TEXT),
    "citations": _CITATIONS,
    "user_location": record("user_location", leaves(TEXT, "type city country region timezone")),
    "url_sources": opaque,
}
_TOOLSET: Final = record("tool", {**_MARK, "configs": opaque})
_CLIENT: Final = record(
    "tool",
    {
        **_TOOL,
        **leaves(SCALAR, "display_height_px display_width_px display_number enable_zoom max_characters"),
    },
)
_TOOLS: Final[Mapping[str, Walk]] = {
    "custom": record("tool", {**_TOOL, "description": TEXT, "input_schema": opaque}),
    **dict.fromkeys(("bash", "text_editor", "computer", "memory"), _CLIENT),
    **dict.fromkeys(("browser_toolset", "computer_toolset"), _TOOLSET),
    # Run by the provider, over nothing but the request itself.
    **dict.fromkeys(("tool_search_tool_regex", "tool_search_tool_bm25"), record("tool", _TOOL)),
    "web_search": charged(
        "server_tool_calls", noting(record("tool", _LIMITED), features=[Feature.WEB_SEARCH]), limit="max_uses"
    ),
    "web_fetch": noting(record("tool", _LIMITED), features=[Feature.WEB_SEARCH, Feature.REMOTE_URLS]),
    "mcp_toolset": noting(
        record(
            "tool",
            {**_MARK, "mcp_server_name": TEXT, **leaves(opaque, "configs default_config tools")},
        ),
        features=[Feature.REMOTE_URLS],
    ),
    # It works in a container of the provider's, with files in it.
    "code_execution": charged("code_sessions", noting(record("tool", _TOOL), features=[Feature.FILES])),
}
_DATED: Final = re.compile(r"_\d{8}\Z")


def kind_of(tool: Mapping[str, Any]) -> str:
    """A tool's type without the date of its version; `custom` where none is stated."""
    return _DATED.sub("", tool.get("type") or "custom")


def TOOL(tool: Any, findings: Findings) -> None:  # noqa: N802  # a shape, like every other
    """One tool. Misshapen unless it is an object whose type, if it has one, is a string."""
    if tool.__class__ is not dict or not isinstance(tool.get("type"), str | None):
        raise Misshapen("must be an object with a type")
    kind = kind_of(tool)
    findings.kinds.add(kind)
    findings.needs.add(Need.TOOLS)
    if kind in _TOOLS:
        _TOOLS[kind](tool, findings)
    else:
        findings.unlist_kind("tool", tool["type"])


TOOLS: Final = demanded(
    rows("tools", TOOL), lambda tools: tools is None or tools.__class__ is list, "must be a list of objects"
)
