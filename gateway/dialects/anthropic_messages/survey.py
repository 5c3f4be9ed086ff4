"""The shape of a Messages request: every member, block and tool whose effect on content is known."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from gateway.core.catalog import Feature
from gateway.core.demand import Reliance
from gateway.dialects.anthropic_messages.parts import CACHE, CONTENT, TOOLS
from gateway.dialects.shapes import (
    FLAG,
    NUMBER,
    SCALAR,
    TEXT,
    Findings,
    MemberShape,
    Walk,
    demanded,
    either,
    keeping,
    leaves,
    opaque,
    record,
    rows,
    table,
    tagged,
)

ROLES: Final = frozenset({"user", "assistant", "system"})
_ROLE_FAULT: Final = f"must be an object whose role is one of {', '.join(sorted(ROLES))}"

_MESSAGE: Final = record(
    "messages",
    {
        **leaves(TEXT, "role clear_at"),
        "content": CONTENT,
        "output_config": record("messages.output_config", {"effort": TEXT}),
    },
)


def _is_message(message: Any) -> bool:
    role = message.get("role") if message.__class__ is dict else None
    return role.__class__ is str and role in ROLES


_MESSAGES: Final = demanded(
    rows("messages", demanded(_MESSAGE, _is_message, _ROLE_FAULT)),
    lambda messages: messages.__class__ is list and bool(messages),
    "must be a list of at least one message",
)

_BOUND: Final = record("context_management.edits", leaves(SCALAR, "type value"))
_EDIT: Final = record(
    "context_management.edits",
    {
        **leaves(SCALAR, "type instructions pause_after_compaction"),
        "trigger": _BOUND,
        "clear_at_least": _BOUND,
        "keep": either(TEXT, _BOUND),
        "clear_tool_inputs": either(FLAG, rows("context_management.edits.clear_tool_inputs", TEXT)),
        "exclude_tools": rows("context_management.edits.exclude_tools", TEXT),
    },
)
_DATED: Final = re.compile(r"_\d{8}\Z")


def _edit_kind(edit: Mapping[str, Any]) -> object:
    kind = edit.get("type")
    return _DATED.sub("", kind) if isinstance(kind, str) else kind


_EDITS: Final = tagged("edit", dict.fromkeys(("clear_tool_uses", "clear_thinking", "compact"), _EDIT), _edit_kind)
_FORMAT: Final = record("output_format", {"type": TEXT, "schema": opaque})
_OUTPUT: Final = record(
    "output_config",
    {
        "effort": TEXT,
        "format": _FORMAT,
        "task_budget": record("output_config.task_budget", leaves(SCALAR, "type total remaining")),
    },
)
_THINKING: Final = record(
    "thinking",
    {
        **leaves(SCALAR, "type budget_tokens display"),
        "block_binding": record("thinking.block_binding", {"prefix_mismatch_behavior": TEXT}),
    },
)
_SERVER: Final = record(
    "mcp_servers",
    {
        **leaves(TEXT, "name type url authorization_token"),
        "tool_configuration": record(
            "mcp_servers.tool_configuration", {"enabled": FLAG, "allowed_tools": rows("allowed_tools", TEXT)}
        ),
    },
)


def _servers(servers: Any, findings: Findings) -> None:
    if servers:
        findings.features.add(Feature.REMOTE_URLS)
    _SERVERS(servers, findings)


_SERVERS: Final[Walk] = demanded(
    rows("mcp_servers", _SERVER), lambda servers: servers is None or servers.__class__ is list, "must be a list"
)
_CONTAINER: Final = either(
    TEXT,
    record(
        "container",
        {
            "id": TEXT,
            "skills": rows("container.skills", record("container.skills", leaves(TEXT, "type skill_id version"))),
        },
    ),
)


def _container(container: Any, findings: Findings) -> None:
    """A container of the provider's. Without the one that is named, what stands in it is missing."""
    named = container.get("id") if container.__class__ is dict else container
    _NAMED_CONTAINER(container, findings) if named is not None else _NEW_CONTAINER(container, findings)


_NEW_CONTAINER: Final = keeping(Feature.FILES, shape=_CONTAINER)
_NAMED_CONTAINER: Final = keeping(Feature.FILES, rests_on=Reliance("container"), shape=_CONTAINER)


def _place(place: Any, findings: Findings) -> None:
    """A place of processing that the request names. The place is a fact of the provider's record;
    a request could name another one."""
    if place is not None:
        findings.features.add(Feature.INFERENCE_PLACE)


MEMBERS: Final[Mapping[str, MemberShape]] = {
    "provider": opaque,  # it never travels
    "messages": _MESSAGES,
    "system": CONTENT,
    "tools": TOOLS,
    **leaves(TEXT, "model service_tier speed"),
    **leaves(NUMBER, "max_tokens temperature top_p top_k"),
    "stream": FLAG,
    "stop_sequences": rows("stop_sequences", TEXT),
    "tool_choice": record("tool_choice", leaves(SCALAR, "type name disable_parallel_tool_use")),
    "thinking": _THINKING,
    "output_config": _OUTPUT,
    "output_format": _FORMAT,
    "cache_control": CACHE,
    "context_management": record("context_management", {"edits": rows("context_management.edits", _EDITS)}),
    "compaction": record("compaction", leaves(TEXT, "type instructions")),
    "container": _container,
    "mcp_servers": _servers,
    "metadata": table("metadata", SCALAR),
    "inference_geo": _place,
    "thread": keeping(
        Feature.STORED_RESPONSES,
        rests_on=Reliance("thread", "thread_unsupported_request"),
        shape=record("thread", leaves(TEXT, "type previous_message_id")),
    ),
    "diagnostics": record("diagnostics", {"previous_message_id": keeping(Feature.STORED_RESPONSES)}),
}
"""Top-level members whose effect on content is known, each with its shape."""

REFERENCES: Final = ("thread", "container", "inference_geo")
"""Members that refer to what the provider keeps, or name a place."""

REQUEST: Final = record("", MEMBERS)
