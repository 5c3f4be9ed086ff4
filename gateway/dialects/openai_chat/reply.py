"""Replies in Chat Completions, written from events or from a whole reply (golden sequence: wire contract §4).

Reasoning stands in `reasoning_content`, as DeepSeek began it. Signatures stand in `reasoning_details` too, as
OpenRouter has it: a client that returns those gives the provider its signatures back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

import orjson

from gateway.core.errors import Ended
from gateway.dialects import media, signatures
from gateway.dialects.dialect import ReplyIdentity
from gateway.dialects.neutral import (
    Answer,
    Begun,
    Call,
    CallBegan,
    CallWrote,
    Finished,
    Lost,
    Made,
    Media,
    Reply,
    ReplyEnded,
    ReplyEvent,
    Said,
    Score,
    Scored,
    Signed,
    StopReason,
    Text,
    Thinking,
    Thought,
    Used,
    Vectors,
)
from gateway.dialects.openai import errors
from gateway.dialects.openai.stream import wants_usage
from gateway.dialects.openai.tools import custom_input
from gateway.dialects.openai_chat.tools import custom_names, is_legacy
from gateway.dialects.openai_chat.usage import usage_object
from gateway.dialects.prompt import Prompt

_DONE: Final = b"data: [DONE]\n\n"


def writer(prompt: Prompt, head: ReplyIdentity) -> ChatWriter:
    """Writes the reply to `prompt`."""
    return ChatWriter(prompt, head)


class ChatWriter:
    """Writes one reply. A client that speaks of functions gets its calls as `function_call`, one for each choice.

    A choice with a refusal in words has ended properly: the SDKs raise for a filter before they show the words.
    """

    def __init__(self, prompt: Prompt, head: ReplyIdentity) -> None:
        self._head = head
        self._legacy = is_legacy(prompt.unseal().values)
        self._usage_asked = wants_usage(prompt)
        self._thoughts: dict[int, str] = {}  # choices that have begun, with what of their thought is not signed yet
        self._bare: dict[tuple[int, int], None] = {}  # (choice, place) of calls without a word of arguments so far
        self._custom = custom_names(prompt.unseal().values)
        self._inputs: dict[tuple[int, int], str] = {}  # of calls of custom tools: arguments, until they are complete
        self._refused: set[int] = set()  # choices of which the model said why it will not
        self._used: Used | None = None

    def write(self, event: ReplyEvent) -> bytes:
        """The chunks for one event; the first of a choice says who speaks."""
        match event:
            case Used():
                self._used = event
                return b""
            case Lost() | Begun():
                return b""
            case ReplyEnded():
                return self._end()
        first = b""
        if event.choice not in self._thoughts:
            self._thoughts[event.choice] = ""
            first = self._chunk(event.choice, {"role": "assistant", "content": ""})
        match event:
            case Finished(stop, _, choice):
                stop = StopReason.END if choice in self._refused and stop is StopReason.FILTERED else stop
                reason = finish_reason_of(stop, legacy=self._legacy)
                rest = self._no_arguments(choice) + self._custom_inputs(choice)
                return first + rest + self._chunk(choice, {}, finish_reason=reason)
            case Scored(scores, choice):
                return first + self._chunk(choice, {}, logprobs=logprobs_of(scores))
        delta = self._delta(event)
        return first + (self._chunk(event.choice, delta) if delta else b"")

    def keepalive(self) -> bytes:
        """A comment, which belongs to the event after it."""
        return b": still here\n" if self._thoughts else b""

    def failure(self, ended: Ended) -> bytes:
        """The error event; no `[DONE]` follows it."""
        return errors.event(ended)

    def whole(self, reply: Reply | Vectors) -> bytes:
        """A completion."""
        assert isinstance(reply, Reply)
        choices = [self._choice(place, answer) for place, answer in enumerate(reply.answers)]
        metered = reply.metered
        frame = self._frame("chat.completion", choices)
        return orjson.dumps({**frame, **tier_member(metered.tier), "usage": usage_object(metered.usage)})

    def _end(self) -> bytes:
        if not self._usage_asked or self._used is None:
            return _DONE
        frame = self._frame("chat.completion.chunk", [])
        usage = usage_object(self._used.metered.usage)
        return _event({**frame, **tier_member(self._used.metered.tier), "usage": usage}) + _DONE

    def _delta(self, event: Said | Thinking | Signed | CallBegan | CallWrote | Made) -> ReplyJson:
        match event:
            case Said(text, choice, refusal=True):
                self._refused.add(choice)
                return {"refusal": text}
            case Said(text):
                return {"content": text}
            case Thinking(text, choice):
                self._thoughts[choice] += text
                return {"reasoning_content": text}
            case Signed(signature, choice, redacted):
                text = self._thoughts[choice]
                self._thoughts[choice] = text if redacted else ""
                return {"reasoning_details": [reasoning_detail(text, signature, redacted=redacted)]}
            case Made(made):
                return media_members([made], self._head)
            case CallBegan(place, id_, name, signature, choice):
                wire_id = reply_call_id(id_, signature, self._head, (choice, place))
                if name in self._custom:
                    self._inputs[choice, place] = ""
                    return self._called(place, custom_call(wire_id, name, ""))
                self._bare[choice, place] = None
                return self._called(place, tool_call(wire_id, name, ""))
            case CallWrote(place, arguments, choice) if (choice, place) in self._inputs:
                self._inputs[choice, place] += arguments
                return {}
            case _:
                self._bare.pop((event.choice, event.place), None)
                return self._called(event.place, {"function": {"arguments": event.arguments}})

    def _no_arguments(self, choice: int) -> bytes:
        """An empty object for each call without arguments: clients parse the arguments, and an empty text would not
        parse."""
        bare = [place for of, place in self._bare if of == choice]
        return b"".join(self.write(CallWrote(place, "{}", choice)) for place in bare)

    def _custom_inputs(self, choice: int) -> bytes:
        """The free text of each call of a custom tool: whole, because its arguments are the text of an object."""
        inputs = [(key, text) for key, text in self._inputs.items() if key[0] == choice]
        for key, _ in inputs:
            del self._inputs[key]
        calls = [self._called(place, {"custom": {"input": custom_input(text)}}) for (_, place), text in inputs]
        return b"".join([self._chunk(choice, call) for call in calls])

    def _called(self, place: int, call: ReplyJson) -> ReplyJson:
        if not self._legacy:
            return {"tool_calls": [{"index": place, **call}]}
        return {"function_call": call["function"]} if place == 0 else {}

    def _chunk(self, choice: int, delta: ReplyJson, *, finish_reason: str | None = None, logprobs: Any = None) -> bytes:
        one = {"index": choice, "delta": delta, "logprobs": logprobs, "finish_reason": finish_reason}
        frame = self._frame("chat.completion.chunk", [one])
        return _event({**frame, "usage": None} if self._usage_asked else frame)

    def _frame(self, kind: str, choices: list[ReplyJson]) -> ReplyJson:
        head = self._head
        stem = {"id": f"chatcmpl-{head.id}", "object": kind, "created": head.created, "model": head.model}
        return {**stem, "choices": choices}

    def _choice(self, place: int, answer: Answer) -> ReplyJson:
        stop = StopReason.END if answer.refusal and answer.stop is StopReason.FILTERED else answer.stop
        return {
            "index": place,
            "message": self._message(place, answer),
            "logprobs": logprobs_of(answer.scores) if answer.scores else None,
            "finish_reason": finish_reason_of(stop, legacy=self._legacy),
        }

    def _message(self, choice: int, answer: Answer) -> ReplyJson:
        said = "".join(part.text for part in answer.parts if isinstance(part, Text))
        message: ReplyJson = {"role": "assistant", "content": said or None, "refusal": answer.refusal or None}
        thoughts = [part for part in answer.parts if isinstance(part, Thought)]
        if words := "".join(thought.text for thought in thoughts):
            message["reasoning_content"] = words
        if proofs := [reasoning_detail(t.text, t.signature, redacted=t.redacted) for t in thoughts if t.signature]:
            message["reasoning_details"] = proofs
        calls = [part for part in answer.parts if isinstance(part, Call)]
        wire_calls = [self._call(c, (choice, place)) for place, c in enumerate(calls)]
        if wire_calls:
            message |= {"function_call": wire_calls[0]["function"]} if self._legacy else {"tool_calls": wire_calls}
        message |= media_members([part for part in answer.parts if isinstance(part, Media)], self._head)
        return message

    def _call(self, call: Call, where: tuple[int, int]) -> ReplyJson:
        wire_id = reply_call_id(call.id, call.signature, self._head, where)
        if call.name in self._custom:
            return custom_call(wire_id, call.name, custom_input(call.arguments))
        return tool_call(wire_id, call.name, call.arguments)


def _event(chunk: ReplyJson) -> bytes:
    return b"data: " + orjson.dumps(chunk) + b"\n\n"


ReplyJson: TypeAlias = dict[str, Any]

_TIERS: Final = frozenset({"auto", "default", "flex", "scale", "priority", "fast"})
_REASONS: Final[Mapping[StopReason, str]] = {
    StopReason.END: "stop",
    StopReason.SEQUENCE: "stop",
    StopReason.CALLS: "tool_calls",
    StopReason.LENGTH: "length",
    StopReason.FILTERED: "content_filter",
}


def finish_reason_of(stop: StopReason, *, legacy: bool) -> str:
    """`finish_reason`. `legacy`: for a client that speaks of functions."""
    return "function_call" if legacy and stop is StopReason.CALLS else _REASONS[stop]


def tier_member(word: str) -> ReplyJson:
    """`service_tier`, if the word is one that OpenAI's SDK knows."""
    return {"service_tier": word} if word in _TIERS else {}


