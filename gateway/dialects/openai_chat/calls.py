"""Tool calls of one choice, put together from whatever pieces a provider sends.

OpenAI's stream begins a call with index, id and name, and goes on with the index and more arguments. Others send whole
calls, no index, one index for all, no id, the id or the name again with every piece, or the name after the id.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
import orjson

from gateway.dialects.dialect import Broken
from gateway.dialects.neutral import CallBegan, CallWrote


class Function(msgspec.Struct):
    name: str | None = None
    arguments: str | dict[str, Any] | None = None


class Piece(msgspec.Struct):
    index: int | None = None
    id: str | None = None
    function: Function | None = None


class _Call:
    """`place`: None until the name is known and the call has begun."""

    def __init__(self) -> None:
        self.id = ""
        self.name = ""
        self.place: int | None = None
        self.held = ""


class Calls:
    """The calls of one choice so far. An id that never came stays empty: who writes the reply makes one."""

    def __init__(self, choice: int) -> None:
        self._choice = choice
        self._calls: list[_Call] = []
        self._at: dict[int | None, _Call] = {}
        self._begun = 0

    def add(self, piece: Piece) -> Iterable[CallBegan | CallWrote]:
        """More of a call, or another one."""
        function = piece.function or Function()
        name, id_ = function.name or "", piece.id or ""
        call = self._at.get(piece.index)
        if call is None or _is_another(call, name, id_, indexed=piece.index is not None):
            call = _Call()
            self._calls.append(call)
        self._at[piece.index] = self._at[None] = call
        call.id, call.name = call.id or id_, call.name or name
        call.held += _text(function.arguments)
        return self._told(call)

    def whole(self, pieces: Iterable[Piece]) -> Iterable[CallBegan | CallWrote]:
        """Calls of a whole reply: each piece is one, whatever index it says it has."""
        for place, piece in enumerate(pieces):
            yield from self.add(Piece(place, piece.id, piece.function))

    def close(self) -> None:
        """Nothing more comes. Broken if a call never got a name."""
        if any(call.place is None for call in self._calls):
            raise Broken("a call without a name")

    def _told(self, call: _Call) -> Iterable[CallBegan | CallWrote]:
        if call.place is None and call.name:
            call.place, self._begun = self._begun, self._begun + 1
            yield CallBegan(call.place, call.id, call.name, choice=self._choice)
        if call.place is not None and call.held:
            yield CallWrote(call.place, call.held, self._choice)
            call.held = ""


def _is_another(call: _Call, name: str, id_: str, *, indexed: bool) -> bool:
    """Whether a piece that comes where `call` stands begins another call: only a name can begin one."""
    if not name or not call.name:
        return False
    if id_ and call.id:
        return id_ != call.id
    return name != call.name or not indexed


def _text(arguments: str | dict[str, Any] | None) -> str:
    """Arguments are the text of an object; some send the object."""
    return orjson.dumps(arguments).decode() if isinstance(arguments, dict) else arguments or ""
