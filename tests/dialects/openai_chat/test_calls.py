"""Tool calls, put together from the pieces that providers send."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from gateway.dialects.dialect import Broken
from gateway.dialects.neutral import CallBegan, CallWrote
from gateway.dialects.openai_chat.calls import Calls
from gateway.dialects.openai_chat.payloads import CallPiece

CallEvents = list[CallBegan | CallWrote]


def piece(index: int | None = None, id: str | None = None, name: str | None = None, arguments: Any = None) -> CallPiece:
    function = {"name": name, "arguments": arguments}
    return msgspec.convert({"index": index, "id": id, "type": "function", "function": function}, CallPiece)


def assembled(*pieces: CallPiece, choice: int = 0) -> CallEvents:
    calls = Calls(choice)
    found = [event for one in pieces for event in calls.add(one)]
    return [*found, *calls.close()]


AS_OPENAI: CallEvents = [
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
def test_every_way_of_sending_pieces_tells_the_same(pieces: list[CallPiece]) -> None:
    assert assembled(*pieces) == AS_OPENAI


def test_two_calls_of_one_function_are_two() -> None:
    two = [CallBegan(0, "a", "f"), CallBegan(1, "b", "f"), CallWrote(0, "{}"), CallWrote(1, "{}")]
    assert assembled(piece(0, "a", "f", "{}"), piece(0, "b", "f", "{}")) == two
    assert assembled(piece(None, "a", "f", "{}"), piece(None, "b", "f", "{}")) == two
    nameless = [CallBegan(0, "", "f"), CallBegan(1, "", "f"), CallWrote(0, "{}"), CallWrote(1, "{}")]
    assert assembled(piece(None, None, "f", "{}"), piece(None, None, "f", "{}")) == nameless


def test_without_ids_the_index_tells_calls_apart() -> None:
    assert assembled(piece(0, None, "f", "{"), piece(0, None, "f", "}"), piece(1, None, "f", "{}")) == [
        CallBegan(0, "", "f"),
        CallWrote(0, "{"),
        CallWrote(0, "}"),
        CallBegan(1, "", "f"),
        CallWrote(1, "{}"),
    ]
    assert assembled(piece(0, None, "f"), piece(0, None, "g")) == [CallBegan(0, "", "f"), CallBegan(1, "", "g")]


def test_interleaved_calls_keep_their_places() -> None:
    pieces = [
        piece(0, "a", "f"),
        piece(1, "b", "g"),
        piece(0, arguments="{"),
        piece(1, arguments='{"x":1}'),
        piece(0, arguments="}"),
    ]
    assert assembled(*pieces) == [
        CallBegan(0, "a", "f"),
        CallBegan(1, "b", "g"),
        CallWrote(0, "{"),
        CallWrote(1, '{"x":1}'),
        CallWrote(0, "}"),
    ]


def test_a_call_begins_with_its_name() -> None:
    assert assembled(piece(0, "a", arguments="{"), piece(0, name="f", arguments="}")) == [
        CallBegan(0, "a", "f"),
        CallWrote(0, "{}"),
    ]


def test_arguments_may_be_an_object() -> None:
    assert assembled(piece(0, "a", "f", {"x": "å"})) == [CallBegan(0, "a", "f"), CallWrote(0, '{"x":"å"}')]


def test_each_call_of_a_whole_reply_is_one() -> None:
    calls = Calls(2)
    found = list(calls.whole([piece(0, None, "f", "{}"), piece(0, None, "f", None)]))
    assert found == [CallBegan(0, "", "f", choice=2), CallBegan(1, "", "f", choice=2), CallWrote(0, "{}", 2)]


def test_a_call_that_never_gets_a_name_is_broken() -> None:
    with pytest.raises(Broken):
        assembled(piece(0, "a", "f"), piece(1, "b"))
    with pytest.raises(Broken):
        assembled(piece(arguments="{"))


@pytest.mark.parametrize("placeholder", ["{}", " {} ", "null", "", None])
def test_a_call_may_begin_with_arguments_that_only_hold_the_place(placeholder: str | None) -> None:
    told = assembled(piece(0, "a", "f", placeholder), piece(0, arguments='{"x":'), piece(0, arguments="1}"))
    assert told == [CallBegan(0, "a", "f"), CallWrote(0, '{"x":'), CallWrote(0, "1}")]


def custom(index: int | None = None, id: str | None = None, name: str | None = None, text: Any = None) -> CallPiece:
    call = {"name": name, "input": text}
    return msgspec.convert({"index": index, "id": id, "type": "custom", "custom": call}, CallPiece)


def test_the_input_of_a_custom_tool_is_the_argument_of_its_function() -> None:
    pieces = [custom(0, "a", "write", ""), custom(0, text='say "'), custom(0, text='hi"'), piece(1, "b", "g", "{}")]
    assert sorted(assembled(*pieces), key=lambda event: event.place) == [
        CallBegan(0, "a", "write"),
        CallWrote(0, '{"input":"say \\"hi\\""}'),
        CallBegan(1, "b", "g"),
        CallWrote(1, "{}"),
    ]
    found = list(Calls(0).whole([custom(0, "a", "write", "x"), custom(0, "b", "write")]))
    assert [event for event in found if isinstance(event, CallWrote)] == [
        CallWrote(0, '{"input":"x"}'),
        CallWrote(1, '{"input":""}'),
    ]
