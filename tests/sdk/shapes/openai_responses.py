"""Responses as OpenAI publishes them: items, each opened, filled and closed, between `created` and `completed`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from tests.sdk.scenarios import Answer, Call
from tests.sdk.shapes import openai_chat
from tests.sdk.shapes.seen import Seen, spoken

PATH: Final = "/responses"
REFUSED: Final = openai_chat.REFUSED
_MADE: Final[dict[str, Any]] = {
    "id": "resp_Scripted1",
    "object": "response",
    "created_at": 1_795_550_400,
    "background": False,
    "error": None,
    "incomplete_details": None,
    "instructions": None,
    "max_output_tokens": None,
    "max_tool_calls": None,
    "parallel_tool_calls": True,
    "previous_response_id": None,
    "prompt_cache_key": None,
    "reasoning": {"effort": None, "summary": None},
    "safety_identifier": None,
    "service_tier": "default",
    "store": False,
    "temperature": 1.0,
    "text": {"format": {"type": "text"}},
    "tool_choice": "auto",
    "tools": [],
    "top_logprobs": 0,
    "top_p": 1.0,
    "truncation": "disabled",
    "presence_penalty": 0.0,
    "frequency_penalty": 0.0,
    "metadata": {},
}


def usage(answer: Answer) -> dict[str, Any]:
    tokens = answer.tokens
    return {
        "input_tokens": tokens.input,
        "input_tokens_details": {"cached_tokens": tokens.cached, "cache_write_tokens": 0},
        "output_tokens": tokens.output,
        "output_tokens_details": {"reasoning_tokens": tokens.reasoning},
        "total_tokens": tokens.input + tokens.output,
    }


def whole(answer: Answer, model: str) -> dict[str, Any]:
    cut = answer.finish == "length"
    return {
        **_MADE,
        "model": model,
        "completed_at": None if cut else 1_795_550_401,
        "status": "incomplete" if cut else "completed",
        "incomplete_details": {"reason": "max_output_tokens"} if cut else None,
        "output": [item for item, _ in _items(answer)],
        "usage": usage(answer),
    }


def stream(answer: Answer, model: str) -> Iterator[bytes]:
    """`event:` repeats the type; every event is numbered."""
    numbered = enumerate(_events(answer, model))
    for number, (kind, data) in numbered:
        text = json.dumps({"type": kind, "sequence_number": number, **data}, ensure_ascii=False)
        yield f"event: {kind}\ndata: {text}\n\n".encode()


def _events(answer: Answer, model: str) -> Iterator[tuple[str, dict[str, Any]]]:
    begun = {**_MADE, "model": model, "completed_at": None, "status": "in_progress", "output": [], "usage": None}
    yield "response.created", {"response": begun}
    yield "response.in_progress", {"response": begun}
    for index, (item, pieces) in enumerate(_items(answer)):
        at = {"item_id": item["id"], "output_index": index}
        yield "response.output_item.added", {"output_index": index, "item": _opened(item)}
        yield from _FILLED[item["type"]](at, pieces)
        if answer.ends == "whole":
            yield "response.output_item.done", {"output_index": index, "item": item}
    if answer.ends == "failed":
        fault = {"type": "server_error", "code": "server_error", "message": "The server had an error.", "param": None}
        yield "error", {"error": fault}
        failed = {"code": "server_error", "message": "The server had an error."}
        yield "response.failed", {"response": {**begun, "status": "failed", "error": failed}}
    if answer.ends == "whole":
        done = whole(answer, model)
        yield f"response.{done['status']}", {"response": done}


def _items(answer: Answer) -> list[tuple[dict[str, Any], tuple[str, ...]]]:
    """The items of the output, complete, each with the pieces in which it is streamed."""
    found: list[tuple[dict[str, Any], tuple[str, ...]]] = []
    if answer.reasoning:
        summary = [{"type": "summary_text", "text": "".join(answer.reasoning)}]
        thought = {"id": "rs_1", "type": "reasoning", "summary": summary, "encrypted_content": answer.signature}
        found.append((thought, answer.reasoning))
    if answer.text:
        content = [{"type": "output_text", "text": "".join(answer.text), "annotations": [], "logprobs": []}]
        status = "incomplete" if answer.finish == "length" else "completed"
        said = {"id": "msg_1", "type": "message", "status": status, "role": "assistant", "content": content}
        found.append((said, answer.text))
    found += [(item := _call(call), (item["arguments"][:7], item["arguments"][7:])) for call in answer.calls]
    return found


def _call(call: Call) -> dict[str, Any]:
    arguments = json.dumps(call.arguments, ensure_ascii=False)
    made = {"id": f"fc_{call.id}", "type": "function_call", "status": "completed", "call_id": f"call_{call.id}"}
    return {**made, "name": call.name, "arguments": arguments}


def _opened(item: Mapping[str, Any]) -> dict[str, Any]:
    """An item as it is added: the same, without what is to come."""
    empty: dict[str, dict[str, Any]] = {
        "reasoning": {"summary": []},
        "message": {"status": "in_progress", "content": []},
        "function_call": {"status": "in_progress", "arguments": ""},
    }
    return {**item, **empty[str(item["type"])]}


def _summarised(at: dict[str, Any], pieces: tuple[str, ...]) -> Iterator[tuple[str, dict[str, Any]]]:
    at, text = {**at, "summary_index": 0}, "".join(pieces)
    yield "response.reasoning_summary_part.added", {**at, "part": {"type": "summary_text", "text": ""}}
    yield from (("response.reasoning_summary_text.delta", {**at, "delta": piece}) for piece in pieces)
    yield "response.reasoning_summary_text.done", {**at, "text": text}
    yield "response.reasoning_summary_part.done", {**at, "part": {"type": "summary_text", "text": text}}


def _spoken(at: dict[str, Any], pieces: tuple[str, ...]) -> Iterator[tuple[str, dict[str, Any]]]:
    at, text = {**at, "content_index": 0}, "".join(pieces)
    part = {"type": "output_text", "annotations": [], "logprobs": []}
    yield "response.content_part.added", {**at, "part": {**part, "text": ""}}
    yield from (("response.output_text.delta", {**at, "delta": piece, "logprobs": []}) for piece in pieces)
    yield "response.output_text.done", {**at, "text": text, "logprobs": []}
    yield "response.content_part.done", {**at, "part": {**part, "text": text}}


def _called(at: dict[str, Any], pieces: tuple[str, ...]) -> Iterator[tuple[str, dict[str, Any]]]:
    yield from (("response.function_call_arguments.delta", {**at, "delta": piece}) for piece in pieces)
    yield "response.function_call_arguments.done", {**at, "arguments": "".join(pieces)}


_FILLED: Final = {"reasoning": _summarised, "message": _spoken, "function_call": _called}


def seen(body: Mapping[str, Any], path: str) -> Seen:
    """What reached the provider."""
    del path
    given = body["input"]
    items: list[dict[str, Any]] = [{"role": "user", "content": given}] if isinstance(given, str) else given
    spoke = [item for item in items if "role" in item]
    parts = [part for item in spoke if isinstance(item["content"], list) for part in item["content"]]
    calls = [item for item in items if item.get("type") == "function_call"]
    names = {item["call_id"]: item["name"] for item in calls}
    results = [item for item in items if item.get("type") == "function_call_output"]
    thoughts = [item for item in items if item.get("type") == "reasoning"]
    shape = body.get("text", {}).get("format", {})
    first = [body["instructions"]] if body.get("instructions") else []
    return Seen(
        model=body["model"],
        system=spoken([*first, *(item["content"] for item in spoke if item["role"] in ("system", "developer"))]),
        said=spoken(item["content"] for item in spoke if item["role"] == "user"),
        images=tuple(part["image_url"].partition(",")[2] for part in parts if part["type"] == "input_image"),
        tools={tool["name"]: tool["parameters"] for tool in body.get("tools", ())},
        calls=tuple((item["name"], json.loads(item["arguments"])) for item in calls),
        results=tuple((names[item["call_id"]], spoken([item["output"]])) for item in results),
        shape=shape.get("schema"),
        streaming=bool(body.get("stream")),
        output_limit=body.get("max_output_tokens"),
        reasons=(body.get("reasoning") or {}).get("effort") not in (None, "none"),
        shows=(body.get("reasoning") or {}).get("summary") is not None,
        thoughts=tuple(spoken([item["summary"]]) for item in thoughts),
        signatures=tuple(item["encrypted_content"] for item in thoughts if item.get("encrypted_content")),
    )
