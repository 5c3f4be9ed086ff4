"""Replies of Converse, read into neutral events."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.core.usage import Usage
from gateway.dialects.bedrock_converse.events import ConverseReader, events, reader
from gateway.dialects.bedrock_converse.framing import ConverseFraming
from gateway.dialects.dialect import Broken
from gateway.dialects.neutral import (
    CallBegan,
    CallWrote,
    Finished,
    Lost,
    ReplyEnded,
    ReplyEvent,
    Said,
    Signed,
    StopReason,
    Thinking,
    Used,
)
from tests.dialects import aws_frames

USAGE = {"inputTokens": 9, "outputTokens": 3, "totalTokens": 12}
METADATA = {"usage": USAGE, "metrics": {"latencyMs": 7}}


def kinds(found: list[ReplyEvent]) -> list[str]:
    return [type(event).__name__ for event in found]


def delta(index: int, **members: Any) -> dict[str, Any]:
    return {"contentBlockDelta": {"contentBlockIndex": index, "delta": members, "p": "abcdefgh"}}


def listened(*frames: dict[str, Any]) -> list[ReplyEvent]:
    """The events of a stream that came to the end of its connection."""
    reading = reader()
    return [*(event for frame in frames for event in reading.read(json.dumps(frame).encode())), *reading.close()]


STOPPED = {"messageStop": {"stopReason": "end_turn", "p": "abc"}}


def test_a_stream_ends_with_the_usage_behind_its_stop() -> None:
    found = listened({"messageStart": {"role": "assistant"}}, delta(0, text="hi"), STOPPED, {"metadata": METADATA})
    assert found[:2] == [Said("hi"), Finished(StopReason.END)]
    used = found[2]
    assert isinstance(used, Used)
    assert used.metered.usage == Usage(input=9, output=3)
    assert found[3] == ReplyEnded()


def test_a_stream_without_metadata_ends_without_usage() -> None:
    assert listened(delta(0, text="hi"), STOPPED) == [Said("hi"), Finished(StopReason.END), ReplyEnded()]


def test_metadata_alone_is_no_end() -> None:
    assert kinds(listened(delta(0, text="hi"), {"metadata": METADATA})) == ["Said", "Used"]


def test_early_metadata_counts_and_the_end_follows_the_stop() -> None:
    assert kinds(listened({"metadata": METADATA}, STOPPED)) == ["Used", "Finished", "ReplyEnded"]


def test_a_connection_that_ends_before_the_stop_is_no_end() -> None:
    assert listened(delta(0, text="hi")) == [Said("hi")]


def test_calls_thoughts_and_what_the_provider_runs_itself() -> None:
    found = listened(
        delta(0, reasoningContent={"text": "hm"}),
        delta(0, reasoningContent={"signature": "si"}),
        delta(0, reasoningContent={"signature": "g"}),
        {"contentBlockStop": {"contentBlockIndex": 0}},
        delta(1, reasoningContent={"redactedContent": "c2VhbGVk"}),
        {"contentBlockStart": {"contentBlockIndex": 2, "start": {"toolUse": {"toolUseId": "a", "name": "look"}}}},
        delta(2, toolUse={"input": '{"at":'}),
        {
            "contentBlockStart": {
                "contentBlockIndex": 3,
                "start": {"toolUse": {"toolUseId": "s", "name": "search", "type": "server_tool_use"}},
            }
        },
        delta(3, toolUse={"input": '{"q":1}'}),
        {"contentBlockStart": {"contentBlockIndex": 4, "start": {"toolResult": {"toolUseId": "s"}}}},
        delta(2, toolUse={"input": "1}"}),
        {"contentBlockStart": {"contentBlockIndex": 5, "start": {"toolUse": {"toolUseId": "b", "name": "rest"}}}},
        {"messageStop": {"stopReason": "tool_use"}},
    )
    assert found == [
        Thinking("hm"),
        Signed("scsig.bedrock_converse.sig"),
        Signed("scsig.bedrock_converse.c2VhbGVk", redacted=True),
        CallBegan(0, "a", "look"),
        CallWrote(0, '{"at":'),
        Lost("toolUse"),
        Lost("toolResult"),
        CallWrote(0, "1}"),
        CallBegan(1, "b", "rest"),
        Finished(StopReason.CALLS),
        ReplyEnded(),
    ]


@pytest.mark.parametrize("frame", [{"newKind": {"a": 1}}, {"messageStart": {"role": "assistant"}}, {}])
def test_unknown_kinds_say_nothing(frame: dict[str, Any]) -> None:
    assert list(reader().read(json.dumps(frame).encode())) == []


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b'{"type":"error","error":{"type":"throttlingException","message":""}}',
        b'{"messageStop":{"stopReason":"malformed_tool_use"}}',
        b'{"contentBlockStart":{"start":{"toolUse":{"toolUseId":"a"}}}}',
    ],
)
def test_errors_and_output_that_cannot_be_read_are_broken(data: bytes) -> None:
    with pytest.raises(Broken):
        list(reader().read(data))


STREAM = b"".join(
    aws_frames.event(kind, **members)
    for kind, members in (
        ("messageStart", {"role": "assistant"}),
        ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "hello"}, "p": "x" * 64}),
        ("contentBlockStop", {"contentBlockIndex": 0}),
        ("messageStop", {"stopReason": "end_turn"}),
        ("metadata", METADATA),
    )
)


def of_pieces(*pieces: bytes) -> list[ReplyEvent]:
    framing, reading = ConverseFraming(), ConverseReader()
    return [event for piece in pieces for raw in framing.feed(piece) for event in reading.read(framing.payload(raw))]


def test_a_stream_is_the_same_wherever_it_is_cut() -> None:
    whole = of_pieces(STREAM)
    assert kinds(whole) == ["Said", "Finished", "Used", "ReplyEnded"]
    for at in range(len(STREAM) + 1):
        assert of_pieces(STREAM[:at], STREAM[at:]) == whole
    assert of_pieces(*(STREAM[at : at + 1] for at in range(len(STREAM)))) == whole


@pytest.mark.parametrize("at", range(0, len(STREAM), 5))
def test_a_flipped_bit_never_passes_for_the_whole(at: int) -> None:
    damaged = bytearray(STREAM)
    damaged[at] ^= 0x10
    with pytest.raises(Broken):
        of_pieces(bytes(damaged))


def whole(*blocks: dict[str, Any], **members: Any) -> bytes:
    reply = {"output": {"message": {"role": "assistant", "content": list(blocks)}}, "stopReason": "end_turn"}
    return json.dumps({**reply, "usage": USAGE, **members}).encode()


def test_a_whole_reply() -> None:
    found = list(
        events(
            whole(
                {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "s"}}},
                {"reasoningContent": {"redactedContent": "cg=="}},
                {"text": "hi"},
                {"toolUse": {"toolUseId": "a", "name": "look", "input": {"at": 1}}},
                {"toolUse": {"toolUseId": "s", "name": "x", "type": "server_tool_use", "input": {}}},
                {"toolUse": {"toolUseId": "b", "name": "rest", "input": {}}},
                {"citationsContent": {}},
                stopReason="stop_sequence",
                additionalModelResponseFields={"stop_sequence": "END"},
                serviceTier={"type": "flex"},
            )
        )
    )
    used = found.pop(-3)
    assert isinstance(used, Used)
    assert (used.metered.usage, used.metered.tier) == (Usage(input=9, output=3), "flex")
    assert found == [
        Thinking("hm"),
        Signed("scsig.bedrock_converse.s"),
        Signed("scsig.bedrock_converse.cg==", redacted=True),
        Said("hi"),
        CallBegan(0, "a", "look"),
        CallWrote(0, '{"at":1}'),
        Lost("toolUse"),
        CallBegan(1, "b", "rest"),
        Lost("citations"),
        Finished(StopReason.SEQUENCE, "END"),
        ReplyEnded(),
    ]


@pytest.mark.parametrize(
    ("reason", "stop"),
    [
        ("max_tokens", StopReason.LENGTH),
        ("model_context_window_exceeded", StopReason.LENGTH),
        ("content_filtered", StopReason.FILTERED),
        ("guardrail_intervened", StopReason.FILTERED),
        ("something_new", StopReason.END),
    ],
)
def test_reasons_to_stop(reason: str, stop: StopReason) -> None:
    assert Finished(stop) in list(events(whole({"text": "a"}, stopReason=reason)))


def test_a_guardrail_may_leave_no_message() -> None:
    found = list(events(b'{"output":{},"stopReason":"guardrail_intervened"}'))
    assert found == [Finished(StopReason.FILTERED), ReplyEnded()]


@pytest.mark.parametrize(
    "body", [b"", b"{}", b'{"message":"no"}', whole(stopReason="malformed_model_output"), whole({"toolUse": {}})]
)
def test_what_is_no_reply_is_broken(body: bytes) -> None:
    with pytest.raises(Broken):
        list(events(body))
