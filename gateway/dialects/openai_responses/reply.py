"""Replies of any dialect, written for a client of this one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

import orjson

from gateway.core.errors import Ended
from gateway.core.usage import Usage
from gateway.dialects.dialect import ReplyIdentity
from gateway.dialects.neutral import (
    Answer,
    Call,
    CallBegan,
    CallWrote,
    Finished,
    Made,
    Reply,
    ReplyEnded,
    ReplyEvent,
    Said,
    Scored,
    Signed,
    StopReason,
    Text,
    Thinking,
    Thought,
    Used,
    Vectors,
)
from gateway.dialects.openai_responses.client_tools import call_shapes
from gateway.dialects.openai_responses.decode import SCORES, SEALED, included
from gateway.dialects.openai_responses.errors import failed
from gateway.dialects.openai_responses.frames import Output, Telling, frame
from gateway.dialects.openai_responses.usage import usage_object
from gateway.dialects.prompt import Prompt

_CUT: Final = {StopReason.LENGTH: "max_output_tokens", StopReason.FILTERED: "content_filter"}
"""Why a reply is incomplete."""

_BYTES_A_TOKEN: Final = 3


def writer(prompt: Prompt, head: ReplyIdentity) -> ResponsesWriter:
    """Writes the reply to `prompt`."""
    return ResponsesWriter(prompt.unseal().values, head)


class ResponsesWriter:
    """A stream, or a whole reply. One or the other: what was written is remembered for the end."""

    def __init__(self, values: Mapping[str, Any], head: ReplyIdentity) -> None:
        self._head = head
        self._values = values
        sealing, scoring = included(values, SEALED), included(values, SCORES)
        self._output = Output(head.id, sealing=sealing, scoring=scoring, shapes=call_shapes(values))
        self._begun: dict[str, Any] = {}
        self._number = 0
        self._bytes = 0
        self._stop: StopReason | None = None
        self._used: Used | None = None
        self._ended = False

    def write(self, event: ReplyEvent) -> bytes:
        """The bytes for the stream; empty where nothing is to be said yet."""
        match event:
            case Used():
                self._used = event
                return b""
            case Finished(stop):
                return self._opening() + self._finish(stop)
            case ReplyEnded():
                return self._opening() + self._finish(self._stop or StopReason.END) + self._end()
            case Said(text) | Thinking(text) | CallWrote(_, text):
                self._bytes += len(text.encode())
        return self._opening() + self._frames(self._output.tell(event))

    def keepalive(self) -> bytes:
        """The state once more: agents that watch for silence count events, not comments."""
        if not self._begun or self._ended:
            return b""
        short = {**self._begun, "instructions": None, "tools": []}  # may be large, and were said at the beginning
        return self._frames([("response.in_progress", {"response": short})])

    def failure(self, ended: Ended) -> bytes:
        """The end of a stream that will not be complete, with the items that are."""
        self._ended = True
        return failed(ended, {**(self._begun or self._resource()), "output": self._output.items}, self._number)

    def whole(self, reply: Reply | Vectors) -> bytes:
        """The body of a reply that is not streamed."""
        if isinstance(reply, Vectors):
            raise TypeError("vectors are no response")
        answer = reply.answers[0] if reply.answers else Answer(())
        self._used = Used(reply.metered)
        self._begun = self._resource()
        for event in _events(answer):
            for _ in self._output.tell(event):  # the events of a stream, which nobody reads
                pass
        self._stop = answer.stop
        for _ in self._closing():
            pass
        return orjson.dumps(self._final()[1])

    def _resource(self) -> dict[str, Any]:
        return begun(self._values, f"resp_{self._head.id}", self._head.model, self._head.created)

    def _opening(self) -> bytes:
        if self._begun:
            return b""
        self._begun = self._resource()
        heads = ("response.created", "response.in_progress")
        return self._frames((kind, {"response": self._begun}) for kind in heads)

    def _finish(self, stop: StopReason) -> bytes:
        self._stop = stop
        return self._frames(self._closing())

    def _closing(self) -> Telling:
        """The last item is complete, unless it was cut off."""
        return self._output.close("incomplete" if self._is_cut() else "completed")

    def _end(self) -> bytes:
        self._ended = True
        kind, response = self._final()
        return self._frames([(kind, {"response": response})])

    def _final(self) -> tuple[str, dict[str, Any]]:
        """The last event's type, and the complete response."""
        used, cut = self._used, self._is_cut()
        estimate = Usage(input=self._head.input_tokens(), output=-(-self._bytes // _BYTES_A_TOKEN))
        status = "incomplete" if cut else "completed"
        return f"response.{status}", {
            **self._begun,
            "status": status,
            "completed_at": None if cut else self._head.created,
            "incomplete_details": {"reason": _CUT[self._stop]} if cut and self._stop is not None else None,
            "output": self._output.items,
            "service_tier": (used.metered.tier if used is not None else "") or "default",
            "usage": usage_object(used.metered.usage if used is not None else estimate),
        }

    def _is_cut(self) -> bool:
        """A model that refuses has completed its answer; a provider that withholds it has not."""
        return self._stop is StopReason.LENGTH or (self._stop is StopReason.FILTERED and not self._output.refused)

    def _frames(self, events: Iterable[tuple[str, dict[str, Any]]] | Telling) -> bytes:
        out = []
        for kind, members in events:
            out.append(frame(kind, self._number, **members))
            self._number += 1
        return b"".join(out)


def _events(answer: Answer) -> Iterable[ReplyEvent]:
    """The events of a stream that would have carried a whole answer."""
    words = [place for place, part in enumerate(answer.parts) if isinstance(part, Text)]
    for place, part in enumerate(answer.parts):
        match part:
            case Text(text):
                yield Said(text)
                if place == words[-1] and answer.scores:
                    yield Scored(answer.scores)
            case Thought(text, signature, _, redacted):
                yield Thinking(text)
                if signature:
                    yield Signed(signature, redacted=redacted)
            case Call(id_, name, arguments, signature):
                yield CallBegan(place, id_, name, signature)
                yield CallWrote(place, arguments)
            case _:
                yield Made(part)
    if answer.refusal:
        yield Said(answer.refusal, refusal=True)


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
    """A response in progress, to the request with these members. `id_` with its prefix.

    The members are those that the SDKs' types and the Open Responses schema require (November 2026). They repeat the
    request, with OpenAI's defaults for what the client left out.
    """
    echoed: dict[str, Any] = {name: _value_of_kind(values.get(name), *known) for name, known in _ECHOED.items()}
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


def _value_of_kind(value: Any, kind: _Kind, default: Any) -> Any:
    is_flag = isinstance(value, bool) and kind is not bool  # a number, to Python
    return value if isinstance(value, kind) and not is_flag else default


def _tool(tool: Any) -> Any:
    return {**_FUNCTION, **tool} if isinstance(tool, dict) and tool.get("type") == "function" else tool
