"""Messages as Anthropic publishes them: blocks, one open at a time, between `message_start` and `message_stop`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from tests.sdk.scenarios import Answer
from tests.sdk.shapes.seen import Seen, spoken

PATH: Final = "/messages"
REFUSED: Final = {
    "type": "error",
    "error": {"type": "invalid_request_error", "message": "prompt is too long: 9001 tokens > 8192 maximum"},
    "request_id": "req_Scripted1",
}
_STOPS: Final = {"stop": "end_turn", "tool_calls": "tool_use", "length": "max_tokens"}


def usage(answer: Answer) -> dict[str, Any]:
    """Without what is not known yet when a stream begins: `input_tokens` is what was not in the cache."""
    tokens = answer.tokens
    return {
        "input_tokens": tokens.input - tokens.cached,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": tokens.cached,
        "output_tokens": tokens.output,
        "output_tokens_details": {"thinking_tokens": tokens.reasoning},
    }


def whole(answer: Answer, model: str) -> dict[str, Any]:
    return {
        **_message(model, usage(answer)),
        "content": [block for block, _ in _blocks(answer)],
        "stop_reason": _STOPS[answer.finish],
    }


def stream(answer: Answer, model: str) -> Iterator[bytes]:
    begun = _message(model, {**usage(answer), "output_tokens": 1, "output_tokens_details": None})
    yield _event("message_start", message=begun)
    yield _event("ping")
    for index, (block, deltas) in enumerate(_blocks(answer)):
        yield _event("content_block_start", index=index, content_block=_EMPTY[block["type"]](block))
        yield from (_event("content_block_delta", index=index, delta=delta) for delta in deltas)
        if answer.ends == "whole":
            yield _event("content_block_stop", index=index)
    if answer.ends == "failed":
        yield _event("error", error={"type": "overloaded_error", "message": "Overloaded"})
    if answer.ends == "whole":
        yield _event(
            "message_delta", delta={"stop_reason": _STOPS[answer.finish], "stop_sequence": None}, usage=usage(answer)
        )
        yield _event("message_stop")


def _message(model: str, counted: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": "msg_Scripted1",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {**counted, "service_tier": "standard"},
    }


def _blocks(answer: Answer) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """The blocks, complete, each with the deltas in which it is streamed."""
    if answer.reasoning:
        pieces = [{"type": "thinking_delta", "thinking": piece} for piece in answer.reasoning]
        signed = {"type": "signature_delta", "signature": answer.signature}
        thought = {"type": "thinking", "thinking": "".join(answer.reasoning), "signature": answer.signature}
        yield thought, [*pieces, signed]
    if answer.text:
        yield (
            {"type": "text", "text": "".join(answer.text)},
            [{"type": "text_delta", "text": piece} for piece in answer.text],
        )
    for call in answer.calls:
        text = json.dumps(call.arguments, ensure_ascii=False)
        yield (
            {"type": "tool_use", "id": f"toolu_{call.id}", "name": call.name, "input": dict(call.arguments)},
            [{"type": "input_json_delta", "partial_json": piece} for piece in ("", text[:7], text[7:])],
        )


_EMPTY: Final[Mapping[str, Callable[[dict[str, Any]], dict[str, Any]]]] = {
    "thinking": lambda _: {"type": "thinking", "thinking": "", "signature": ""},
    "text": lambda _: {"type": "text", "text": ""},
    "tool_use": lambda block: {**block, "input": {}},
}


def _event(kind: str, **data: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **data}, ensure_ascii=False)}\n\n".encode()


def seen(body: Mapping[str, Any], path: str) -> Seen:
    """What reached the provider."""
    del path
    turns: list[dict[str, Any]] = body["messages"]
    blocks = [b for turn in turns if isinstance(turn["content"], list) for b in turn["content"]]
    calls = [b for b in blocks if b["type"] == "tool_use"]
    names = {b["id"]: b["name"] for b in calls}
    thoughts = [b for b in blocks if b["type"] == "thinking"]
    shape = body.get("output_config", {}).get("format", {})
    return Seen(
        model=body["model"],
        system=spoken([body.get("system"), *(turn["content"] for turn in turns if turn["role"] == "system")]),
        said=spoken(turn["content"] for turn in turns if turn["role"] == "user"),
        images=tuple(b["source"]["data"] for b in blocks if b["type"] == "image"),
        tools={tool["name"]: tool["input_schema"] for tool in body.get("tools", ())},
        calls=tuple((b["name"], b["input"]) for b in calls),
        results=tuple((names[b["tool_use_id"]], spoken([b["content"]])) for b in blocks if b["type"] == "tool_result"),
        shape=shape.get("schema"),
        streaming=bool(body.get("stream")),
        output_limit=body["max_tokens"],
        reasons=body.get("thinking", {}).get("type") in ("enabled", "adaptive"),
        shows=body.get("thinking", {}).get("display") == "summarized",
        thoughts=tuple(b["thinking"] for b in thoughts),
        signatures=tuple(b["signature"] for b in thoughts if b["signature"]),
    )
