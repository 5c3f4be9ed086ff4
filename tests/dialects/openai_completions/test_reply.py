"""Text completions written for clients, as the official SDK reads them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from openai._models import construct_type
from openai.types import Completion

from gateway.core.errors import UpstreamTimeout
from gateway.core.usage import Metered, Usage, UsageSource
from gateway.dialects.dialect import ReplyIdentity
from gateway.dialects.neutral import (
    Answer,
    Finished,
    Lost,
    Reply,
    ReplyEnded,
    ReplyEvent,
    Said,
    StopReason,
    Text,
    Thinking,
    Used,
)
from gateway.dialects.openai_completions.reply import writer
from tests.dialects.openai_completions.requests import accepted

HEAD = ReplyIdentity("01JD", "small", 1_700_000_000, lambda: 7)
METERED = Metered(Usage(input=9, output=3), UsageSource.PROVIDER, {})
STREAM: list[ReplyEvent] = [
    Said("a"),
    Thinking("t"),
    Lost("x"),
    Finished(StopReason.LENGTH),
    Used(METERED),
    ReplyEnded(),
]


def chunks(**members: Any) -> list[Any]:
    written = writer(accepted(stream=True, **members)[1], HEAD)
    events = b"".join(map(written.write, STREAM)).split(b"\n\n")
    assert events[-2:] == [b"data: [DONE]", b""]
    return [construct_type(type_=Completion, value=json.loads(event.removeprefix(b"data: "))) for event in events[:-2]]


def test_a_stream_is_one_that_the_sdk_reads() -> None:
    found = chunks()
    assert [(c.choices[0].text, c.choices[0].finish_reason) for c in found] == [("a", None), ("", "length")]
    assert {(c.id, c.object, c.model, c.created) for c in found} == {
        ("cmpl-01JD", "text_completion", "small", 1_700_000_000)
    }


def test_usage_comes_last_where_the_client_asked_for_it() -> None:
    *_, last = chunks(stream_options={"include_usage": True})
    assert last.choices == []
    assert (last.usage.prompt_tokens, last.usage.completion_tokens, last.usage.total_tokens) == (9, 3, 12)


def test_a_whole_reply_has_a_choice_for_each_answer() -> None:
    answers = (Answer((Text("a"), Text("b"))), Answer((Text("c"),), StopReason.FILTERED))
    found = Completion.model_validate_json(writer(accepted()[1], HEAD).whole(Reply(answers, METERED)))
    assert [(c.index, c.text, c.finish_reason) for c in found.choices] == [
        (0, "ab", "stop"),
        (1, "c", "content_filter"),
    ]
    assert found.usage is not None
    assert found.usage.total_tokens == 12


def test_a_failure_is_an_error_event() -> None:
    failure = writer(accepted()[1], HEAD).failure(UpstreamTimeout("too late"))
    assert json.loads(failure.removeprefix(b"data: "))["error"]["code"] == UpstreamTimeout.code


@pytest.mark.parametrize("events", [[], STREAM])
def test_silence_is_kept_alive_by_a_comment(events: list[ReplyEvent]) -> None:
    written = writer(accepted()[1], HEAD)
    for event in events:
        written.write(event)
    assert written.keepalive().startswith(b":")
