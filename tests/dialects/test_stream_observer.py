"""What is observed of a reply while it is translated."""

from __future__ import annotations

import pytest

from gateway.core.usage import Metered, Usage, UsageSource
from gateway.dialects.neutral import (
    CallBegan,
    CallWrote,
    Finished,
    Lost,
    Made,
    Media,
    ReplyEnded,
    ReplyEvent,
    Said,
    Scored,
    Signed,
    StopReason,
    Thinking,
    Used,
)
from gateway.dialects.stream_observer import StreamObserver

COUNTED = Metered(Usage(input=9, output=3), UsageSource.PROVIDER, {"input_tokens": 9})
CALLED = CallBegan(0, "c", "f")


@pytest.mark.parametrize(
    ("called", "stop", "told"),
    [
        (True, StopReason.END, StopReason.CALLS),
        (True, StopReason.SEQUENCE, StopReason.CALLS),
        (True, StopReason.CALLS, StopReason.CALLS),
        (True, StopReason.LENGTH, StopReason.LENGTH),
        (True, StopReason.FILTERED, StopReason.FILTERED),
        (False, StopReason.END, StopReason.END),
        (False, StopReason.SEQUENCE, StopReason.SEQUENCE),
        (False, StopReason.CALLS, StopReason.END),
        (False, StopReason.LENGTH, StopReason.LENGTH),
        (False, StopReason.FILTERED, StopReason.FILTERED),
    ],
)
def test_a_choice_that_called_tools_ended_for_that_and_no_other_did(
    called: bool, stop: StopReason, told: StopReason
) -> None:
    telling = StreamObserver()
    if called:
        telling.tell(CALLED)
    event = telling.tell(Finished(stop, "END" if stop is StopReason.SEQUENCE else ""))
    assert isinstance(event, Finished)
    assert event.stop is told
    assert event.sequence == ("END" if told is StopReason.SEQUENCE else "")


def test_each_choice_ends_for_reasons_of_its_own() -> None:
    telling = StreamObserver(2)
    telling.tell(CallBegan(0, "c", "f", choice=1))
    assert telling.tell(Finished(StopReason.END)) == Finished(StopReason.END)
    assert telling.tell(Finished(StopReason.END, choice=1)) == Finished(StopReason.CALLS, choice=1)
    assert telling.finished == {0, 1}


@pytest.mark.parametrize(
    ("event", "content", "size"),
    [
        (Said("hé"), True, 3),
        (Thinking("hé"), True, 3),
        (Signed("sig"), True, 3),
        (CALLED, True, 0),
        (CallWrote(0, "{}"), True, 2),
        (Made(Media("image", data="AA==")), True, 0),
        (Finished(StopReason.END), True, 0),
        (Scored(()), False, 0),
        (Used(COUNTED), False, 0),
        (ReplyEnded(), False, 0),
    ],
)
def test_content_begins_with_content_and_is_counted_in_bytes(event: ReplyEvent, content: bool, size: int) -> None:
    telling = StreamObserver()
    assert telling.tell(event) == event
    assert (telling.content, telling.generated) == (content, size)


def test_what_is_lost_is_named_once_and_not_written() -> None:
    telling = StreamObserver()
    assert [telling.tell(Lost(name)) for name in ("citations", "annotations", "citations")] == [None] * 3
    assert telling.lost == ("citations", "annotations")
    assert not telling.content


def test_the_last_report_counts() -> None:
    telling = StreamObserver()
    telling.tell(Used(Metered(Usage(input=9), UsageSource.PROVIDER, {})))
    telling.tell(Used(COUNTED))
    assert telling.metered == COUNTED


def test_choices_that_nobody_requested_are_counted_and_not_written() -> None:
    observer = StreamObserver()
    assert observer.tell(Said("abc", choice=1)) is None
    assert observer.tell(Finished(StopReason.END, choice=1)) is None
    assert observer.generated == 3
    assert observer.tell(Said("d")) == Said("d")


@pytest.mark.parametrize("late", [Said("x"), Thinking("x"), CALLED, CallWrote(0, "{}"), Finished(StopReason.LENGTH)])
def test_behind_the_end_of_a_choice_nothing_is_written_but_its_usage(late: ReplyEvent) -> None:
    observer = StreamObserver()
    observer.tell(Finished(StopReason.END))
    assert observer.tell(late) is None
    assert observer.tell(Used(COUNTED)) == Used(COUNTED)
    assert observer.tell(ReplyEnded()) == ReplyEnded()
