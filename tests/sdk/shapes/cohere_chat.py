"""Cohere's v2 chat as Cohere publishes it. The hidden preamble of its tokens is not billed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from tests.sdk.scenarios import Answer
from tests.sdk.shapes.seen import Seen, spoken

PATH: Final = "/chat"
_ID: Final = "c14c80c3-18eb-4519-9460-6c92edd8cfb4"
_PREAMBLE: Final = 496
_FINISHED: Final = {"stop": "COMPLETE", "tool_calls": "TOOL_CALL", "length": "MAX_TOKENS"}
REFUSED: Final = {"id": _ID, "message": "too many tokens: size limit exceeded by 899 tokens."}


def usage(answer: Answer) -> dict[str, Any]:
    tokens = answer.tokens
    return {
        "billed_units": {"input_tokens": tokens.input, "output_tokens": tokens.output},
        "tokens": {
            "input_tokens": tokens.input + _PREAMBLE,
            "output_tokens": tokens.output,
            "reasoning_tokens": tokens.reasoning,
        },
        "cached_tokens": _PREAMBLE - 16,
    }


def whole(answer: Answer, model: str) -> dict[str, Any]:
    del model
    message: dict[str, Any] = {"role": "assistant"}
    content = [{"type": "thinking", "thinking": "".join(answer.reasoning)}] if answer.reasoning else []
    if answer.calls:
        message["tool_plan"] = "".join(answer.text)
        message["tool_calls"] = [
            {"id": f"{call.name}_{call.id}", "type": "function", "function": _function(call.name, call.arguments)}
            for call in answer.calls
        ]
    elif answer.text:
        content.append({"type": "text", "text": "".join(answer.text)})
    if content:
        message["content"] = content
    return {"id": _ID, "finish_reason": _FINISHED[answer.finish], "message": message, "usage": usage(answer)}


def stream(answer: Answer, model: str) -> Iterator[bytes]:
    del model
    begun = {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []}
    yield _event("message-start", {"message": begun}, id=_ID)
    yield from _block("thinking", 0, answer.reasoning)
    if answer.calls:
        yield from (_message("tool-plan-delta", {"tool_plan": piece}) for piece in answer.text)
    elif answer.ends == "never":
        yield from list(_block("text", 1, answer.text))[:-1]
    else:
        yield from _block("text", 1, answer.text)
    if answer.ends == "failed":
        yield _event("message-end", {"finish_reason": "ERROR", "error": "The server had an error."})
    if answer.ends != "whole":
        return
    for index, call in enumerate(answer.calls):
        function = _function(call.name, call.arguments)
        arguments, function["arguments"] = function["arguments"], ""
        began = {"id": f"{call.name}_{call.id}", "type": "function", "function": function}
        yield _message("tool-call-start", {"tool_calls": began}, index=index)
        for piece in (arguments[:7], arguments[7:]):
            yield _message("tool-call-delta", {"tool_calls": {"function": {"arguments": piece}}}, index=index)
        yield _event("tool-call-end", None, index=index)
    yield _event("message-end", {"finish_reason": _FINISHED[answer.finish], "usage": usage(answer)})
    yield b"data: [DONE]\n\n"


def _block(kind: str, index: int, pieces: tuple[str, ...]) -> Iterator[bytes]:
    if not pieces:
        return
    yield _message("content-start", {"content": {"type": kind, kind: ""}}, index=index)
    yield from (_message("content-delta", {"content": {kind: piece}}, index=index) for piece in pieces)
    yield _event("content-end", None, index=index)


def seen(body: Mapping[str, Any], path: str) -> Seen:
    """What reached the provider."""
    del path
    messages: list[dict[str, Any]] = body["messages"]
    parts = [part for m in messages if isinstance(m.get("content"), list) for part in m["content"]]
    calls = [call for message in messages for call in message.get("tool_calls") or ()]
    names = {call["id"]: call["function"]["name"] for call in calls}
    return Seen(
        model=body["model"],
        system=spoken(m["content"] for m in messages if m["role"] == "system"),
        said=spoken(m["content"] for m in messages if m["role"] == "user"),
        images=tuple(part["image_url"]["url"].partition(",")[2] for part in parts if part["type"] == "image_url"),
        tools={tool["function"]["name"]: tool["function"]["parameters"] for tool in body.get("tools", ())},
        calls=tuple((call["function"]["name"], json.loads(call["function"]["arguments"])) for call in calls),
        results=tuple((names[m["tool_call_id"]], spoken([m["content"]])) for m in messages if m["role"] == "tool"),
        shape=body.get("response_format", {}).get("json_schema"),
        streaming=bool(body.get("stream")),
        output_limit=body.get("max_tokens"),
        reasons=body.get("thinking", {}).get("type") == "enabled",
        thoughts=tuple(part["thinking"] for part in parts if part["type"] == "thinking"),
    )


def _function(name: str, arguments: Mapping[str, Any]) -> dict[str, str]:
    return {"name": name, "arguments": json.dumps(arguments, ensure_ascii=False)}


def _message(kind: str, message: Mapping[str, Any], **members: Any) -> bytes:
    return _event(kind, {"message": message}, **members)


def _event(kind: str, delta: Mapping[str, Any] | None, **members: Any) -> bytes:
    data = {"type": kind, **members, **({"delta": delta} if delta is not None else {})}
    return f"event: {kind}\ndata: ".encode() + json.dumps(data, ensure_ascii=False).encode() + b"\n\n"
