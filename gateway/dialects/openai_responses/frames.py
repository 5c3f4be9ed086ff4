"""The events of a stream to a client, and the items that grow in them.

`event:` repeats the type, and every event has a number.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, TypeAlias

import orjson

from gateway.dialects.call_order import InOrder
from gateway.dialects.dialect import Broken
from gateway.dialects.neutral import (
    CallBegan,
    CallWrote,
    Made,
    Media,
    ReplyEvent,
    Said,
    Score,
    Scored,
    Signed,
    Thinking,
)
from gateway.dialects.openai.tools import custom_input
from gateway.dialects.openai_responses import signatures
from gateway.dialects.openai_responses.client_tools import NO_SHAPES, CallShape, CallShapes, shaped_call
from gateway.dialects.signatures import signed_id


def frame(kind: str, number: int, **members: Any) -> bytes:
    """One event with its terminator."""
    return b"event: %b\ndata: %b\n\n" % (
        kind.encode(),
        orjson.dumps({"type": kind, "sequence_number": number, **members}),
    )


Telling: TypeAlias = Iterator[tuple[str, dict[str, Any]]]
"""Type and members of each event that is due."""

_WORDS: Final = {"output_text": "text", "refusal": "refusal"}
"""Type of a part -> the member that holds its words."""


class _Item(ABC):
    """One item: its place in the output, and what the events about it repeat."""

    def __init__(self, id_: str, index: int) -> None:
        self.id = id_
        self.at: dict[str, Any] = {"item_id": id_, "output_index": index}

    @abstractmethod
    def shown(self, status: str) -> dict[str, Any]:
        """The item as it is now."""

    def closing(self) -> Telling:
        """The events that close the item."""
        yield from ()


class _Message(_Item):
    def __init__(self, id_: str, index: int) -> None:
        super().__init__(id_, index)
        self._parts: list[dict[str, Any]] = []
        self._words: list[str] = []
        self._open = ""

    def say(self, kind: str, words: str, scores: Iterable[Score] = ()) -> Telling:
        """More words in a part of that type, which is begun if it is not the last one."""
        if self._open != kind:
            yield from self.closing()
            self._open, self._words = kind, []
            self._parts.append(_part(kind))
            yield "response.content_part.added", {**self._place, "part": _part(kind)}
        self._words.append(words)
        said: dict[str, Any] = {**self._place, "delta": words}
        if kind == "output_text":
            said["logprobs"] = [_score(score) for score in scores]
            self._parts[-1]["logprobs"] += said["logprobs"]
        yield f"response.{kind}.delta", said

    @property
    def _place(self) -> dict[str, Any]:
        return {**self.at, "content_index": len(self._parts) - 1}

    def closing(self) -> Telling:
        if not self._open:
            return
        kind, part, words = self._open, self._parts[-1], _WORDS[self._open]
        part[words] = "".join(self._words)
        self._open = ""
        done = {name: part[name] for name in (words, "logprobs") if name in part}
        yield f"response.{kind}.done", {**self._place, **done}
        yield "response.content_part.done", {**self._place, "part": part}

    def shown(self, status: str) -> dict[str, Any]:
        return {
            "id": self.id,
            "type": "message",
            "status": status,
            "role": "assistant",
            "content": list(self._parts),
        }


class _Thought(_Item):
    """`sealed`: what stands in `encrypted_content` once it is complete; empty for clients that do not want that."""

    def __init__(self, id_: str, index: int, sealed: str) -> None:
        super().__init__(id_, index)
        self.at["summary_index"] = 0
        self.sealed = sealed
        self._words: list[str] = []

    def think(self, words: str) -> Telling:
        if not self._words:
            yield "response.reasoning_summary_part.added", {**self.at, "part": _summary("")}
        self._words.append(words)
        yield "response.reasoning_summary_text.delta", {**self.at, "delta": words}

    def closing(self) -> Telling:
        if self._words:
            words = "".join(self._words)
            yield "response.reasoning_summary_text.done", {**self.at, "text": words}
            yield "response.reasoning_summary_part.done", {**self.at, "part": _summary(words)}

    def shown(self, status: str) -> dict[str, Any]:
        item: dict[str, Any] = {"id": self.id, "type": "reasoning", "summary": []}
        if status == "in_progress":
            return item
        if self._words:
            item["summary"] = [_summary("".join(self._words))]
        return {**item, "encrypted_content": self.sealed} if self.sealed else item


class _Call(_Item):
    def __init__(self, id_: str, index: int, place: int, call_id: str, shape: CallShape) -> None:
        super().__init__(id_, index)
        self.place = place
        self._call_id, self._shape = call_id, shape
        self._arguments: list[str] = []

    def write(self, arguments: str) -> Telling:
        self._arguments.append(arguments)
        yield "response.function_call_arguments.delta", {**self.at, "delta": arguments}

    def closing(self) -> Telling:
        if not any(self._arguments):
            yield from self.write("{}")
        yield "response.function_call_arguments.done", {**self.at, "arguments": "".join(self._arguments)}

    def shown(self, status: str) -> dict[str, Any]:
        arguments = "".join(self._arguments)
        return {"id": self.id, **shaped_call(self._shape, self._call_id, arguments, status)}


class _ClientCall(_Call):
    """A call of the client's own type. It is shown once its arguments are complete, since these hold its members."""

    def write(self, arguments: str) -> Telling:
        self._arguments.append(arguments)
        yield from ()

    def closing(self) -> Telling:
        if self._shape.kind == "custom_tool_call":
            words = custom_input("".join(self._arguments))
            yield "response.custom_tool_call_input.delta", {**self.at, "delta": words}
            yield "response.custom_tool_call_input.done", {**self.at, "input": words}

    def shown(self, status: str) -> dict[str, Any]:
        return super().shown(status) if status == "completed" or self._shape.kind == "custom_tool_call" else self._cut()

    def _cut(self) -> dict[str, Any]:
        """Without arguments: half of an object says nothing."""
        return {"id": self.id, **shaped_call(self._shape, self._call_id, "", "in_progress")}


