"""The events of a stream to a client, and its blocks: one open at a time, their indexes without gaps.

`event:` repeats the type, since the SDKs skip an event without it. Other dialects interleave the arguments of several
calls. Here a later block waits until the block before it is complete: words and thoughts are complete as soon as
another block begins, a call is complete when its arguments are a whole object.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

import orjson

from gateway.dialects.anthropic_messages.ids import call_id
from gateway.dialects.dialect import Broken, ReplyIdentity
from gateway.dialects.neutral import CallBegan, CallWrote, Made, Media, Said, Signed, Thinking


def frame(kind: str, **members: Any) -> bytes:
    """One event with its terminator."""
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), orjson.dumps({"type": kind, **members}))


PING: Final = frame("ping")


BlockJson: TypeAlias = dict[str, Any]
BlockPiece: TypeAlias = Said | Thinking | Signed | CallBegan | CallWrote | Made

_EMPTY: Final[Mapping[str, BlockJson]] = {
    "text": {"type": "text", "text": ""},
    "thinking": {"type": "thinking", "thinking": "", "signature": ""},
}


def note(media: Media) -> str:
    """Text that replaces a picture or a sound, which a reply of this dialect cannot hold."""
    return f"[{media.kind}: {media.mime or 'made by the model'}; the Messages API has no place for it]"


class _Block:
    """`arguments`: of a call, as far as they came; `closed`: nothing more may be added."""

    def __init__(self, kind: str, start: BlockJson, place: int | None = None) -> None:
        self.kind, self.place = kind, place
        self.closed = False
        self.arguments = ""
        self._pieces: list[BlockJson | None] = [start]
        self._started = False

    def add(self, **delta: Any) -> None:
        self._pieces.append(delta)

    @property
    def complete(self) -> bool:
        """Nothing more can come, once something else has begun."""
        if self.place is None:
            return True
        if not self.arguments.rstrip().endswith("}"):
            return False
        try:
            orjson.loads(self.arguments)
        except orjson.JSONDecodeError:
            return False
        return True

    def written(self, index: int) -> bytes:
        """The events that are still due for this block."""
        pieces, self._pieces = self._pieces, []
        out = []
        if not self._started:
            out.append(frame("content_block_start", index=index, content_block=pieces.pop(0)))
            self._started = True
        out += [frame("content_block_delta", index=index, delta=piece) for piece in pieces]
        return b"".join(out)


class Blocks:
    """The blocks of one reply. The first that is not finished is open; the others wait."""

    def __init__(self, head: ReplyIdentity) -> None:
        self._head = head
        self._unfinished: list[_Block] = []
        self._index = 0
        self._calls: dict[int, _Block] = {}

    def add(self, event: BlockPiece) -> bytes:
        """The frames that can be written now. Broken for arguments of a call that was complete."""
        match event:
            case Said(text):
                self._more("text", text, "text_delta", "text")
            case Made(media):
                self._more("text", note(media), "text_delta", "text")
            case Thinking(text):
                self._more("thinking", text, "thinking_delta", "thinking")
            case Signed(signature, _, redacted):
                self._sign(signature, redacted=redacted)
            case CallBegan(place, id_, name, signature):
                wire_id = call_id(self._head, place, id_, signature)
                start = {"type": "tool_use", "id": wire_id, "name": name, "input": {}}
                self._calls[place] = self._begin(_Block("tool_use", start, place))
            case _:
                self._argue(self._calls[event.place], event.arguments)
        return self._flow(1)

    def close(self) -> bytes:
        """The frames of everything that waited: nothing more comes."""
        return self._flow(0)

    def _begin(self, block: _Block) -> _Block:
        self._unfinished.append(block)
        return block

    def _last(self, kind: str) -> _Block:
        """The last block if more can be added to it, else another."""
        last = self._unfinished[-1] if self._unfinished else None
        if last is not None and last.kind == kind and not last.closed:
            return last
        return self._begin(_Block(kind, _EMPTY[kind]))

    def _more(self, kind: str, text: str, delta: str, member: str) -> None:
        if text:
            self._last(kind).add(type=delta, **{member: text})

    def _sign(self, signature: str, *, redacted: bool) -> None:
        if redacted:
            self._begin(_Block("redacted_thinking", {"type": "redacted_thinking", "data": signature}))
            return
        block = self._last("thinking")
        block.add(type="signature_delta", signature=signature)
        block.closed = True

    @staticmethod
    def _argue(call: _Block, arguments: str) -> None:
        if call.closed and arguments.strip():
            raise Broken("arguments after the end of a call")
        if arguments and not call.closed:
            call.arguments += arguments
            call.add(type="input_json_delta", partial_json=arguments)

    def _flow(self, remaining: int) -> bytes:
        """Write and finish blocks in their order, until one is not complete or no more than `remaining` are left."""
        out: list[bytes] = []
        while self._unfinished:
            first = self._unfinished[0]
            out.append(first.written(self._index))
            if len(self._unfinished) <= remaining or (remaining and not first.complete):
                break
            out.append(frame("content_block_stop", index=self._index))
            first.closed = True
            self._index += 1
            del self._unfinished[0]
        return b"".join(out)
