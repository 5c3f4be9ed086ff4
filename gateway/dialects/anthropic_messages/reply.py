"""Replies in Messages, written from events or from a whole reply (golden sequence: wire contract §4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson

from gateway.core.errors import Ended
from gateway.core.usage import Usage
from gateway.dialects import truncated_calls
from gateway.dialects.anthropic_messages import errors
from gateway.dialects.anthropic_messages.frames import PING, BlockJson, Blocks, frame, note
from gateway.dialects.anthropic_messages.ids import call_id
from gateway.dialects.anthropic_messages.usage import lifetimes, usage_object
from gateway.dialects.dialect import Broken, ReplyIdentity
from gateway.dialects.estimate import estimated
from gateway.dialects.neutral import (
    Begun,
    Call,
    CallWrote,
    Finished,
    Lost,
    Made,
    Media,
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
from gateway.dialects.prompt import Prompt

_WORDS: Final[Mapping[StopReason, str]] = {
    StopReason.END: "end_turn",
    StopReason.SEQUENCE: "stop_sequence",
    StopReason.CALLS: "tool_use",
    StopReason.LENGTH: "max_tokens",
    StopReason.FILTERED: "refusal",
}
_TIERS: Final = {"default": "standard", "priority": "priority", "batch": "batch"}


def writer(prompt: Prompt, head: ReplyIdentity) -> MessagesWriter:
    """Writes the reply to `prompt`."""
    values = prompt.unseal().values
    config = values.get("output_config")
    shaped = values.get("output_format") or (isinstance(config, dict) and config.get("format"))
    return MessagesWriter(head, notes=not shaped)


class MessagesWriter:
    """A reply under way. The end is held back until the usage is known, since one event states both.

    `notes`: a note stands in the place of a picture or a sound. An answer to a schema has none.
    """

    def __init__(self, head: ReplyIdentity, *, notes: bool = True) -> None:
        self._head, self._notes = head, notes
        self._blocks = Blocks(head)
        self._begun = self._over = False
        self._refusal = ""
        self._end = Finished(StopReason.END)
        self._usage: Usage | None = None
        self._generated = 0

    def write(self, event: ReplyEvent) -> bytes:
        """The frames for one event. Only the first choice is written: this dialect has no other."""
        match event:
            case Used(metered):
                self._usage = metered.usage
            case ReplyEnded():
                return self._begin() + self._blocks.close() + self._ended()
            case Lost() | Begun() | Scored():
                pass
            case Made() if not self._notes:
                pass
            case _ if event.choice:
                pass
            case Finished():
                self._end = event
                return self._begin() + self._blocks.close()
            case _:
                self._weigh(event)
                return self._begin() + self._blocks.add(event)
        return b""

    def keepalive(self) -> bytes:
        """A ping, once the message has begun."""
        return PING if self._begun and not self._over else b""

    def failure(self, ended: Ended) -> bytes:
        """The error event; no `message_stop` follows it."""
        self._over = True
        return errors.event(ended)

    def whole(self, reply: Reply | Vectors) -> bytes:
        """A message. Broken for arguments that are no JSON object."""
        assert isinstance(reply, Reply)
        answer, usage = reply.answers[0], reply.metered.usage
        parts = [p for p in truncated_calls.drop_truncated_calls(answer) if self._notes or not isinstance(p, Media)]
        message = {
            **self._message([self._block(part, place) for place, part in enumerate(parts)]),
            **_stopped(Finished(answer.stop, answer.sequence), answer.refusal),
            "usage": {
                **usage_object(usage),
                "cache_creation": lifetimes(usage),
                "service_tier": _TIERS.get(reply.metered.tier),
            },
        }
        if answer.refusal:
            message["content"].append({"type": "text", "text": answer.refusal})
        return orjson.dumps(message)

    def _weigh(self, event: ReplyEvent) -> None:
        match event:
            case Said(text, _, refusal):
                self._refusal += text if refusal else ""
                self._generated += len(text.encode())
            case Thinking(text) | Signed(text) | CallWrote(_, text):
                self._generated += len(text.encode())

    def _begin(self) -> bytes:
        if self._begun:
            return b""
        self._begun = True
        usage = usage_object(Usage(input=self._head.input_tokens()))
        begun = {**self._message([]), "stop_reason": None, "stop_sequence": None, "usage": usage}
        return frame("message_start", message=begun) + PING

    def _ended(self) -> bytes:
        """The last events. Counts that the provider did not report are estimated: the SDKs demand a number."""
        self._over = True
        said = estimated(0, self._generated, {}).usage
        usage = self._usage if self._usage is not None else Usage(input=self._head.input_tokens()) + said
        delta = _stopped(self._end, self._refusal)
        return frame("message_delta", delta=delta, usage=usage_object(usage)) + frame("message_stop")

    def _message(self, content: list[BlockJson]) -> BlockJson:
        stem = {"id": f"msg_{self._head.id}", "type": "message", "role": "assistant", "model": self._head.model}
        return {**stem, "content": content}

    def _block(self, part: Text | Media | Thought | Call, place: int) -> BlockJson:
        match part:
            case Text(text):
                return {"type": "text", "text": text}
            case Media():
                return {"type": "text", "text": note(part)}
            case Thought(_, signature, _, True):
                return {"type": "redacted_thinking", "data": signature}
            case Thought(text, signature):
                return {"type": "thinking", "thinking": text, "signature": signature}
            case _:
                wire_id = call_id(self._head, place, part.id, part.signature)
                return {"type": "tool_use", "id": wire_id, "name": part.name, "input": _object(part.arguments)}


def _object(arguments: str) -> Any:
    try:
        value = orjson.loads(arguments)
    except orjson.JSONDecodeError:
        value = None
    if not isinstance(value, dict):
        raise Broken("arguments that are no JSON object")
    return value


def _stopped(end: Finished, refusal: str) -> BlockJson:
    """Why it ended. A model that said why it will not has refused, whatever its provider calls that."""
    stop = StopReason.FILTERED if refusal and end.stop is StopReason.END else end.stop
    reason = {"stop_reason": _WORDS[stop], "stop_sequence": end.sequence if stop is StopReason.SEQUENCE else None}
    if stop is not StopReason.FILTERED:
        return reason
    return {**reason, "stop_details": {"type": "refusal", "category": None, "explanation": refusal or None}}