def reply_call_id(id_: str, signature: str, head: ReplyIdentity, where: tuple[int, int]) -> str:
    """The id that a client gets: the provider's, else one made of (choice, place); with Google's signature in it."""
    return signatures.signed_id(id_ or f"call_{head.id}_{where[0]}_{where[1]}", signature)


def tool_call(id_: str, name: str, arguments: str) -> ReplyJson:
    return {"id": id_, "type": "function", "function": {"name": name, "arguments": arguments}}


def custom_call(id_: str, name: str, text: str) -> ReplyJson:
    """A call of a custom tool, whose input is free text."""
    return {"id": id_, "type": "custom", "custom": {"name": name, "input": text}}


def reasoning_detail(text: str, signature: str, *, redacted: bool) -> ReplyJson:
    """One of `reasoning_details`, as OpenRouter has them."""
    if redacted:
        return {"type": "reasoning.encrypted", "data": signature}
    return {"type": "reasoning.text", "text": text, "signature": signature}


def media_members(items: Sequence[Media], head: ReplyIdentity) -> ReplyJson:
    """Members of a message for pictures (as OpenRouter has them) and a sound; it can hold one."""
    members: ReplyJson = {}
    if images := [item for item in items if item.kind == "image"]:
        members["images"] = [
            {"type": "image_url", "image_url": {"url": image.url or media.data_url(image)}} for image in images
        ]
    for sound in (item for item in items if item.kind == "audio"):
        audio = {"id": f"audio_{head.id}", "data": sound.data, "expires_at": head.created, "transcript": ""}
        members["audio"] = audio
    return members


def logprobs_of(scores: Iterable[Score]) -> ReplyJson:
    """Without the bytes of a token, which nobody but OpenAI tells."""
    content = [{**_token(s.token, s.logprob), "top_logprobs": [_token(*one) for one in s.top]} for s in scores]
    return {"content": content, "refusal": None}


def _token(token: str, logprob: float) -> ReplyJson:
    return {"token": token, "logprob": logprob, "bytes": None}
