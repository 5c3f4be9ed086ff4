"""What all wire languages of the sandbox share."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.sandbox.wires import anthropic_messages, openai_chat
from gateway.sandbox.wires.language import PacedStream, bearer, event, replying
from tests.sandbox.wires.calls import MARKER, a_call, streamed, whole

TALK: dict[str, Any] = {"model": "sandbox-small", "max_tokens": 9, "messages": [{"role": "user", "content": MARKER}]}


@pytest.mark.parametrize("wire", [openai_chat, anthropic_messages])
def test_the_request_decides_whether_its_reply_is_streamed(wire: Any) -> None:
    handler = replying(wire)
    assert whole(handler, a_call(TALK))["model"] == "sandbox-small"
    assert streamed(handler, a_call({**TALK, "stream": True})).endswith(b"\n\n")


def test_a_stream_is_of_events_unless_it_says_otherwise() -> None:
    assert PacedStream(iter(())).media_type == "text/event-stream"


def test_no_word_of_a_request_is_in_the_repr_of_its_call() -> None:
    made = a_call(TALK, headers={"x-api-key": MARKER}, query={"key": MARKER}, path={"model": MARKER})
    assert MARKER in made.body.decode()
    assert MARKER not in repr(made)


def test_an_event_is_named_if_its_language_names_it() -> None:
    assert event({"type": "ping"}) == b'data: {"type":"ping"}\n\n'
    assert event({"type": "ping"}, named=True) == b'event: ping\ndata: {"type":"ping"}\n\n'


@pytest.mark.parametrize(
    ("header", "token"), [("Bearer k", "k"), ("bearer k", "k"), ("Basic k", ""), ("Bearer", ""), ("", "")]
)
def test_a_token_is_found_in_its_header(header: str, token: str) -> None:
    assert bearer({"authorization": header}) == token
