"""Replies that come together from their events."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.usage import NO_USAGE, Metered, Usage, UsageSource
from gateway.dialects.neutral import (
    Answer,
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
)
from gateway.dialects.whole_reply import reply_from_events

UNKNOWN = Metered(NO_USAGE, UsageSource.ESTIMATED, {})
COUNTED = Metered(Usage(input=9, output=3), UsageSource.PROVIDER, {"input_tokens": 9})
PICTURE = Media("image", "image/png", data="AA==")
END = Finished(StopReason.END)


def whole(*events: ReplyEvent) -> Reply:
    return reply_from_events(events, UNKNOWN)


def answer(*events: ReplyEvent) -> Answer:
    (only,) = whole(*events).answers
    return only


# --- coming together -------------------------------------------------------------------------------------------------


def test_words_come_together_in_their_order() -> None:
    assert answer(Said("he"), Said(""), Said("llo"), END) == Answer((Text("hello"),))


def test_a_refusal_is_kept_beside_the_words() -> None:
    assert answer(Said("I "), Said("will not", refusal=True), Said("see"), END) == Answer(
        (Text("I see"),), refusal="will not"
    )


def test_words_and_thoughts_take_turns() -> None:
    found = answer(Thinking("let "), Thinking("me"), Said("so"), Thinking("see"), Said("!"), END)
    assert found.parts == (Thought("let me"), Text("so"), Thought("see"), Text("!"))


def test_a_signature_closes_its_thought() -> None:
    found = answer(Thinking("one"), Signed("s1"), Thinking("two"), Signed("s2"), Said("x"), END)
    assert found.parts == (Thought("one", "s1"), Thought("two", "s2"), Text("x"))


@pytest.mark.parametrize(
    ("events", "parts"),
    [
        ([Signed("s")], (Thought("", "s"),)),
        ([Said("x"), Signed("s")], (Text("x"), Thought("", "s"))),
        ([Signed("s", redacted=True)], (Thought("", "s", redacted=True),)),
        ([Thinking("a"), Signed("s", redacted=True)], (Thought("a"), Thought("", "s", redacted=True))),
        ([Thinking("a"), Signed("s"), Signed("t")], (Thought("a", "s"), Thought("", "t"))),
    ],
)
def test_a_signature_without_an_open_thought_is_a_thought_without_words(
    events: list[ReplyEvent], parts: tuple[Any, ...]
) -> None:
    assert answer(*events, END).parts == parts


def test_calls_come_together_by_their_places_however_they_are_mixed() -> None:
    found = answer(
        Said("I call."),
        CallBegan(0, "c0", "find", "sig"),
        CallBegan(1, "c1", "read"),
        CallWrote(1, '{"b"'),
        CallWrote(0, '{"a":1}'),
        CallWrote(1, ":2}"),
        CallBegan(2, "c2", "list"),
        Finished(StopReason.CALLS),
    )
    assert found == Answer(
        (
            Text("I call."),
            Call("c0", "find", '{"a":1}', "sig"),
            Call("c1", "read", '{"b":2}'),
            Call("c2", "list", "{}"),
        ),
        StopReason.CALLS,
    )


def test_media_scores_and_the_end_are_kept() -> None:
    scores = (Score("a", -0.5, (("b", -1.0),)),)
    found = answer(Made(PICTURE), Said("a"), Scored(scores), Scored(scores), Finished(StopReason.SEQUENCE, "END"))
    assert found == Answer((PICTURE, Text("a")), StopReason.SEQUENCE, "END", scores * 2)


def test_each_choice_is_an_answer_of_its_own_in_the_order_of_the_choices() -> None:
    found = whole(Said("b", 1), Said("a"), CallBegan(0, "c", "f", choice=1), Finished(StopReason.CALLS, choice=1), END)
    assert found.answers == (Answer((Text("a"),)), Answer((Text("b"), Call("c", "f")), StopReason.CALLS))


def test_the_last_report_of_usage_counts_and_without_one_what_was_given() -> None:
    early = Used(Metered(Usage(input=9), UsageSource.PROVIDER, {}))
    found = whole(early, Said("x"), END, Used(COUNTED), ReplyEnded())
    assert found.metered == COUNTED
    assert whole(Said("x"), END).metered == UNKNOWN


def test_what_got_lost_and_the_end_are_no_part_of_an_answer() -> None:
    assert whole(Lost("citations"), Said("x"), END, ReplyEnded()).answers == (Answer((Text("x"),)),)
    assert whole(Lost("citations"), ReplyEnded()).answers == ()


@given(st.text(max_size=20), st.lists(st.integers(0, 20), max_size=5))
def test_words_cut_anywhere_come_together_the_same(text: str, cuts: list[int]) -> None:
    places = [0, *sorted(min(c, len(text)) for c in cuts), len(text)]
    pieces = [text[a:b] for a, b in pairwise(places)]
    assert answer(*[Said(piece) for piece in pieces], END).parts == ((Text(text),) if text else ())
    assert answer(*[Thinking(piece) for piece in pieces], END).parts == (Thought(text),)
    wrote = [CallWrote(0, piece) for piece in pieces]
    assert answer(CallBegan(0, "c", "f"), *wrote, END).parts == (Call("c", "f", text or "{}"),)
