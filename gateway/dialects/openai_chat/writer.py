"""Replies in Chat Completions, written from events or from a whole reply (golden sequence: wire contract §4).

Reasoning stands in `reasoning_content`, as DeepSeek began it. What a provider signed stands in `reasoning_details` too,
as OpenRouter has it: a client that returns those gives the provider back what it wants to see.
"""

from __future__ import annotations

from typing import Any, Final

import orjson

from gateway.core.errors import Ended as EndedWithoutReply
from gateway.dialects.dialect import ReplyIdentity
from gateway.dialects.neutral import (
    Answer,
    Begun,
    Call,
    CallBegan,
    CallWrote,
    Ended,
    Event,
    Finished,
    Lost,
    Made,
    Media,
    Reply,
    Said,
    Scored,
    Signed,
    Text,
    Thinking,
    Thought,
    Used,
    Vectors,
)
from gateway.dialects.openai_chat import errors, leaves
from gateway.dialects.openai_chat.leaves import Json
from gateway.dialects.openai_chat.request import wants_usage
from gateway.dialects.openai_chat.tools import is_legacy
from gateway.dialects.openai_chat.usage_out import stated
from gateway.dialects.prompt import Prompt

_DONE: Final = b"data: [DONE]\n\n"


def writer(prompt: Prompt, head: ReplyIdentity) -> ChatWriter:
    """Writes the reply to `prompt`."""
    return ChatWriter(prompt, head)


class ChatWriter:
    """Writes one reply. A client that speaks of functions gets its calls as `function_call`, one for each choice."""

    def __init__(self, prompt: Prompt, head: ReplyIdentity) -> None:
        self._head = head
        self._legacy = is_legacy(prompt.unseal().values)
        self._usage_asked = wants_usage(prompt)
        self._thoughts: dict[int, str] = {}  # choices that have begun, with what of their thought is not signed yet
        self._bare: dict[tuple[int, int], None] = {}  # (choice, place) of calls without a word of arguments so far
        self._used: Used | None = None

    def write(self, event: Event) -> bytes:
        """The chunks for one event; the first of a choice says who speaks."""
        match event:
            case Used():
                self._used = event
                return b""
            case Lost() | Begun():
                return b""
            case Ended():
                return self._end()
        first = b""
        if event.choice not in self._thoughts:
            self._thoughts[event.choice] = ""
            first = self._chunk(event.choice, {"role": "assistant", "content": ""})
        match event:
            case Finished(stop, _, choice):
                reason = leaves.reason(stop, legacy=self._legacy)
                return first + self._no_arguments(choice) + self._chunk(choice, {}, finish_reason=reason)
            case Scored(scores, choice):
                return first + self._chunk(choice, {}, logprobs=leaves.logprobs(scores))
        delta = self._delta(event)
        return first + (self._chunk(event.choice, delta) if delta else b"")

    def keepalive(self) -> bytes:
        """A comment, which belongs to the event after it."""
        return b": still here\n" if self._thoughts else b""

    def failure(self, ended: EndedWithoutReply) -> bytes:
        """The error event; no `[DONE]` follows it."""
        return errors.event(ended)

    def whole(self, reply: Reply | Vectors) -> bytes:
        """A completion."""
        assert isinstance(reply, Reply)
        choices = [self._choice(place, answer) for place, answer in enumerate(reply.answers)]
        usage = stated(reply.metered.usage)
        return orjson.dumps({**self._frame("chat.completion", choices), **leaves.tier(reply.tier), "usage": usage})

    def _end(self) -> bytes:
        if not self._usage_asked or self._used is None:
            return _DONE
        frame = self._frame("chat.completion.chunk", [])
        usage = stated(self._used.metered.usage)
        return _event({**frame, **leaves.tier(self._used.tier), "usage": usage}) + _DONE

    def _delta(self, event: Said | Thinking | Signed | CallBegan | CallWrote | Made) -> Json:
        match event:
            case Said(text, _, refusal):
                return {"refusal" if refusal else "content": text}
            case Thinking(text, choice):
                self._thoughts[choice] += text
                return {"reasoning_content": text}
            case Signed(signature, choice, redacted):
                text = self._thoughts[choice]
                self._thoughts[choice] = text if redacted else ""
                return {"reasoning_details": [leaves.proof(text, signature, redacted=redacted)]}
            case Made(made):
                return leaves.made([made], self._head)
            case CallBegan(place, id_, name, signature, choice):
                self._bare[choice, place] = None
                given = leaves.call_id(id_, signature, self._head, (choice, place))
                return self._called(place, leaves.call(given, name, ""))
            case _:
                self._bare.pop((event.choice, event.place), None)
                return self._called(event.place, {"function": {"arguments": event.arguments}})

    def _no_arguments(self, choice: int) -> bytes:
        """Clients parse what they were sent, and an empty text is no object."""
        bare = [place for of, place in self._bare if of == choice]
        return b"".join(self.write(CallWrote(place, "{}", choice)) for place in bare)

    def _called(self, place: int, call: Json) -> Json:
        if not self._legacy:
            return {"tool_calls": [{"index": place, **call}]}
        return {"function_call": call["function"]} if place == 0 else {}

    def _chunk(self, choice: int, delta: Json, *, finish_reason: str | None = None, logprobs: Any = None) -> bytes:
        one = {"index": choice, "delta": delta, "logprobs": logprobs, "finish_reason": finish_reason}
        frame = self._frame("chat.completion.chunk", [one])
        return _event({**frame, "usage": None} if self._usage_asked else frame)

    def _frame(self, kind: str, choices: list[Json]) -> Json:
        head = self._head
        stem = {"id": f"chatcmpl-{head.id}", "object": kind, "created": head.created, "model": head.model}
        return {**stem, "choices": choices}

    def _choice(self, place: int, answer: Answer) -> Json:
        return {
            "index": place,
            "message": self._message(place, answer),
            "logprobs": leaves.logprobs(answer.scores) if answer.scores else None,
            "finish_reason": leaves.reason(answer.stop, legacy=self._legacy),
        }

    def _message(self, choice: int, answer: Answer) -> Json:
        said = "".join(part.text for part in answer.parts if isinstance(part, Text))
        message: Json = {"role": "assistant", "content": said or None, "refusal": answer.refusal or None}
        thoughts = [part for part in answer.parts if isinstance(part, Thought)]
        if words := "".join(thought.text for thought in thoughts):
            message["reasoning_content"] = words
        if proofs := [leaves.proof(t.text, t.signature, redacted=t.redacted) for t in thoughts if t.signature]:
            message["reasoning_details"] = proofs
        calls = [part for part in answer.parts if isinstance(part, Call)]
        given = [
            leaves.call(leaves.call_id(c.id, c.signature, self._head, (choice, place)), c.name, c.arguments)
            for place, c in enumerate(calls)
        ]
        if given:
            message |= {"function_call": given[0]["function"]} if self._legacy else {"tool_calls": given}
        message |= leaves.made([part for part in answer.parts if isinstance(part, Media)], self._head)
        return message


def _event(chunk: Json) -> bytes:
    return b"data: " + orjson.dumps(chunk) + b"\n\n"
