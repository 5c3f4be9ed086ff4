"""Calls that an output limit cut off have no half in dialects whose arguments are objects."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.dialects.neutral import Answer, Call, StopReason, Text
from gateway.dialects.prompt import PLAIN, PromptHead
from gateway.dialects.translation import ReplyMark, Translation
from gateway.dialects.truncated_calls import drop_truncated_calls, whole
from tests.builders import a_route, a_snapshot

SAID, CALL, HALF, BARE = Text("hm"), Call("a", "f", '{"x": 1}'), Call("b", "g", '{"y": "lo'), Call("c", "h", "")


def test_a_call_that_was_cut_off_is_left_out() -> None:
    assert drop_truncated_calls(Answer((SAID, CALL, BARE, HALF), StopReason.LENGTH)) == (SAID, CALL, BARE)
    assert whole([CALL, HALF], StopReason.LENGTH) == [CALL]


@pytest.mark.parametrize("stop", [StopReason.CALLS, StopReason.END, StopReason.FILTERED])
def test_of_an_answer_that_was_not_cut_off_nothing_is(stop: StopReason) -> None:
    assert drop_truncated_calls(Answer((SAID, CALL, HALF), stop)) == (SAID, CALL, HALF)
    assert whole([HALF], stop) == whole([HALF], None) == [HALF]


# --- towards clients -------------------------------------------------------------------------------------------------

CALLED = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": '{"x": "lo'}}
MESSAGE = {"role": "assistant", "content": "hm", "tool_calls": [CALLED]}
WHOLE = {"choices": [{"index": 0, "message": MESSAGE, "finish_reason": "length"}]}
PIECE = {"choices": [{"index": 0, "delta": {**MESSAGE, "tool_calls": [{"index": 0, **CALLED}]}}]}
END: dict[str, Any] = {"choices": [{"index": 0, "delta": {}, "finish_reason": "length"}]}


def asking(client: str, *, streaming: bool) -> Translation:
    hello = {"role": "user", "content": "hello"}
    bodies: dict[str, Any] = {
        "anthropic_messages": {"model": "small", "max_tokens": 9, "messages": [hello], "stream": streaming},
        "google_generate": {"contents": [{"role": "user", "parts": [{"text": "hello"}]}]},
    }
    asked = PromptHead(model="small", streaming=streaming) if client == "google_generate" else PLAIN
    return Translation.accepted(client, json.dumps(bodies[client]).encode(), asked, a_snapshot())


@pytest.mark.parametrize(
    ("client", "said", "why"),
    [("anthropic_messages", b'"text":"hm"', b'"max_tokens"'), ("google_generate", b'"text":"hm"', b'"MAX_TOKENS"')],
)
def test_a_reply_that_was_cut_off_in_a_call_is_a_reply(client: str, said: bytes, why: bytes) -> None:
    body = asking(client, streaming=False).whole("openai_chat", json.dumps(WHOLE).encode(), ReplyMark("01J", 5)).body
    assert said in body
    assert why in body
    assert b"call_1" not in body


def test_a_stream_that_was_cut_off_in_a_call_comes_to_its_end() -> None:
    stream = asking("google_generate", streaming=True).stream("openai_chat", a_route(), ReplyMark("01J", 5))
    pieces = [b"data: " + json.dumps(piece).encode() + b"\n\n" for piece in (PIECE, END)]
    shown = b"".join(map(stream.feed, [*pieces, b"data: [DONE]\n\n"]))
    assert stream.complete
    assert b'"MAX_TOKENS"' in shown
    assert b"call_1" not in shown
