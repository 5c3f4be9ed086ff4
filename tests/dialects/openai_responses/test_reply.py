"""Replies of any dialect, written for a client of this one."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.errors import UpstreamFailed
from gateway.core.usage import NO_USAGE, Metered, Usage, UsageSource
from gateway.dialects.dialect import ReplyIdentity
from gateway.dialects.neutral import (
    Answer,
    CallBegan,
    CallWrote,
    Finished,
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
    Vectors,
)
from gateway.dialects.openai_responses import events as events_of
from gateway.dialects.openai_responses.events import reader
from gateway.dialects.openai_responses.reply import ResponsesWriter, begun, writer
from gateway.dialects.openai_responses.request import accept
from gateway.dialects.prompt import PLAIN
from gateway.dialects.relay import Stream, Translated
from gateway.dialects.whole_reply import reply_from_events
from tests.builders import a_snapshot
from tests.dialects.openai_responses import goldens
from tests.dialects.openai_responses.goldens import response
from tests.dialects.openai_responses.strategies import replies

HEAD = ReplyIdentity("01J", "small", 1_795_550_400, lambda: 12)
EVERYTHING = ["reasoning.encrypted_content", "message.output_text.logprobs"]
NOTHING = Metered(NO_USAGE, UsageSource.ESTIMATED, {})
USED = Used(Metered(Usage(input=9, output=3), UsageSource.PROVIDER, {}, tier="priority"))
FUNCTION = {"type": "function", "name": "f", "parameters": {"type": "object"}, "strict": False, "description": "d"}


def a_writer(**members: Any) -> ResponsesWriter:
    body = json.dumps({"model": "small", "input": "hello", **members}).encode()
    return writer(accept(body, PLAIN, a_snapshot())[1], HEAD)


def written(*events: ReplyEvent, **members: Any) -> list[dict[str, Any]]:
    """The events of a stream, each valid for the SDK."""
    writing = a_writer(**members)
    return goldens.checked(b"".join(map(writing.write, events)))


def types(events: list[dict[str, Any]]) -> list[str]:
    return [event["type"].removeprefix("response.") for event in events]


def test_words_come_in_the_published_order() -> None:
    found = written(Said("Hi"), Said(" there"), Finished(StopReason.END), USED, ReplyEnded())
    assert types(found) == [
        "created",
        "in_progress",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ]
    assert found[0]["sequence_number"] == 0
    last = found[-1]["response"]
    assert last["output"] == [
        {
            "id": "msg_01J_0",
            "type": "message",
            "status": "completed",
            "role": "assistant",
            "content": [{"type": "output_text", "annotations": [], "logprobs": [], "text": "Hi there"}],
        }
    ]
    assert (last["id"], last["status"], last["model"], last["service_tier"]) == (
        "resp_01J",
        "completed",
        "small",
        "priority",
    )
    assert (last["created_at"], last["completed_at"]) == (HEAD.created, HEAD.created)
    assert (last["usage"]["input_tokens"], last["usage"]["output_tokens"]) == (9, 3)


def test_a_thought_and_calls_come_in_the_published_order() -> None:
    found = written(
        Thinking("hm"),
        Signed("scsig.anthropic_messages.abc"),
        CallBegan(0, "c1", "f"),
        CallWrote(0, '{"a":'),
        CallWrote(0, "1}"),
        CallBegan(1, "c2", "g"),
        Finished(StopReason.CALLS),
        ReplyEnded(),
        include=EVERYTHING,
        tools=[FUNCTION],
    )
    assert types(found) == [
        "created",
        "in_progress",
        "output_item.added",
        "reasoning_summary_part.added",
        "reasoning_summary_text.delta",
        "reasoning_summary_text.done",
        "reasoning_summary_part.done",
        "output_item.done",
        "output_item.added",
        "function_call_arguments.delta",
        "function_call_arguments.delta",
        "function_call_arguments.done",
        "output_item.done",
        "output_item.added",
        "function_call_arguments.delta",
        "function_call_arguments.done",
        "output_item.done",
        "completed",
    ]
    assert [event["output_index"] for event in found[2:-1]] == [0] * 6 + [1] * 5 + [2] * 4
    assert found[7]["item"]["encrypted_content"] == "scsig.anthropic_messages.abc"
    assert found[8]["item"]["status"] == "in_progress"
    assert found[-1]["response"]["tools"] == [FUNCTION]


@pytest.mark.parametrize(
    ("events", "status", "reason"),
    [
        ([Said("x"), Finished(StopReason.END)], "completed", None),
        ([Said("x"), Finished(StopReason.SEQUENCE, "END")], "completed", None),
        ([Said("x"), Finished(StopReason.LENGTH)], "incomplete", "max_output_tokens"),
        ([Said("x"), Finished(StopReason.FILTERED)], "incomplete", "content_filter"),
        ([Said("x", refusal=True), Finished(StopReason.FILTERED)], "completed", None),
        ([Finished(StopReason.FILTERED)], "incomplete", "content_filter"),
        ([Said("x")], "completed", None),
        ([], "completed", None),
    ],
)
def test_how_it_ended_is_said(events: list[ReplyEvent], status: str, reason: str | None) -> None:
    *before, last = written(*events, ReplyEnded())
    assert last["type"] == f"response.{status}"
    assert last["response"]["status"] == status
    assert last["response"]["incomplete_details"] == ({"reason": reason} if reason else None)
    assert (last["response"]["completed_at"] is None) is (status == "incomplete")
    items = [event["item"] for event in before if event["type"] == "response.output_item.done"]
    assert all(item["status"] == status for item in items)
    assert last["response"]["output"] == items


def test_without_a_report_usage_is_an_estimate() -> None:
    usage = written(Said("hello!"), ReplyEnded())[-1]["response"]["usage"]
    assert (usage["input_tokens"], usage["output_tokens"]) == (12, 2)


def test_log_probabilities_are_told_only_where_they_are_included() -> None:
    scored = (Said("Hi"), Scored((Score("Hi", -0.5),)), ReplyEnded())
    assert written(*scored, include=EVERYTHING)[4]["logprobs"][0]["token"] == "Hi"
    assert written(*scored)[4]["logprobs"] == []


def test_a_beat_says_nothing_new() -> None:
    writing = a_writer(instructions="Be brief.", tools=[FUNCTION])
    assert writing.keepalive() == b""
    stream = writing.write(Said("x")) + writing.keepalive() + writing.write(ReplyEnded())
    assert writing.keepalive() == b""
    found = goldens.checked(stream)
    keepalive = next(event for event in found[2:] if event["type"] == "response.in_progress")
    assert (keepalive["response"]["status"], keepalive["response"]["instructions"], keepalive["response"]["tools"]) == (
        "in_progress",
        None,
        [],
    )
    assert found[-1]["response"]["instructions"] == "Be brief."


@pytest.mark.parametrize("before", [[], [Said("x")], [CallBegan(0, "c", "f"), CallWrote(0, "{}"), Said("x")]])
def test_a_failure_continues_what_was_written(before: list[ReplyEvent]) -> None:
    writing = a_writer(instructions="Be brief.")
    stream = b"".join(map(writing.write, before)) + writing.failure(UpstreamFailed("It broke."))
    *_, error, failed = goldens.checked(stream)
    assert (error["error"]["code"], failed["response"]["status"]) == ("upstream_failed", "failed")
    assert (failed["response"]["id"], failed["response"]["instructions"]) == ("resp_01J", "Be brief.")
    assert len(failed["response"]["output"]) == (1 if len(before) == 3 else 0)
    assert writing.keepalive() == b""


def test_a_whole_reply_repeats_the_request() -> None:
    reply = Reply((Answer((Text("Hi"),), StopReason.LENGTH),), replace(USED.metered, tier="flex"))
    found = goldens.response(a_writer(temperature=0.5, metadata={"a": "b"}).whole(reply))
    assert (found["temperature"], found["metadata"], found["store"]) == (0.5, {"a": "b"}, False)
    assert (found["status"], found["service_tier"]) == ("incomplete", "flex")
    assert found["output"][0]["status"] == "incomplete"


def test_a_reply_without_an_answer_is_empty() -> None:
    assert goldens.response(a_writer().whole(Reply((), NOTHING)))["output"] == []


def test_vectors_are_no_reply_of_this_dialect() -> None:
    with pytest.raises(TypeError):
        a_writer().whole(Vectors((), NOTHING))


def without_seals(reply: Reply) -> Reply:
    """A reader of this dialect takes what is sealed for its own, envelope and all: only the words count."""
    (answer,) = reply.answers
    parts = [Thought(part.text) if isinstance(part, Thought) else part for part in answer.parts]
    return replace(reply, answers=(replace(answer, parts=tuple(parts)),))


@settings(database=None, deadline=None)
@given(replies)
def test_what_is_written_whole_reads_the_same_but_for_whose_thoughts_they_are(reply: Reply) -> None:
    body = a_writer(include=EVERYTHING).whole(reply)
    goldens.response(body)
    assert without_seals(reply_from_events(events_of(body), NOTHING)) == without_seals(reply)


@settings(database=None, deadline=None)
@given(replies)
def test_a_stream_says_what_the_whole_reply_says(reply: Reply) -> None:
    whole = a_writer(include=EVERYTHING).whole(reply)
    told = list(events_of(whole))
    writing = a_writer(include=EVERYTHING)
    stream = b"".join(map(writing.write, told))
    goldens.checked(stream)
    reading = reader()
    again = [event for data in goldens.datas(stream) for event in reading.read(data)]
    assert isinstance(again[-1], ReplyEnded)
    assert without_seals(reply_from_events(again, NOTHING)) == without_seals(reply_from_events(told, NOTHING))


@settings(database=None, deadline=None)
@given(st.sampled_from(["text", "tools", "reasoning", "logprobs", "refusal", "length", "filtered"]), st.data())
def test_any_cutting_of_the_providers_bytes_is_written_alike(name: str, data: st.DataObject) -> None:
    golden = goldens.stream(name)
    cuts = data.draw(st.lists(st.integers(0, len(golden)), max_size=20))
    whole = translated(golden)
    assert (
        translated(*(golden[a:b] for a, b in zip([0, *sorted(cuts)], [*sorted(cuts), len(golden)], strict=True)))
        == whole
    )
    goldens.checked(whole)


def test_a_byte_at_a_time_is_written_alike() -> None:
    golden = goldens.stream("tools")
    assert translated(*(golden[at : at + 1] for at in range(len(golden)))) == translated(golden)


def translated(*pieces: bytes) -> bytes:
    stream = Stream(Translated(reader(), a_writer(include=EVERYTHING)), 300)
    out = b"".join(map(stream.feed, pieces)) + stream.finish()
    assert stream.complete
    return out


REQUIRED = (
    "id object created_at completed_at status error incomplete_details instructions model output parallel_tool_calls "
    "previous_response_id reasoning store temperature text tool_choice tools top_p truncation usage metadata "
    "presence_penalty frequency_penalty top_logprobs max_tool_calls safety_identifier prompt_cache_key service_tier "
    "background max_output_tokens"
).split()


def made(**values: Any) -> dict[str, Any]:
    return response(json.dumps(begun(values, "resp_1", "small", 7)).encode())


def test_every_required_member_is_there() -> None:
    assert set(REQUIRED) <= set(made())
    assert (made()["store"], made()["status"], made()["created_at"]) == (False, "in_progress", 7)


def test_what_the_client_asked_for_is_repeated() -> None:
    asked = {
        "instructions": "Be brief.",
        "temperature": 0.5,
        "top_p": 1,
        "tools": [{"type": "web_search"}],
        "tool_choice": {"type": "function", "name": "f"},
        "metadata": {"a": "b"},
        "max_output_tokens": 100,
        "parallel_tool_calls": False,
        "truncation": "auto",
        "user": "ada",
        "service_tier": "flex",
    }
    found = made(**asked)
    assert {name: found[name] for name in asked} == asked


def test_objects_are_completed() -> None:
    found = made(
        text={"verbosity": "low"},
        reasoning={"effort": "high"},
        tools=[{"type": "function", "name": "f"}, {"type": "local_shell"}],
    )
    assert found["text"] == {"format": {"type": "text"}, "verbosity": "low"}
    assert found["reasoning"] == {"effort": "high", "summary": None}
    assert found["tools"][0] == {
        "type": "function",
        "name": "f",
        "description": None,
        "parameters": None,
        "strict": None,
    }


@pytest.mark.parametrize("name", ["tools", "top_logprobs", "text", "metadata", "instructions", "max_output_tokens"])
@pytest.mark.parametrize("value", [True, None, 0.5])
def test_what_is_of_a_wrong_type_is_not_repeated(name: str, value: object) -> None:
    assert made(**{name: value})[name] == made()[name]
