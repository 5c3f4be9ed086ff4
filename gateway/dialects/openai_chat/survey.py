"""The shape of a Chat Completions request: every member, part and tool whose effect on content is known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from gateway.core.catalog import Feature
from gateway.core.demand import Need
from gateway.dialects.media import is_inline, is_picture
from gateway.dialects.sampling import SAMPLING
from gateway.dialects.shapes import (
    FLAG,
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
    switched,
    table,
    tagged,
)
from gateway.dialects.token_bound import PICTURE_TOKENS

ROLES: Final = frozenset({"system", "developer", "user", "assistant", "tool", "function"})

_MARKS: Final[Mapping[str, MemberShape]] = {
    "cache_control": record("cache_control", {"type": TEXT, "ttl": lasting(frozenset({"5m"}))}),
    "prompt_cache_breakpoint": record("prompt_cache_breakpoint", {"mode": TEXT, "ttl": lasting(frozenset({"30m"}))}),
}
_SOUND_DATA: Final = inline(remote_tokens=PICTURE_TOKENS)
_SOUND: Final = record("input_audio", {"data": _SOUND_DATA, "format": TEXT})
_FILE: Final = record(
    "file",
    {
        "filename": TEXT,
        "file_data": inline(remote_tokens=PICTURE_TOKENS),
        "file_id": lambda _, findings: _kept_file(findings),
    },
)


def _kept_file(findings: Findings) -> None:
    findings.features.add(Feature.FILES)
    findings.remote_tokens += PICTURE_TOKENS


def _file(held: Any, findings: Findings) -> None:
    """A file is its data alone. A file without data is one that the provider keeps."""
    _FILE(held, findings)
    if held.__class__ is not dict or "file_data" not in held:
        findings.features.add(Feature.FILES)


def _sound_part(part: Any, findings: Findings) -> None:
    """A sound is its data alone. Without data, whatever stands there is fetched."""
    held = part.get("input_audio")
    if held.__class__ is not dict or "data" not in held:
        _SOUND_DATA(None, findings)
    _SOUND_PART(part, findings)


def _located(label: str) -> Walk:
    """`{"url": …}`, or the address alone."""
    address = _pictured if label == "image_url" else _address
    inner = record(label, {"url": address, "detail": TEXT, "format": TEXT})

    def walk(held: Any, findings: Findings) -> None:
        if held.__class__ is dict:
            inner(held, findings)
            if "url" in held:
                return
            held = None
        address(held, findings)

    return walk


def _address(url: Any, findings: Findings) -> None:
    """The provider fetches every address but a `data:` URL, and whatever stands in the place of an address."""
    if url.__class__ is not str or not is_inline(url):
        findings.features.add(Feature.REMOTE_URLS)
        findings.remote_tokens += PICTURE_TOKENS


def _pictured(url: Any, findings: Findings) -> None:
    _address(url, findings)
    if url.__class__ is str and is_picture(url):
        findings.pictures.see(url)


def _part(kind: str, held: MemberShape) -> Walk:
    return record("content", {"type": TEXT, kind: held, **_MARKS})


def _located_part(kind: str) -> Walk:
    walk = _part(kind, _located(kind))

    def walked(part: Any, findings: Findings) -> None:
        if kind not in part:
            _address(None, findings)
        walk(part, findings)

    return walked


def _file_part(part: Any, findings: Findings) -> None:
    if "file" not in part:
        findings.features.add(Feature.FILES)
    _FILE_PART(part, findings)


_FILE_PART: Final = _part("file", _file)
_SOUND_PART: Final = _part("input_audio", _SOUND)
_TEXT_PART: Final = _part("text", TEXT)
_PARTS: Final[Mapping[str, Walk]] = {
    "text": _TEXT_PART,
    "refusal": _part("refusal", TEXT),
    "thinking": record(
        "content",
        {"type": TEXT, "signature": TEXT, "closed": FLAG, "thinking": either(TEXT, rows("thinking", _TEXT_PART))},
    ),
    "image_url": noting(_located_part("image_url"), needs=[Need.VISION]),
    "video_url": _located_part("video_url"),
    "audio_url": noting(_located_part("audio_url"), needs=[Need.AUDIO]),
    "input_audio": noting(_sound_part, needs=[Need.AUDIO]),
    "file": noting(_file_part, needs=[Need.DOCUMENTS]),
}
_CONTENT: Final = rows("content", tagged("part", _PARTS))

_CALL: Final = record(
    "tool_calls",
    {
        **leaves(SCALAR, "id type index thought_signature"),
        "function": record("tool_calls.function", {"name": TEXT, "arguments": either(TEXT, opaque)}),
        "custom": record("tool_calls.custom", leaves(TEXT, "name input")),
        "extra_content": record(
            "extra_content", {"google": record("extra_content.google", leaves(TEXT, "thought_signature"))}
        ),
    },
)
_CITATION: Final = record(
    "annotations",
    {
        "type": TEXT,
        "url_citation": record("url_citation", leaves(SCALAR, "url title content start_index end_index")),
    },
)
_DETAIL: Final = record("reasoning_details", leaves(SCALAR, "type id format index text summary data signature"))
_MESSAGE: Final = record(
    "messages",
    {
        "role": TEXT,
        "content": either(
            TEXT,
            demanded(_CONTENT, lambda content: content.__class__ is list, "must be a string or a list of parts"),
        ),
        **leaves(TEXT, "name refusal tool_call_id reasoning_content reasoning phase tool_name"),
        **leaves(FLAG, "prefix partial is_error"),
        **_MARKS,
        "tool_calls": rows("tool_calls", _CALL),
        "function_call": record("function_call", leaves(TEXT, "name arguments")),
        "audio": keeping(Feature.FILES, shape=record("audio", {"id": TEXT}), tokens=PICTURE_TOKENS),
        "reasoning_details": rows("reasoning_details", _DETAIL),
        "annotations": rows("annotations", _CITATION),
        "images": rows("images", tagged("part", _PARTS)),
        "extra_content": record(
            "extra_content", {"google": record("extra_content.google", leaves(TEXT, "thought_signature"))}
        ),
    },
)
_ROLE_FAULT: Final = f"must be an object whose role is one of {', '.join(sorted(ROLES))}"
_MESSAGES: Final = demanded(
    rows("messages", demanded(_MESSAGE, lambda m: m.__class__ is dict and _is_role(m.get("role")), _ROLE_FAULT)),
    lambda messages: messages.__class__ is list and bool(messages),
    "must be a list of at least one message",
)


def _is_role(role: object) -> bool:
    return role.__class__ is str and role in ROLES


_FUNCTION_MEMBERS: Final[Mapping[str, MemberShape]] = {
    **leaves(SCALAR, "name description strict defer_loading"),
    "parameters": opaque,
    "cache_control": _MARKS["cache_control"],
}
_FUNCTION: Final = record("tool.function", _FUNCTION_MEMBERS)
_GRAMMAR: Final = record(
    "tool.format",
    {"type": TEXT, "definition": TEXT, "syntax": TEXT, "grammar": record("grammar", leaves(TEXT, "definition syntax"))},
)
_CUSTOM_MEMBERS: Final[Mapping[str, MemberShape]] = {**leaves(TEXT, "name description"), "format": _GRAMMAR}
_CUSTOM: Final = record("tool.custom", _CUSTOM_MEMBERS)
_WHERE: Final = record(
    "user_location",
    {
        **leaves(TEXT, "type city country region timezone"),
        "approximate": record("user_location", leaves(TEXT, "city country region timezone")),
    },
)
_SEARCH: Final = record("web_search", {**leaves(SCALAR, "type search_context_size"), "user_location": _WHERE})
_SEARCHING: Final = charged("server_tool_calls", noting(_SEARCH, features=[Feature.WEB_SEARCH]))
_TOOLS: Final[Mapping[str, Walk]] = {
    "function": record("tool", {"type": TEXT, "function": _FUNCTION, **_FUNCTION_MEMBERS}),  # also flat: Cursor
    "custom": record("tool", {"type": TEXT, "custom": _CUSTOM, **_CUSTOM_MEMBERS}),
    "web_search": _SEARCHING,
}


def _tool_kind(tool: Mapping[str, Any]) -> object:
    """The type of a tool. A tool without a type is a function where it holds one, as several servers take it."""
    kind = tool.get("type", "function" if "function" in tool else None)
    return "web_search" if isinstance(kind, str) and kind.startswith("web_search") else kind


_CHOICE: Final = record(
    "tool_choice",
    {
        "type": TEXT,
        "name": TEXT,
        "function": record("tool_choice.function", {"name": TEXT}),
        "custom": record("tool_choice.custom", {"name": TEXT}),
        "allowed_tools": record(
            "allowed_tools",
            {
                "mode": TEXT,
                "tools": rows(
                    "allowed_tools.tools",
                    record(
                        "allowed_tools.tools",
                        {
                            "type": TEXT,
                            "name": TEXT,
                            "function": record("allowed_tools.function", {"name": TEXT}),
                            "custom": record("allowed_tools.custom", {"name": TEXT}),
                        },
                    ),
                ),
            },
        ),
    },
)
_FORMAT: Final = record(
    "response_format",
    {
        **leaves(TEXT, "type grammar"),
        "schema": opaque,
        "json_schema": record("json_schema", {**leaves(SCALAR, "name description strict"), "schema": opaque}),
    },
)

MEMBERS: Final[Mapping[str, MemberShape]] = {
    **SAMPLING,
    "messages": _MESSAGES,
    **leaves(opaque, "provider user safety_identifier prompt_cache_key"),  # they never travel as they are
    **leaves(TEXT, "model reasoning_effort verbosity service_tier"),
    **leaves(
        NUMBER,
        "max_tokens max_completion_tokens n temperature top_p seed presence_penalty frequency_penalty top_logprobs",
    ),
    **leaves(FLAG, "stream parallel_tool_calls"),
    "stream_options": record(
        "stream_options", leaves(FLAG, "include_usage include_obfuscation continuous_usage_stats")
    ),
    "logprobs": frozenset({bool, int, type(None)}),
    "tools": demanded(
        rows("tools", tagged("tool", _TOOLS, _tool_kind)),
        lambda tools: tools is None or tools.__class__ is list,
        "must be a list of objects with a type",
    ),
    "tool_choice": either(TEXT, _CHOICE),
    "functions": rows("functions", _FUNCTION),
    "function_call": either(TEXT, record("function_call", {"name": TEXT})),
    "response_format": _FORMAT,
    "stop": either(TEXT, rows("stop", TEXT)),
    "logit_bias": either(TEXT, table("logit_bias", NUMBER)),
    "modalities": rows("modalities", TEXT),
    "audio": record(
        "audio",
        {"format": TEXT, "voice": either(TEXT, keeping(Feature.FILES, shape=record("voice", {"id": TEXT})))},
    ),
    "prediction": record("prediction", {"type": TEXT, "content": either(TEXT, _CONTENT)}),
    "store": switched(Feature.STORED_RESPONSES),
    "metadata": table("metadata", SCALAR),
    "prompt_cache_retention": lasting(frozenset({"in_memory", "in-memory"})),
    "prompt_cache_options": record("prompt_cache_options", {"mode": TEXT, "ttl": lasting(frozenset({"30m"}))}),
    "cache_control": _MARKS["cache_control"],
    "web_search_options": _SEARCHING,
    "reasoning": record("reasoning", leaves(SCALAR, "effort max_tokens exclude enabled summary")),
}
"""Top-level members whose effect on content is known, each with its shape."""

REQUEST: Final = record("", MEMBERS)
