"""The shape of a Responses request: every member, item, part and tool whose effect on content is known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gateway.core.catalog import Feature
from gateway.core.demand import Reliance
from gateway.dialects.openai_responses.items import INPUT
from gateway.dialects.openai_responses.parts import KEPT_TOKENS, REASONING, TEXT_SETTINGS, TOOL_ROWS
from gateway.dialects.sampling import SAMPLING
from gateway.dialects.shapes import (
    FLAG,
    NUMBER,
    SCALAR,
    TEXT,
    MemberShape,
    either,
    keeping,
    lasting,
    leaves,
    opaque,
    record,
    rows,
    switched,
    table,
)

KEEPING: Final[Mapping[str, str]] = {
    "previous_response_id": "previous_response_not_found",
    "conversation": "unsupported",
    "prompt": "unsupported",
}
"""Member that refers to what the provider keeps, and whose loss leaves the request incomplete -> the code of a refusal
from which clients recover."""

_CACHE: Final = record(
    "prompt_cache_options",
    {
        "mode": TEXT,
        "prewarm": FLAG,
        "ttl": lasting(frozenset({"30m"})),
        "comparison_response_id": keeping(Feature.STORED_RESPONSES),
    },
)
_CHOICE: Final = record(
    "tool_choice",
    {
        **leaves(TEXT, "type name mode server_label"),
        "tools": rows("tool_choice.tools", record("tool_choice.tools", leaves(TEXT, "type name server_label"))),
    },
)

MEMBERS: Final[Mapping[str, MemberShape]] = {
    **SAMPLING,
    **leaves(opaque, "provider user safety_identifier prompt_cache_key client_metadata"),  # never travel as they are
    "input": INPUT,
    "tools": TOOL_ROWS,
    **leaves(TEXT, "model instructions truncation service_tier personality"),
    **leaves(
        NUMBER,
        "max_output_tokens max_tool_calls temperature top_p top_logprobs presence_penalty frequency_penalty seed",
    ),
    **leaves(FLAG, "stream parallel_tool_calls"),
    **{
        name: keeping(Feature.STORED_RESPONSES, rests_on=Reliance(name, code), tokens=KEPT_TOKENS)
        for name, code in KEEPING.items()
    },
    "stream_options": record("stream_options", leaves(FLAG, "include_obfuscation include_usage")),
    "stop": either(TEXT, rows("stop", TEXT)),
    "tool_choice": either(TEXT, _CHOICE),
    "text": TEXT_SETTINGS,
    "reasoning": REASONING,
    "include": rows("include", TEXT),
    "context_management": rows(
        "context_management", record("context_management", leaves(SCALAR, "type compact_threshold"))
    ),
    "image": record("image", {"context_compression": TEXT}),
    "access_programs": record("access_programs", {"cyber": TEXT}),
    "store": switched(Feature.STORED_RESPONSES),
    "background": switched(Feature.BACKGROUND),
    "background_options": record(
        "background_options", {"completion_window": TEXT, "continuation_id": keeping(Feature.STORED_RESPONSES)}
    ),
    "metadata": table("metadata", SCALAR),
    "prompt_cache_options": _CACHE,
    "prompt_cache_retention": lasting(frozenset({"in_memory", "in-memory"})),
}
"""Top-level members whose effect on content is known, each with its shape."""

REQUEST: Final = record("", MEMBERS)