class _Picture(_Item):
    def __init__(self, id_: str, index: int, media: Media) -> None:
        super().__init__(id_, index)
        self._data = media.data

    def shown(self, status: str) -> dict[str, Any]:
        result = None if status == "in_progress" else self._data
        return {
            "id": self.id,
            "type": "image_generation_call",
            "status": "completed" if result else status,
            "result": result,
        }


class Output:
    """`items`: those that are complete. One item grows at a time. `id_`: of the reply, without a prefix.

    `sealing`: the client wants what is sealed of thoughts; `scoring`: it wants log probabilities; `shapes`: the calls
    that have a form of the client's own.
    """

    def __init__(self, id_: str, *, sealing: bool, scoring: bool, shapes: CallShapes = NO_SHAPES) -> None:
        self.items: list[dict[str, Any]] = []
        self.refused = False
        self._id, self._sealing, self._scoring, self._shapes = id_, sealing, scoring, shapes
        self._order = InOrder()
        self._growing: _Item | None = None
        self._held: Said | None = None
        """Words whose log probabilities may still come: they are told in one event."""

    def tell(self, event: ReplyEvent) -> Telling:
        """The wire events for one neutral event. Broken for arguments of a call that is already complete."""
        for due in self._order.admit(event):
            yield from self._frames_of(due)

    def close(self, status: str = "completed") -> Telling:
        """Everything that waited, and the last item as complete as it will be."""
        for due in self._order.rest():
            yield from self._frames_of(due)
        yield from self._end(status)

    def _frames_of(self, event: ReplyEvent) -> Telling:
        if (held := self._held) is not None:
            self._held = None
            yield from self._say(held, event.scores if isinstance(event, Scored) else ())
        match event:
            case Said() if self._scoring and not event.refusal:
                self._held = event
            case Said(text) if text:
                yield from self._say(event)
            case Scored(scores) if self._scoring and held is None and isinstance(self._growing, _Message):
                yield from self._say(Said(""), scores)
            case Thinking(text) if text:
                yield from self._think(text)
            case Signed(signature, _, redacted):
                yield from self._sign(signature, redacted=redacted)
            case CallBegan():
                yield from self._call(event)
            case CallWrote(place, arguments):
                yield from self._write(place, arguments)
            case Made(media) if media.kind == "image" and media.data:
                yield from self._made(media)

    def _end(self, status: str = "completed") -> Telling:
        """The item that grew is complete, or as complete as it will be."""
        if self._held is not None:
            held, self._held = self._held, None
            yield from self._say(held)
        growing, self._growing = self._growing, None
        if growing is not None:
            yield from growing.closing()
            item = growing.shown(status)
            self.items.append(item)
            yield "response.output_item.done", {"output_index": growing.at["output_index"], "item": item}

    def _begin(self, make: Callable[[str, int], _Item]) -> Telling:
        """An item of its own, once the one before it is complete. `make` gets the end of its id, and its place."""
        yield from self._end()
        index = len(self.items)
        self._growing = growing = make(f"{self._id}_{index}", index)
        yield "response.output_item.added", {"output_index": index, "item": growing.shown("in_progress")}

    def _say(self, said: Said, scores: Iterable[Score] = ()) -> Telling:
        if not isinstance(self._growing, _Message):
            yield from self._begin(lambda end, index: _Message(f"msg_{end}", index))
        assert isinstance(self._growing, _Message)
        self.refused = self.refused or said.refusal
        yield from self._growing.say("refusal" if said.refusal else "output_text", said.text, scores)

    def _think(self, words: str) -> Telling:
        if not isinstance(self._growing, _Thought):
            yield from self._begin(self._thought)
        assert isinstance(self._growing, _Thought)
        yield from self._growing.think(words)

    def _thought(self, end: str, index: int) -> _Thought:
        return _Thought(signatures.FOREIGN + end, index, signatures.UNSIGNED if self._sealing else "")

    def _sign(self, signature: str, *, redacted: bool) -> Telling:
        """The end of a thought; what is sealed alone is one of its own, which only some clients want."""
        if self._sealing and (redacted or not isinstance(self._growing, _Thought)):
            yield from self._begin(self._thought)
        if isinstance(self._growing, _Thought):
            self._growing.sealed = signatures.shown(signature, redacted=redacted) if self._sealing else ""
            yield from self._end()

    def _call(self, began: CallBegan) -> Telling:
        call_id = signed_id(began.id or f"call_{self._id}_{began.place}", began.signature)
        shape = self._shapes.get(began.name) or CallShape("function_call", began.name)
        prefix, kind = ("fc", _Call) if shape.kind == "function_call" else ("ctc", _ClientCall)
        yield from self._begin(lambda end, index: kind(f"{prefix}_{end}", index, began.place, call_id, shape))

    def _write(self, place: int, arguments: str) -> Telling:
        if not isinstance(self._growing, _Call) or self._growing.place != place:
            if not arguments.strip():
                return
            raise Broken("more arguments of a call that was complete")
        if arguments:
            yield from self._growing.write(arguments)

    def _made(self, media: Media) -> Telling:
        yield from self._begin(lambda end, index: _Picture(f"ig_{end}", index, media))


def _part(kind: str) -> dict[str, Any]:
    """A part without words yet."""
    if kind == "refusal":
        return {"type": kind, "refusal": ""}
    return {"type": kind, "annotations": [], "logprobs": [], "text": ""}


def _summary(words: str) -> dict[str, Any]:
    return {"type": "summary_text", "text": words}


def _score(score: Score) -> dict[str, Any]:
    top = [_alternative(token, logprob) for token, logprob in score.top]
    return {**_alternative(score.token, score.logprob), "top_logprobs": top}


def _alternative(token: str, logprob: float) -> dict[str, Any]:
    return {"token": token, "bytes": list(token.encode()), "logprob": logprob}
