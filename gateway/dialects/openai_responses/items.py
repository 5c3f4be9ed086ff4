"""The shapes of the items of a Responses request: turns, calls, results, reasoning and references."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from gateway.core.catalog import Feature
from gateway.core.demand import Reliance
from gateway.dialects.openai_responses.content import kind_of
from gateway.dialects.openai_responses.parts import CONTENT, KEPT_TOKENS, PART, REASONING, TEXT_SETTINGS, TOOL_ROWS
from gateway.dialects.shapes import (
    SCALAR,
    TEXT,
    Findings,
    MemberShape,
    Walk,
    demanded,
    either,
    held,
    keeping,
    leaves,
    opaque,
    record,
    rows,
    tagged,
)

_KEPT: Final = keeping(Feature.STORED_RESPONSES, tokens=KEPT_TOKENS)
_CALLER: Final = record("caller", leaves(TEXT, "type caller_id"))
_PLACE: Final[Mapping[str, MemberShape]] = {
    "type": TEXT,
    "container_id": keeping(Feature.FILES),
    "skills": rows("environment.skills", record("environment.skills", leaves(TEXT, "name description path"))),
}


def _item(table: Mapping[str, MemberShape], names: str = "") -> Walk:
    """An item with these members beside those that most items have."""
    return record("item", {**leaves(SCALAR, f"type id call_id status {names}"), "caller": _CALLER, **table})


_ACTION: Final = record(
    "action",
    {
        **leaves(
            SCALAR,
            "type button x y scroll_x scroll_y text query url pattern timeout_ms user working_directory "
            "max_output_length",
        ),
        **{name: rows(f"action.{name}", TEXT) for name in ("keys", "queries", "command", "commands")},
        "env": opaque,  # of the client's own shell
        "path": rows("action.path", record("action.path", leaves(SCALAR, "x y"))),
        "sources": rows("action.sources", record("action.sources", leaves(TEXT, "type url"))),
    },
)
_CHECK: Final = record("safety_checks", leaves(TEXT, "id code message"))
_FAULT: Final = record("error", {**leaves(SCALAR, "type code message param"), "content": opaque})
_OUTCOME: Final = record("outcome", leaves(SCALAR, "type exit_code"))
_PRINTED: Final = record("output", {**leaves(TEXT, "stdout stderr"), "outcome": _OUTCOME})
_RESULT: Final = record(
    "results", {**leaves(SCALAR, "filename score text"), "attributes": opaque, "file_id": keeping(Feature.FILES)}
)
_PICTURE: Final = _item(
    {
        "result": TEXT,
        "error": _FAULT,
        "svg_usage": opaque,
    },
    "action background output_format quality revised_prompt size",
)
_REASONING_ITEM: Final = _item(
    {"summary": rows("summary", PART), "content": rows("content", PART)}, "encrypted_content"
)


def _picture(item: Any, findings: Findings) -> None:
    """A picture that the model made. Without its data the item refers to the one that the provider keeps."""
    if not item.get("result"):
        _KEPT("picture", findings)
    _PICTURE(item, findings)


def _reasoning(item: Any, findings: Findings) -> None:
    """Reasoning of an earlier turn. Without words and proof the item refers to what the provider keeps."""
    if not (item.get("encrypted_content") or item.get("summary") or item.get("content")):
        _KEPT("reasoning", findings)
    _REASONING_ITEM(item, findings)


_SAID: Final = "must be a string or a list of parts"
_MCP: Final = "server_label name arguments output approval_request_id approve reason"
ITEMS: Final[Mapping[str, Walk]] = {
    "message": held("content", _item({"content": CONTENT}, "role phase"), _SAID),
    "function_call": _item({}, "name arguments namespace async"),
    "function_call_output": held("output", _item({"output": CONTENT}, "name namespace"), _SAID),
    "custom_tool_call": _item({}, "name input namespace async"),
    "custom_tool_call_output": held("output", _item({"output": CONTENT}), _SAID),
    "reasoning": _reasoning,
    "item_reference": keeping(Feature.STORED_RESPONSES, rests_on=Reliance("item_reference"), tokens=KEPT_TOKENS),
    "web_search_call": _item({"action": _ACTION}),
    "file_search_call": _item({"queries": rows("queries", TEXT), "results": rows("results", _RESULT)}),
    "image_generation_call": _picture,
    "code_interpreter_call": _item(
        {
            "container_id": keeping(Feature.FILES),
            "outputs": rows("outputs", record("outputs", leaves(TEXT, "type logs url"))),
        },
        "code",
    ),
    "computer_call": _item(
        {
            "action": _ACTION,
            "actions": rows("actions", _ACTION),
            "pending_safety_checks": rows("safety_checks", _CHECK),
        }
    ),
    "computer_call_output": _item({"output": PART, "acknowledged_safety_checks": rows("safety_checks", _CHECK)}),
    "local_shell_call": _item({"action": _ACTION}),
    "local_shell_call_output": _item({}, "output"),
    "shell_call": _item({"action": _ACTION, "environment": record("environment", _PLACE)}),
    "shell_call_output": _item({"output": rows("output", _PRINTED)}, "max_output_length"),
    "apply_patch_call": _item({"operation": record("operation", leaves(TEXT, "type path diff"))}),
    "apply_patch_call_output": _item({}, "output"),
    "mcp_call": _item({"error": either(TEXT, _FAULT)}, _MCP),
    "mcp_list_tools": _item({"tools": opaque}, "server_label error"),
    "mcp_approval_request": _item({}, _MCP),
    "mcp_approval_response": _item({}, _MCP),
    "tool_search_call": _item({"arguments": opaque}, "execution"),
    "tool_search_output": _item({"tools": TOOL_ROWS}, "execution"),
    "additional_tools": _item({"tools": TOOL_ROWS}, "role"),
    "configuration_update": _item({"reasoning": REASONING, "text": TEXT_SETTINGS}),
    "compaction": _item({}, "encrypted_content"),
    "compaction_trigger": _item({}),
    "program": _item({}, "code fingerprint"),
    "program_output": _item({}, "result"),
}
"""Type of an item -> its shape."""

INPUT: Final = demanded(
    either(
        TEXT,
        rows("input", tagged("item", ITEMS, lambda item: kind_of(item) or None)),
    ),
    lambda value: value is None or value.__class__ is str or (value.__class__ is list and bool(value)),
    "must be a string or a list of at least one item",
)
