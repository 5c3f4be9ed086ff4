"""Calls that are written at once, told one after another."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.dialects.call_order import InOrder
from gateway.dialects.neutral import CallBegan, CallWrote, ReplyEvent, Said

FIRST, SECOND, THIRD = (CallBegan(place, f"c{place}", "f") for place in range(3))


def due(order: InOrder, *events: ReplyEvent) -> list[ReplyEvent]:
    return [ready for event in events for ready in order.admit(event)]


def test_what_comes_in_order_is_due_at_once() -> None:
    written = [CallWrote(0, '{"x":'), CallWrote(0, "1}")]
    events: list[ReplyEvent] = [Said("a"), FIRST, *written, SECOND, CallWrote(1, "{} "), Said("b")]
    order = InOrder()
    assert [due(order, event) for event in events] == [[event] for event in events]
    assert list(order.rest()) == []


def test_what_comes_between_a_call_and_its_arguments_waits_for_these() -> None:
    order = InOrder()
    assert due(order, FIRST, SECOND, CallWrote(1, "{}"), Said("a")) == [FIRST]
    assert due(order, CallWrote(0, '{"x":')) == [CallWrote(0, '{"x":')]
    assert due(order, CallWrote(0, "1}")) == [CallWrote(0, "1}"), SECOND, CallWrote(1, "{}"), Said("a")]


def test_what_follows_a_call_without_arguments_waits_for_the_end() -> None:
    order = InOrder()
    assert due(order, FIRST, SECOND, THIRD, CallWrote(2, "{}")) == [FIRST]
    assert list(order.rest()) == [SECOND, THIRD, CallWrote(2, "{}")]
    assert list(order.rest()) == []


@st.composite
def interleaved(draw: st.DrawFn) -> list[ReplyEvent]:
    """Three calls whose pieces come in any order, each in its own."""
    first: list[ReplyEvent] = [FIRST, CallWrote(0, '{"a"'), CallWrote(0, ":0}")]
    pieces: list[list[ReplyEvent]] = [first, [SECOND], [THIRD, CallWrote(2, "{"), CallWrote(2, "}")]]
    turns = draw(st.permutations([place for place, written in enumerate(pieces) for _ in written]))
    return [pieces[place].pop(0) for place in turns]


@settings(database=None)
@given(interleaved())
def test_nothing_is_lost_and_every_call_is_told_whole(events: list[ReplyEvent]) -> None:
    order = InOrder()
    told = [*due(order, *events), *order.rest()]
    assert len(told) == len(events)
    assert set(map(id, told)) == set(map(id, events))
    places = [event.place for event in told if isinstance(event, CallBegan | CallWrote)]
    assert [p for at, p in enumerate(places) if at == 0 or places[at - 1] != p] == list(dict.fromkeys(places))
