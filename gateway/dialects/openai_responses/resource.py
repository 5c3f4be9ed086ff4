"""The Response object as we write it: what the client asked for, and OpenAI's defaults where it said nothing.

The members are those that the SDKs' types and the Open Responses schema require (November 2026).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

_NUMBER: Final = (int, float)
_Kind: TypeAlias = type | tuple[type, ...]
_ECHOED: Final[Mapping[str, tuple[_Kind, Any]]] = {
    "instructions": (str, None),
    "max_output_tokens": (int, None),
    "max_tool_calls": (int, None),
    "metadata": (dict, {}),
    "parallel_tool_calls": (bool, True),
    "presence_penalty": (_NUMBER, 0.0),
    "frequency_penalty": (_NUMBER, 0.0),
    "prompt_cache_key": (str, None),
    "reasoning": (dict, {}),
    "safety_identifier": (str, None),
    "service_tier": (str, "auto"),
    "temperature": (_NUMBER, 1.0),
    "text": (dict, {}),
    "tool_choice": ((str, dict), "auto"),
    "tools": (list, []),
    "top_logprobs": (int, 0),
    "top_p": (_NUMBER, 1.0),
    "truncation": (str, "disabled"),
    "user": (str, None),
}
"""Member -> what it may be, and what holds where the client did not state it."""

_FUNCTION: Final[Mapping[str, Any]] = {"description": None, "parameters": None, "strict": None}


def begun(values: Mapping[str, Any], id_: str, model: str, created: object) -> dict[str, Any]:
    """A response in progress, to the request with these members. `id_` with its prefix."""
    echoed: dict[str, Any] = {name: _stated(values.get(name), *known) for name, known in _ECHOED.items()}
    echoed["text"] = {"format": {"type": "text"}, **echoed["text"]}
    echoed["reasoning"] = {"effort": None, "summary": None, **echoed["reasoning"]}
    echoed["tools"] = [_tool(tool) for tool in echoed["tools"]]
    return {
        "id": id_,
        "object": "response",
        "created_at": created,
        "completed_at": None,
        "status": "in_progress",
        "background": False,
        "error": None,
        "incomplete_details": None,
        "model": model,
        "output": [],
        "previous_response_id": None,
        "store": False,
        "usage": None,
        **echoed,
    }


def _stated(given: Any, kind: _Kind, default: Any) -> Any:
    is_flag = isinstance(given, bool) and kind is not bool  # a number, to Python
    return given if isinstance(given, kind) and not is_flag else default


def _tool(tool: Any) -> Any:
    return {**_FUNCTION, **tool} if isinstance(tool, dict) and tool.get("type") == "function" else tool
