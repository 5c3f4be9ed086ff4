"""Events of a stream as bytes."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.dialects import sse
from gateway.dialects.anthropic_messages.frames import PING, BlockPiece, Blocks, frame, note
from gateway.dialects.anthropic_messages.ids import call_id
from gateway.dialects.dialect import Broken, ReplyIdentity
from gateway.dialects.neutral import CallBegan, CallWrote, Made, Media, Said, Signed, Thinking
from gateway.dialects.signatures import split_id
from tests.dialects.anthropic_messages.strategies import ANY_INPUT


@pytest.mark.parametrize(
    ("event", "written"),
    [
        (
            frame("content_block_stop", index=3),
            b'event: content_block_stop\ndata: {"type":"content_block_stop","index":3}\n\n',
        ),
        (PING, b'event: ping\ndata: {"type":"ping"}\n\n'),
    ],
)
def test_an_event_says_its_type_twice(event: bytes, written: bytes) -> None:
    assert event == written


def test_what_is_written_is_one_event() -> None:
    text = "a\n\nb\r\n"
    assert sse.Events().feed(frame("x", text=text)) == [frame("x", text=text)]


HEAD = ReplyIdentity("01J", "small", 1_795_000_000, lambda: 25)


def written(pieces: Iterable[BlockPiece], *, closed: bool = True) -> list[dict[str, Any]]:
    blocks = Blocks(HEAD)
    out = b"".join(map(blocks.add, pieces)) + (blocks.close() if closed else b"")
    return [json.loads(sse.payload(event)) for event in sse.Events().feed(out)]


def kinds(frames: list[dict[str, Any]]) -> list[tuple[str, int]]:
    short = {"content_block_start": "start", "content_block_delta": "delta", "content_block_stop": "stop"}
    return [(short[frame["type"]], frame["index"]) for frame in frames]


def content(frames: list[dict[str, Any]]) -> list[Any]:
    """The blocks, as a client puts them together."""
    found: list[Any] = []
    for event in frames:
        if event["type"] == "content_block_start":
            found.append({**event["content_block"], "json": ""})
        elif event["type"] == "content_block_delta":
            delta = dict(event["delta"])
            del delta["type"]
            ((name, text),) = delta.items()
            found[-1][{"partial_json": "json"}.get(name, name)] += text
    return found


def test_blocks_follow_each_other() -> None:
    frames = written([Thinking("h"), Thinking("m"), Signed("s"), Said("a"), Said("b"), CallBegan(0, "t", "f")])
    assert kinds(frames) == [
        ("start", 0),
        ("delta", 0),
        ("delta", 0),
        ("delta", 0),
        ("stop", 0),
        ("start", 1),
        ("delta", 1),
        ("delta", 1),
        ("stop", 1),
        ("start", 2),
        ("stop", 2),
    ]
    assert content(frames) == [
        {"type": "thinking", "thinking": "hm", "signature": "s", "json": ""},
        {"type": "text", "text": "ab", "json": ""},
        {"type": "tool_use", "id": "t", "name": "f", "input": {}, "json": ""},
    ]


def test_nothing_waits_that_need_not() -> None:
    blocks = Blocks(HEAD)
    assert b'"text":"a"' in blocks.add(Said("a"))
    assert b'"text":"b"' in blocks.add(Said("b"))
    assert b"content_block_stop" in blocks.add(CallBegan(0, "t", "f"))
    assert b'"partial_json":"{"' in blocks.add(CallWrote(0, "{"))


def test_a_signed_thought_is_over() -> None:
    frames = written([Thinking("a"), Signed("1"), Thinking("b"), Signed("2"), Signed("3")])
    assert [(block["thinking"], block["signature"]) for block in content(frames)] == [("a", "1"), ("b", "2"), ("", "3")]


def test_a_redacted_thought_is_a_block_of_its_own() -> None:
    frames = written([Thinking("a"), Signed("sealed", redacted=True), Thinking("b")])
    assert [block["type"] for block in content(frames)] == ["thinking", "redacted_thinking", "thinking"]
    assert content(frames)[1]["data"] == "sealed"


def test_empty_pieces_are_no_blocks() -> None:
    assert written([Said(""), Thinking("")]) == []
    assert kinds(written([CallBegan(0, "t", "f"), CallWrote(0, "")])) == [("start", 0), ("stop", 0)]


def test_calls_whose_arguments_come_in_turns_are_written_one_after_the_other() -> None:
    turns: list[BlockPiece] = [
        CallBegan(0, "a", "f"),
        CallBegan(1, "b", "g"),
        CallWrote(0, '{"x":'),
        CallWrote(1, '{"y":"}"'),
        CallWrote(0, "1}"),
        CallWrote(1, "}"),
    ]
    frames = written(turns)
    assert kinds(frames) == [
        ("start", 0),
        ("delta", 0),
        ("delta", 0),
        ("stop", 0),
        ("start", 1),
        ("delta", 1),
        ("delta", 1),
        ("stop", 1),
    ]
    assert [block["json"] for block in content(frames)] == ['{"x":1}', '{"y":"}"}']


def test_a_complete_call_does_not_hold_up_the_next() -> None:
    frames = written(
        [CallBegan(0, "a", "f"), CallWrote(0, "{}"), CallBegan(1, "b", "g"), CallWrote(1, '{"y"')], closed=False
    )
    assert kinds(frames)[-2:] == [("start", 1), ("delta", 1)]


def test_braces_alone_do_not_make_a_call_complete() -> None:
    frames = written([CallBegan(0, "a", "f"), CallWrote(0, '{"x":{}'), CallBegan(1, "b", "g")], closed=False)
    assert kinds(frames) == [("start", 0), ("delta", 0)]


def test_words_after_a_call_wait_for_its_end() -> None:
    frames = written([CallBegan(0, "a", "f"), CallWrote(0, "{"), Said("x"), CallWrote(0, "}"), Said("y")])
    assert [block["type"] for block in content(frames)] == ["tool_use", "text"]
    assert (content(frames)[0]["json"], content(frames)[1]["text"]) == ("{}", "xy")


def test_blanks_after_a_call_are_nothing_and_more_is_a_fault() -> None:
    blocks = Blocks(HEAD)
    for piece in (CallBegan(0, "a", "f"), CallWrote(0, "{}"), CallBegan(1, "b", "g")):
        blocks.add(piece)
    assert blocks.add(CallWrote(0, "\n")) == b""
    with pytest.raises(Broken):
        blocks.add(CallWrote(0, "{"))


def test_a_picture_leaves_a_note() -> None:
    picture = Media("image", "image/png", "AAAA")
    (block,) = content(written([Said("see: "), Made(picture)]))
    assert block["text"] == "see: " + note(picture)
    assert "image/png" in note(picture)
    assert "AAAA" not in note(picture)


@pytest.mark.parametrize(
    ("id_", "expected"), [("toolu_1", "toolu_1"), ("", "toolu_01J_2"), ("functions.f:0", "functions_f_0_")]
)
def test_ids_have_the_form_that_anthropic_demands(id_: str, expected: str) -> None:
    assert call_id(HEAD, 2, id_, "").startswith(expected)
    assert split_id(call_id(HEAD, 2, id_, "google's")) == (call_id(HEAD, 2, id_, ""), "google's")


calls = st.integers(0, 3).flatmap(
    lambda n: st.tuples(*[st.text(max_size=6).map(lambda said: json.dumps({"said": said, "{": "}"})) for _ in range(n)])
)


@ANY_INPUT
@given(calls, st.data())
def test_whatever_the_order_every_call_arrives_whole(arguments: tuple[str, ...], data: st.DataObject) -> None:
    pieces: list[BlockPiece] = [CallBegan(place, f"t{place}", "f") for place in range(len(arguments))]
    cut = {place: [text[:3], text[3:9], text[9:]] for place, text in enumerate(arguments)}
    while any(cut.values()):
        place = data.draw(st.sampled_from([place for place, left in cut.items() if left]))
        pieces.append(CallWrote(place, cut[place].pop(0)))
    frames = written(pieces)
    assert [block["json"] for block in content(frames)] == list(arguments)
    assert [index for kind, index in kinds(frames) if kind == "start"] == list(range(len(arguments)))
    open_blocks = 0
    for kind, _ in kinds(frames):
        open_blocks += {"start": 1, "stop": -1}.get(kind, 0)
        assert open_blocks in (0, 1)
