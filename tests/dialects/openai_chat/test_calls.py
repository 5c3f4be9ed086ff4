"""Tool calls from whatever pieces a provider sends."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from gateway.dialects.dialect import Broken
from gateway.dialects.neutral import CallBegan, CallWrote
from gateway.dialects.openai_chat.calls import Calls, Piece

Told = list[CallBegan | CallWrote]


def piece(index: int | None = None, id: str | None = None, name: str | None = None, arguments: Any = None) -> Piece:
    function = {"name": name, "arguments": arguments}
    return msgspec.convert({"index": index, "id": id, "type": "function", "function": function}, Piece)


def told(*pieces: Piece, choice: int = 0) -> Told:
    calls = Calls(choice)
    found = [event for one in pieces for event in calls.add(one)]
    calls.close()
    return found


AS_OPENAI: Told = [
    CallBegan(0, "a", "f"),
    CallWrote(0, '{"x":'),
    CallWrote(0, "1}"),
    CallBegan(1, "b", "g"),
    CallWrote(1, "{}"),
]


@pytest.mark.parametrize(
    "pieces",
    [
        [
            piece(0, "a", "f", ""),
            piece(0, arguments='{"x":'),
            piece(0, arguments="1}"),
            piece(1, "b", "g", ""),
            piece(1, arguments="{}"),
        ],
        # Indexes that do not count from zero, empty strings for what was said already.
        [
            piece(3, "a", "f", '{"x":'),
            piece(3, "", "", "1}"),
            piece(7, "b", "g", "{}"),
        ],
        # Id and name with every piece.
        [piece(0, "a", "f", '{"x":'), piece(0, "a", "f", "1}"), piece(1, "b", "g", "{}")],
        # No index.
        [piece(None, "a", "f", '{"x":'), piece(arguments="1}"), piece(None, "b", "g", "{}")],
        # One index for all.
        [piece(0, "a", "f", '{"x":'), piece(0, "a", None, "1}"), piece(0, "b", "g", "{}")],
    ],
)
def test_every_way_of_sending_pieces_tells_the_same(pieces: list[Piece]) -> None:
    assert told(*pieces) == AS_OPENAI


def test_two_calls_of_one_function_are_two() -> None:
    two = [CallBegan(0, "a", "f"), CallWrote(0, "{}"), CallBegan(1, "b", "f"), CallWrote(1, "{}")]
    assert told(piece(0, "a", "f", "{}"), piece(0, "b", "f", "{}")) == two
    assert told(piece(None, "a", "f", "{}"), piece(None, "b", "f", "{}")) == two
    nameless = [CallBegan(0, "", "f"), CallWrote(0, "{}"), CallBegan(1, "", "f"), CallWrote(1, "{}")]
    assert told(piece(None, None, "f", "{}"), piece(None, None, "f", "{}")) == nameless


def test_without_ids_the_index_tells_calls_apart() -> None:
    assert told(piece(0, None, "f", "{"), piece(0, None, "f", "}"), piece(1, None, "f", "{}")) == [
        CallBegan(0, "", "f"),
        CallWrote(0, "{"),
        CallWrote(0, "}"),
        CallBegan(1, "", "f"),
        CallWrote(1, "{}"),
    ]
    assert told(piece(0, None, "f"), piece(0, None, "g")) == [CallBegan(0, "", "f"), CallBegan(1, "", "g")]


def test_interleaved_calls_keep_their_places() -> None:
    pieces = [
        piece(0, "a", "f"),
        piece(1, "b", "g"),
        piece(0, arguments="{"),
        piece(1, arguments="{}"),
        piece(0, arguments="}"),
    ]
    assert told(*pieces) == [
        CallBegan(0, "a", "f"),
        CallBegan(1, "b", "g"),
        CallWrote(0, "{"),
        CallWrote(1, "{}"),
        CallWrote(0, "}"),
    ]


def test_a_call_begins_with_its_name() -> None:
    assert told(piece(0, "a", arguments="{"), piece(0, name="f", arguments="}")) == [
        CallBegan(0, "a", "f"),
        CallWrote(0, "{}"),
    ]


def test_arguments_may_be_an_object() -> None:
    assert told(piece(0, "a", "f", {"x": "å"})) == [CallBegan(0, "a", "f"), CallWrote(0, '{"x":"å"}')]


def test_each_call_of_a_whole_reply_is_one() -> None:
    calls = Calls(2)
    found = list(calls.whole([piece(0, None, "f", "{}"), piece(0, None, "f", None)]))
    assert found == [CallBegan(0, "", "f", choice=2), CallWrote(0, "{}", 2), CallBegan(1, "", "f", choice=2)]


def test_a_call_that_never_gets_a_name_is_broken() -> None:
    with pytest.raises(Broken):
        told(piece(0, "a", "f"), piece(1, "b"))
    with pytest.raises(Broken):
        told(Piece())
