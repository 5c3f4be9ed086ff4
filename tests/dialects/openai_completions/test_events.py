"""Text completions of a provider, read into events."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.dialects.dialect import Broken
from gateway.dialects.neutral import Finished, Lost, ReplyEnded, ReplyEvent, Said, StopReason, Used
from gateway.dialects.openai_completions.events import events, reader

USAGE = {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}


def body(*choices: dict[str, Any], **more: Any) -> bytes:
    return json.dumps({"object": "text_completion", "choices": choices, **more}).encode()


def plain(found: list[ReplyEvent]) -> list[Any]:
    return [(type(event).__name__, *_members(event)) for event in found]


def _members(event: ReplyEvent) -> tuple[Any, ...]:
    match event:
        case Said(text, choice):
            return text, choice
        case Finished(stop, _, choice):
            return stop, choice
        case Used(metered):
            return (metered.reported,)
        case Lost(name):
            return (name,)
        case _:
            return ()


@pytest.mark.parametrize(
    ("word", "stop"),
    [
        ("stop", StopReason.END),
        ("length", StopReason.LENGTH),
        ("content_filter", StopReason.FILTERED),
        ("eos", StopReason.END),
    ],
)
def test_a_whole_reply_is_read(word: str, stop: StopReason) -> None:
    first = {"text": "a", "index": 0, "finish_reason": word, "logprobs": {}}
    reply = body(first, {"text": "b", "index": 1}, usage=USAGE)
    assert plain(list(events(reply))) == [
        ("Said", "a", 0),
        ("Lost", "logprobs"),
        ("Finished", stop, 0),
        ("Said", "b", 1),
        ("Used", USAGE),
        ("Finished", StopReason.END, 1),
        ("ReplyEnded",),
    ]


def test_a_stream_is_read_and_nothing_behind_a_finish() -> None:
    reading = reader()
    first = body({"text": "a"})
    last = body({"text": "", "finish_reason": "stop"})
    found = [*reading.read(first), *reading.read(last), *reading.read(first), *reading.close()]
    assert plain(found) == [("Said", "a", 0), ("Finished", StopReason.END, 0), ("ReplyEnded",)]
    assert isinstance([*reading.read(b"[DONE]")][-1], ReplyEnded)


def test_a_stream_that_breaks_off_does_not_end() -> None:
    reading = reader()
    assert list(reading.read(body({"text": "a"})))
    assert not list(reading.close())


@pytest.mark.parametrize(
    "broken", [b"{", b'{"error":{"message":"no"}}', b'{"choices":[]}', b'{"choices":[{"text":7}]}']
)
def test_anything_else_is_broken(broken: bytes) -> None:
    with pytest.raises(Broken):
        list(events(broken))
    with pytest.raises(Broken):
        list(reader().read(b"[DONE]"))
