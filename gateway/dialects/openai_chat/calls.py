"""Tool calls of a completion, put together from the pieces that a provider sends."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson

from gateway.dialects.dialect import Unusable
from gateway.dialects.neutral import EMPTY_ARGUMENTS, CallBegan, CallWrote
from gateway.dialects.openai.tools import custom_arguments
from gateway.dialects.openai_chat.payloads import CallPiece, Function
from gateway.dialects.openai_chat.request import NAME
from gateway.dialects.openai_chat.signatures import of_call
from gateway.dialects.signatures import enveloped


class _Call:
    """`place`: None until the name is known and the call has begun. `wrote`: arguments were told."""

    def __init__(self) -> None:
        self.id = ""
        self.name = ""
        self.place: int | None = None
        self.held = self.signature = ""
        self.wrote = False
        self.text: str | None = None
        """The input of a custom tool so far; None for a function."""


class Calls:
    """The calls of one choice so far, put together from the pieces that a provider sends.

    OpenAI's stream begins a call with index, id and name, and goes on with the index and more arguments. Others send
    whole calls, no index, one index for all, no id, the id or the name again with every piece, or the name after the
    id. An id that never came stays empty: the writer of the reply makes one.
    """

    def __init__(self, choice: int) -> None:
        self._choice = choice
        self._calls: list[_Call] = []
        self._at: dict[int | None, _Call] = {}
        self._begun = 0

    def add(self, piece: CallPiece) -> Iterable[CallBegan | CallWrote]:
        """More of a call, or another one."""
        function = piece.function or Function()
        if piece.custom is not None:
            function = Function(piece.custom.name)
        name, id_ = function.name or "", piece.id or ""
        call = self._at.get(piece.index)
        if call is None and not (name or id_ or function.arguments):
            return ()  # a placeholder: some servers write the members of a call into every delta
        if call is None or _is_another(call, name, id_, indexed=piece.index is not None):
            call = _Call()
            self._calls.append(call)
        self._at[piece.index] = self._at[None] = call
        call.id, call.name = call.id or id_, call.name or name
        call.signature = call.signature or of_call(piece.extra_content)
        if piece.custom is not None:
            call.text = (call.text or "") + (piece.custom.input or "")
        arguments = _arguments_text(function.arguments)
        call.held = arguments if arguments and call.held.strip() in EMPTY_ARGUMENTS else call.held + arguments
        return self._call_events(call)

    def whole(self, pieces: Iterable[CallPiece]) -> Iterable[CallBegan | CallWrote]:
        """Calls of a whole reply: each piece is one, whatever index it says it has."""
        for place, piece in enumerate(pieces):
            yield from self.add(CallPiece(place, piece.id, piece.function, piece.custom, piece.extra_content))
        yield from self.close()

    def close(self) -> Iterable[CallWrote]:
        """The end of the calls. Placeholders of arguments count if no other arguments came. Unusable if a call never
        got a name."""
        for call in self._calls:
            if call.place is None:
                raise Unusable("a call without a name")
            if call.text is not None:
                yield CallWrote(call.place, custom_arguments(call.text), self._choice)
            elif call.held:
                call.held = ""
                yield CallWrote(call.place, "{}", self._choice)

    def _call_events(self, call: _Call) -> Iterable[CallBegan | CallWrote]:
        if call.place is None and call.name:
            call.place, self._begun = self._begun, self._begun + 1
            signature = enveloped(call.signature, NAME) if call.signature else ""
            yield CallBegan(call.place, call.id, call.name, signature, self._choice)
        if call.place is not None and call.held:
            if not call.wrote and call.held.strip() in EMPTY_ARGUMENTS:
                return
            call.wrote = True
            yield CallWrote(call.place, call.held, self._choice)
            call.held = ""


def _is_another(call: _Call, name: str, id_: str, *, indexed: bool) -> bool:
    """Whether a piece that comes where `call` stands begins another call: only a name can begin one."""
    if not name or not call.name:
        return False
    if id_ and call.id:
        return id_ != call.id
    return name != call.name or not indexed


def _arguments_text(arguments: str | dict[str, Any] | None) -> str:
    """Arguments are the text of an object; some send the object."""
    return orjson.dumps(arguments).decode() if isinstance(arguments, dict) else arguments or ""
