"""Replies as OpenAI's Responses writes them, whole or as its stream of events (wire contract §4, November 2026)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Final

from gateway.sandbox import MODEL, seals
from gateway.sandbox.answer import GeneratedChoice, GeneratedPart
from gateway.sandbox.reply_request import ReplyRequest
from gateway.sandbox.wires.language import SandboxCall, WireJson, event

_STATUS: Final[Mapping[str, str]] = {"stop": "completed", "tool_calls": "completed", "length": "incomplete"}


@dataclass(frozen=True, slots=True)
class _Said:
    """Events of one kind of part in a stream: `delta` and `done` name its events, `text` the member of the latter.

    `part` is what a part of it begins as, told by events named after `parts`; a call has no parts.
    """

    delta: str
    done: str
    text: str
    parts: str = ""
    part: Mapping[str, WireJson] = field(default_factory=dict)
    place: Mapping[str, WireJson] = field(default_factory=dict)
    extra: Mapping[str, WireJson] = field(default_factory=dict)


_SAID: Final[Mapping[str, _Said]] = {
    "thought": _Said(
        delta="response.reasoning_summary_text.delta",
        done="response.reasoning_summary_text.done",
        text="text",
        parts="response.reasoning_summary_part",
        part={"type": "summary_text", "text": ""},
        place={"summary_index": 0},
    ),
    "text": _Said(
        delta="response.output_text.delta",
        done="response.output_text.done",
        text="text",
        parts="response.content_part",
        part={"type": "output_text", "text": "", "annotations": [], "logprobs": []},
        place={"content_index": 0},
        extra={"logprobs": []},
    ),
    "call": _Said(
        delta="response.function_call_arguments.delta",
        done="response.function_call_arguments.done",
        text="arguments",
    ),
}

_UNSAID: Final[Mapping[str, Mapping[str, WireJson]]] = {
    "thought": {"summary": []},
    "text": {"status": "in_progress", "content": []},
    "call": {"status": "in_progress", "arguments": ""},
}
"""The beginning of an item of each kind."""

_CONSTANT: Final[Mapping[str, WireJson]] = {
    "completed_at": None,
    "error": None,
    "incomplete_details": None,
    "output": [],
    "usage": None,
    "instructions": None,
    "tools": [],
    "tool_choice": "auto",
    "parallel_tool_calls": True,
    "max_tool_calls": None,
    "reasoning": {"effort": None, "summary": None},
    "previous_response_id": None,
    "store": False,
    "background": False,
    "truncation": "disabled",
    "temperature": 1,
    "top_p": 1,
    "top_logprobs": 0,
    "presence_penalty": 0,
    "frequency_penalty": 0,
    "service_tier": "default",
    "metadata": {},
    "safety_identifier": None,
    "prompt_cache_key": None,
}
"""Members that all responses share."""


class _Sequence:
    """Events with their numbers, from 0."""

    def __init__(self) -> None:
        self._numbers = count()

    def __call__(self, kind: str, members: Mapping[str, WireJson]) -> bytes:
        return event({"type": kind, **members, "sequence_number": next(self._numbers)}, named=True)


def events(request: ReplyRequest, answer: GeneratedChoice, call: SandboxCall) -> Iterator[bytes]:
    """A stream: created, in progress, each item with one event per token, completed or incomplete."""
    say = _Sequence()
    begun: Mapping[str, WireJson] = {"response": _response(request, call)}
    yield say("response.created", begun) + say("response.in_progress", begun)
    for index, part in enumerate(answer.parts):
        item = _item(request, answer, call, index)
        yield say("response.output_item.added", {"output_index": index, "item": {**item, **_UNSAID[part.kind]}})
        if part.kind != "thought" or request.thought == "shown":
            yield from _part_events(say, part, {"item_id": item["id"], "output_index": index})
        yield say("response.output_item.done", {"output_index": index, "item": item})
    yield say(f"response.{_STATUS[answer.finish]}", {"response": response(request, answer, call)})


def _part_events(say: _Sequence, part: GeneratedPart, item: Mapping[str, WireJson]) -> Iterator[bytes]:
    """The events between the beginning and the end of an item."""
    said = _SAID[part.kind]
    where = {**item, **said.place}
    if said.parts:
        yield say(f"{said.parts}.added", {**where, "part": said.part})
    for piece in part.pieces:
        yield say(said.delta, {**where, "delta": piece, **said.extra})
    yield say(said.done, {**where, said.text: part.text, **said.extra})
    if said.parts:
        yield say(f"{said.parts}.done", {**where, "part": {**said.part, "text": part.text}})


def response(request: ReplyRequest, answer: GeneratedChoice, call: SandboxCall) -> Mapping[str, WireJson]:
    """The finished object."""
    status = _STATUS[answer.finish]
    return {
        **_response(request, call),
        "status": status,
        "completed_at": call.at if status == "completed" else None,
        "incomplete_details": {"reason": "max_output_tokens"} if status == "incomplete" else None,
        "output": [_item(request, answer, call, index) for index in range(len(answer.parts))],
        "usage": _usage(request, answer),
    }


def _response(request: ReplyRequest, call: SandboxCall) -> dict[str, WireJson]:
    """The object as it begins. Texts of the request are not repeated: their members stand empty."""
    return {
        "id": f"resp_sandbox_{call.serial}",
        "object": "response",
        "created_at": call.at,
        "status": "in_progress",
        "model": MODEL,
        "max_output_tokens": request.limit,
        "text": {"format": {"type": "json_object" if request.json else "text"}},
        **_CONSTANT,
    }


def _item(request: ReplyRequest, answer: GeneratedChoice, call: SandboxCall, index: int) -> dict[str, WireJson]:
    part = answer.parts[index]
    last = index == len(answer.parts) - 1
    status = _STATUS[answer.finish] if last else "completed"
    tail = f"sandbox_{call.serial}_{index}"
    match part.kind:
        case "thought":
            summary: WireJson = [{"type": "summary_text", "text": part.text}] if request.thought == "shown" else []
            sealed: dict[str, WireJson] = {"encrypted_content": seals.seal(call.persona)} if request.sealed else {}
            return {"id": f"rs_{tail}", "type": "reasoning", "summary": summary, **sealed}
        case "text":
            content: WireJson = [{**_SAID["text"].part, "text": part.text}]
            return {"id": f"msg_{tail}", "type": "message", "status": status, "role": "assistant", "content": content}
        case "call":
            called: dict[str, WireJson] = {"call_id": f"call_{tail}", "name": part.name, "arguments": part.text}
            return {"id": f"fc_{tail}", "type": "function_call", "status": status, **called}


def _usage(request: ReplyRequest, answer: GeneratedChoice) -> WireJson:
    """Reasoning is inside the output's tokens."""
    written = answer.visible + answer.reasoning
    return {
        "input_tokens": request.prompt_tokens,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": written,
        "output_tokens_details": {"reasoning_tokens": answer.reasoning},
        "total_tokens": request.prompt_tokens + written,
    }
