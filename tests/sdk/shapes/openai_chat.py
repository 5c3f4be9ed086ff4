"""Chat Completions as OpenAI publishes them; thoughts in `reasoning_content`, as DeepSeek and others add them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from tests.sdk.scenarios import Answer
from tests.sdk.shapes.seen import Seen, spoken

PATH: Final = "/chat/completions"
_MADE: Final = {"id": "chatcmpl-Scripted1", "created": 1_795_550_400, "system_fingerprint": "fp_44709d6fcb"}
REFUSED: Final = {
    "error": {
        "message": "This model's maximum context length is 8192 tokens. However, your messages resulted in 9001.",
        "type": "invalid_request_error",
        "param": "messages",
        "code": "context_length_exceeded",
    }
}


def usage(answer: Answer) -> dict[str, Any]:
    tokens = answer.tokens
    return {
        "prompt_tokens": tokens.input,
        "completion_tokens": tokens.output,
        "total_tokens": tokens.input + tokens.output,
        "prompt_tokens_details": {"cached_tokens": tokens.cached, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": tokens.reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def whole(answer: Answer, model: str) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": "".join(answer.text) or None, "refusal": None}
    if answer.reasoning:
        message["reasoning_content"] = "".join(answer.reasoning)
    if answer.calls:
        message["tool_calls"] = [
            {"id": f"call_{call.id}", "type": "function", "function": _function(call.name, call.arguments)}
            for call in answer.calls
        ]
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": answer.finish}
    return {
        **_MADE,
        "object": "chat.completion",
        "model": model,
        "choices": [choice],
        "usage": usage(answer),
        "service_tier": "default",
    }


def stream(answer: Answer, model: str) -> Iterator[bytes]:
    """One event after the other; the usage, which is always asked for, before the end."""
    made = {**_MADE, "object": "chat.completion.chunk", "model": model}

    def delta(of: Mapping[str, Any], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": of, "logprobs": None, "finish_reason": finish}
        return _event({**made, "choices": [choice], "usage": None})

    yield delta({"role": "assistant", "content": "", "refusal": None})
    yield from (delta({"reasoning_content": piece}) for piece in answer.reasoning)
    yield from (delta({"content": piece}) for piece in answer.text)
    if answer.ends == "failed":
        yield _event({"error": {"message": "The server had an error.", "type": "server_error", "code": None}})
    if answer.ends != "whole":
        return
    yield b": still there\n\n"
    for index, call in enumerate(answer.calls):
        function = _function(call.name, call.arguments)
        arguments, function["arguments"] = function["arguments"], ""
        began = {"index": index, "id": f"call_{call.id}", "type": "function", "function": function}
        yield delta({"tool_calls": [began]})
        for piece in (arguments[:7], arguments[7:]):
            yield delta({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})
    yield delta({}, answer.finish)
    yield _event({**made, "choices": [], "usage": usage(answer)})
    yield b"data: [DONE]\n\n"


def seen(body: Mapping[str, Any], path: str) -> Seen:
    """What reached the provider."""
    del path
    messages: list[dict[str, Any]] = body["messages"]
    parts = [part for m in messages if isinstance(m.get("content"), list) for part in m["content"]]
    calls = [call for message in messages for call in message.get("tool_calls") or ()]
    names = {call["id"]: call["function"]["name"] for call in calls}
    shape = body.get("response_format", {}).get("json_schema", {})
    return Seen(
        model=body["model"],
        system=spoken(m["content"] for m in messages if m["role"] in ("system", "developer")),
        said=spoken(m["content"] for m in messages if m["role"] == "user"),
        images=tuple(part["image_url"]["url"].partition(",")[2] for part in parts if part["type"] == "image_url"),
        tools={tool["function"]["name"]: tool["function"]["parameters"] for tool in body.get("tools", ())},
        calls=tuple((call["function"]["name"], json.loads(call["function"]["arguments"])) for call in calls),
        results=tuple((names[m["tool_call_id"]], spoken([m["content"]])) for m in messages if m["role"] == "tool"),
        shape=shape.get("schema"),
        streaming=bool(body.get("stream")),
        output_limit=body.get("max_completion_tokens") or body.get("max_tokens"),
        reasons=body.get("reasoning_effort") not in (None, "none"),
        thoughts=tuple(m["reasoning_content"] for m in messages if m.get("reasoning_content")),
    )


def _function(name: str, arguments: Mapping[str, Any]) -> dict[str, str]:
    return {"name": name, "arguments": json.dumps(arguments, ensure_ascii=False)}


def _event(data: Mapping[str, Any]) -> bytes:
    return b"data: " + json.dumps(data, ensure_ascii=False).encode() + b"\n\n"
