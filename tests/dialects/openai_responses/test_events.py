"""A provider's replies, read into neutral events."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.core.usage import NO_USAGE, Metered, Usage, UsageSource
from gateway.dialects.dialect import Broken
from gateway.dialects.neutral import (
    Answer,
    Call,
    CallBegan,
    CallWrote,
    Finished,
    Lost,
    Media,
    Reply,
    ReplyEnded,
    ReplyEvent,
    Said,
    Score,
    Signed,
    StopReason,
    Text,
    Thinking,
    Thought,
)
from gateway.dialects.openai_responses.events import events, reader
from gateway.dialects.whole_reply import reply_from_events
from tests.dialects.openai_responses import goldens

NOTHING = Metered(NO_USAGE, UsageSource.ESTIMATED, {})
SEALED = "scsig.openai_responses.rs_67ccd3e1:gAAAAABpSealedThought=="

ANSWERS = {
    "text": Answer((Text("Hi there! Smörgåsbord?"),)),
    "tools": Answer(
        (Call("call_aHx3", "get_weather", '{"city":"Malmö"}'), Call("call_bHx3", "ferries")), StopReason.CALLS
    ),
    "reasoning": Answer((Thought("**Weighing**\n\nIs it prime?\n\nIt is.", SEALED), Text("Yes."))),
    "logprobs": Answer((Text("Yes."),), scores=(Score("Yes", -0.25, (("Yes", -0.25), ("No", -1.5))), Score(".", -0.5))),
    "refusal": Answer((), StopReason.END, refusal="I can't help with that."),
    "length": Answer((Text("Once upon"),), StopReason.LENGTH),
    "filtered": Answer((Text("Well"),), StopReason.FILTERED),
}


def streamed(*datas: bytes) -> list[ReplyEvent]:
    found = reader()
    return [event for data in datas for event in found.read(data)] + list(found.close())


def event(kind: str, **members: Any) -> bytes:
    return json.dumps({"type": kind, "output_index": 0, **members}).encode()


@pytest.mark.parametrize("name", ANSWERS)
def test_a_stream_and_a_whole_reply_say_the_same(name: str) -> None:
    told = streamed(*goldens.datas(goldens.stream(name)))
    assert isinstance(told[-1], ReplyEnded)
    reply = reply_from_events(told, NOTHING)
    assert reply == reply_from_events(events(goldens.whole(name)), NOTHING)
    assert reply.answers == (ANSWERS[name],)
    assert reply.metered.tier == "default"


def test_every_golden_reply_is_known_here() -> None:
    assert set(ANSWERS) == set(goldens.WHOLES)


def test_usage_is_reported() -> None:
    reply = reply_from_events(events(goldens.whole("reasoning")), NOTHING)
    assert reply.metered.usage == Usage(input=39, cache_read=10, cache_write_30m=32, output=15, reasoning=320)


@pytest.mark.parametrize("name", goldens.STREAMS)
def test_a_stream_that_is_cut_short_has_no_end(name: str) -> None:
    datas = goldens.datas(goldens.stream(name))
    stop = next((n for n, data in enumerate(datas) if b'"type": "error"' in data), len(datas) - 1)
    for kept in range(stop + 1):
        assert not any(isinstance(told, ReplyEnded | Finished) for told in streamed(*datas[:kept]))


def test_what_is_unknown_says_nothing() -> None:
    assert (
        streamed(
            event("response.a_new_thing", item="strange", delta=7, response=[]),
            event("response.output_item.added", item={"type": "message", "content": "strange"}),
            event("response.content_part.added", part="strange"),
            b"[DONE]",
            b"{}",
        )
        == []
    )


def test_pieces_may_be_missing_where_the_item_is_whole() -> None:
    call = {"type": "function_call", "call_id": "c", "name": "f", "arguments": '{"a":1}'}
    said = {"type": "message", "content": [{"type": "output_text", "text": "Hi"}, {"type": "refusal", "refusal": "No"}]}
    told = streamed(
        event("response.output_item.done", item=call),
        event("response.output_item.done", output_index=1, item=said),
    )
    assert told == [CallBegan(0, "c", "f"), CallWrote(0, '{"a":1}'), Said("Hi"), Said("No", refusal=True)]


ARGUMENTS = '{"x":1}'
BEGUN = {"type": "function_call", "id": "fc_1", "call_id": "c", "name": "f", "arguments": ""}
WHOLE_CALL = {**BEGUN, "arguments": ARGUMENTS}
ADDED = event("response.output_item.added", item=BEGUN)
WRITTEN = [
    event("response.function_call_arguments.delta", item_id="fc_1", delta=ARGUMENTS[:3]),
    event("response.function_call_arguments.delta", item_id="fc_1", delta=ARGUMENTS[3:]),
]
ALL_WRITTEN = event("response.function_call_arguments.done", item_id="fc_1", arguments=ARGUMENTS)
COMPLETED = event("response.completed", response={"status": "completed", "output": []})


@pytest.mark.parametrize(
    "events_of_the_call",
    [
        [ADDED, *WRITTEN],
        [ADDED, *WRITTEN, ALL_WRITTEN, event("response.output_item.done", item=WHOLE_CALL)],
        [ADDED, ALL_WRITTEN],
        [ADDED, ALL_WRITTEN, event("response.output_item.done", item=BEGUN)],
        [ADDED, event("response.output_item.done", item=WHOLE_CALL)],
        [event("response.output_item.added", item=WHOLE_CALL)],
        [event("response.output_item.added", item=WHOLE_CALL), *WRITTEN],
        [event("response.output_item.added", item=WHOLE_CALL), event("response.output_item.done", item=BEGUN)],
        [event("response.output_item.added", item={**BEGUN, "arguments": "{}"}), *WRITTEN, ALL_WRITTEN],
        [event("response.output_item.done", item=WHOLE_CALL)],
    ],
)
def test_arguments_are_told_once_wherever_they_come(events_of_the_call: list[bytes]) -> None:
    (answer,) = reply_from_events(streamed(*events_of_the_call, COMPLETED), NOTHING).answers
    assert answer == Answer((Call("c", "f", ARGUMENTS),), StopReason.CALLS)


def test_a_call_without_arguments_has_none() -> None:
    call = {**BEGUN, "arguments": "{}"}
    told = streamed(event("response.output_item.added", item=call), event("response.output_item.done", item=call))
    assert told == [CallBegan(0, "c", "f")]


def test_words_may_come_with_the_end_of_their_part_alone() -> None:
    told = streamed(
        event("response.reasoning_text.done", text="hm"),
        event("response.output_text.delta", output_index=1, content_index=0, delta="one"),
        event("response.output_text.done", output_index=1, content_index=0, text="one"),
        event("response.output_text.done", output_index=1, content_index=1, text="two"),
        event("response.refusal.done", output_index=1, content_index=2, refusal="No."),
        event("response.output_item.done", output_index=1, item=message("one", "two")),
        COMPLETED,
    )
    assert told[:4] == [Thinking("hm"), Said("one"), Said("two"), Said("No.", refusal=True)]
    assert told[4:] == [Finished(StopReason.END), ReplyEnded()]


def named(kind: str, **members: Any) -> bytes:
    return event(kind, output_index=None, **members)


def test_events_may_name_their_item_instead_of_its_place() -> None:
    """As llama.cpp writes them: ids of items, ids of calls in the place of ids, and no `output_index`."""
    called = {"type": "function_call", "call_id": "fc_a", "name": "f", "arguments": ""}
    other = {**called, "call_id": "fc_b"}
    told = streamed(
        named("response.output_item.added", item={"type": "reasoning", "id": "rs_1", "summary": []}),
        named("response.reasoning_text.delta", item_id="rs_1", delta="hm"),
        named("response.output_item.added", item={"type": "message", "id": "msg_1", "content": []}),
        named("response.output_text.delta", item_id="msg_1", delta="Hi"),
        named("response.output_item.added", item=called),
        named("response.output_item.added", item=other),
        named("response.function_call_arguments.delta", item_id="fc_a", delta=ARGUMENTS),
        named("response.function_call_arguments.delta", item_id="fc_b", delta='{"x":2}'),
        named("response.output_item.done", item={"type": "reasoning", "id": "rs_1", "summary": []}),
        named("response.output_item.done", item={**message("Hi"), "id": "msg_1"}),
        named("response.output_item.done", item={**called, "arguments": ARGUMENTS}),
        named("response.output_item.done", item={**other, "arguments": '{"x":2}'}),
        COMPLETED,
    )
    (answer,) = reply_from_events(told, NOTHING).answers
    calls = (Call("fc_a", "f", ARGUMENTS), Call("fc_b", "f", '{"x":2}'))
    assert answer == Answer((Thought("hm"), Text("Hi"), *calls), StopReason.CALLS)


def test_nothing_is_told_twice() -> None:
    said = {"type": "message", "content": [{"type": "output_text", "text": "Hi"}]}
    response = {"status": "completed", "output": [said]}
    told = streamed(
        event("response.output_text.delta", delta="Hi"),
        event("response.output_item.done", item=said),
        event("response.output_item.done", item=said),
        event("response.completed", response=response),
    )
    assert told == [Said("Hi"), Finished(StopReason.END), ReplyEnded()]
    assert streamed(event("response.completed", response=response)) == told


def test_an_output_that_came_in_no_pieces_is_read_at_the_end() -> None:
    assert streamed(event("response.completed", response={"output": None})) == [Finished(StopReason.END), ReplyEnded()]


def message(*words: str) -> dict[str, Any]:
    return {"type": "message", "content": [{"type": "output_text", "text": text} for text in words]}


def a_call(id_: str, arguments: str = "{}") -> dict[str, Any]:
    return {"type": "function_call", "call_id": id_, "name": "f", "arguments": arguments}


@pytest.mark.parametrize(
    "pieces",
    [
        [event("response.output_text.delta", delta="one")],
        [
            event("response.output_text.delta", delta="one", output_index=3),
            event("response.output_item.added", item=a_call("c1", ""), output_index=4),
        ],
        [
            event("response.output_item.added", item=a_call("c1", ""), output_index=4),
            event("response.function_call_arguments.delta", delta='{"x":', output_index=4),
            event("response.function_call_arguments.delta", delta="1}", output_index=4),
        ],
        [
            event("response.output_item.done", item=message("one"), output_index=7),
            event("response.output_item.done", item=a_call("c1", '{"x":1}'), output_index=8),
            event("response.output_item.done", item=a_call("c2"), output_index=9),
        ],
    ],
)
def test_what_did_not_come_in_pieces_is_told_at_the_end_and_nothing_else(pieces: list[bytes]) -> None:
    output = [message("one"), a_call("c1", '{"x":1}'), a_call("c2")]
    end = event("response.completed", response={"status": "completed", "output": output})
    (answer,) = reply_from_events(streamed(*pieces, end), NOTHING).answers
    parts = sorted(answer.parts, key=lambda part: isinstance(part, Call))
    assert (parts, answer.stop) == ([Text("one"), Call("c1", "f", '{"x":1}'), Call("c2", "f")], StopReason.CALLS)


def test_a_refusal_is_told_once() -> None:
    refused = {"type": "message", "content": [{"type": "refusal", "refusal": "No."}]}
    end = event("response.completed", response={"status": "completed", "output": [refused]})
    (answer,) = reply_from_events(
        streamed(event("response.output_item.done", item=refused, output_index=5), end), NOTHING
    ).answers
    assert (answer.refusal, answer.stop) == ("No.", StopReason.END)


def test_thoughts_of_different_parts_stand_apart() -> None:
    told = streamed(
        event("response.reasoning_text.delta", content_index=0, delta="a"),
        event("response.reasoning_text.delta", content_index=0, delta="b"),
        event("response.reasoning_text.delta", content_index=0, delta=""),
        event("response.reasoning_summary_text.delta", summary_index=0, delta="c"),
        event("response.output_item.done", item={"type": "reasoning", "summary": []}),
        event(
            "response.output_item.done",
            output_index=1,
            item={"type": "reasoning", "id": "rs_1", "summary": [{"text": "d"}], "encrypted_content": "g"},
        ),
        event(
            "response.output_item.done",
            output_index=2,
            item={"type": "reasoning", "summary": [], "content": [], "encrypted_content": "h"},
        ),
    )
    assert told == [
        Thinking("a"),
        Thinking("b"),
        Thinking("\n\nc"),
        Thinking("\n\nd"),
        Signed("scsig.openai_responses.rs_1:g"),
        Signed("scsig.openai_responses.:h", redacted=True),
    ]


def test_pictures_are_made_and_other_items_and_annotations_are_lost_by_name() -> None:
    cited = {"type": "output_text", "text": "Hi", "annotations": [{"type": "url_citation", "url": "MARKER"}]}
    body = {
        "output": [
            {"type": "image_generation_call", "result": "iVBORw0KGgo="},
            {"type": "image_generation_call", "result": None},
            {"type": "web_search_call", "content": "strange"},
            {"type": "MARKER or not"},
            {"type": "message", "content": [cited]},
        ],
        "service_tier": 7,
    }
    told = list(events(json.dumps(body).encode()))
    assert [e.name for e in told if isinstance(e, Lost)] == ["web_search_call", "output", "annotations"]
    assert reply_from_events(told, NOTHING) == Reply(
        (Answer((Media("image", "image/png", "iVBORw0KGgo="), Text("Hi"))),), NOTHING
    )


def test_a_reason_that_is_unknown_is_an_end() -> None:
    body = {"output": [], "status": "incomplete", "incomplete_details": {"reason": "steered"}}
    assert Finished(StopReason.END) in events(json.dumps(body).encode())


@pytest.mark.parametrize(
    "data",
    [
        event("error", error={"message": "MARKER"}),
        event("error", message="MARKER"),
        event("response.failed", response={"error": {"message": "MARKER"}}),
        b'{"error":{"message":"MARKER"}}',
        b"<html>MARKER",
        b"",
        event("response.output_text.delta", delta=7),
        event("response.output_text.delta", delta="x", logprobs="MARKER"),
        event("response.output_text.delta", output_index="MARKER", delta="x"),
        event("response.function_call_arguments.delta", delta="MARKER"),
        event("response.output_item.added", item={"type": "function_call"}),
        event("response.output_item.done", item={"type": "message", "content": "MARKER"}),
        event("response.output_item.done"),
        event("response.completed"),
        event("response.completed", response={"output": "MARKER"}),
    ],
)
def test_an_error_in_the_place_of_an_event_is_broken(data: bytes) -> None:
    with pytest.raises(Broken) as broken:
        streamed(data)
    assert "MARKER" not in str(broken.value)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"{}",
        b"\xff",
        b'{"error":{"message":"MARKER"}}',
        b'{"output":[],"status":"failed"}',
        b'{"output":[],"status":"in_progress"}',
        b'{"output":[7]}',
        b'{"output":[{"type":"message","content":[7]}]}',
    ],
)
def test_a_body_that_is_no_complete_response_is_broken(body: bytes) -> None:
    with pytest.raises(Broken) as broken:
        events(body)
    assert "MARKER" not in str(broken.value)
