"""Usage in odd shapes: a finished reply stays, and what cannot be true is marked."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from gateway.dialects import anthropic_messages, google_generate, openai_chat, openai_embeddings, openai_responses
from gateway.dialects.anthropic_messages.usage import CacheCreation, MessagesUsage, metered, over
from gateway.dialects.dialect import Dialect
from gateway.dialects.neutral import Vectors
from gateway.dialects.usage_report import UNREADABLE, UsageReport, decoder


class Details(UsageReport):
    cached: int | None = None


class Counts(UsageReport, rename="camel"):
    tokens_in: int | None = None
    details: Details | None = None
    rows: list[Details] | None = None
    tier: str | None = None


class Message(msgspec.Struct):
    text: str
    usage: Counts | None = None


def read(usage: Any, text: Any = "hello") -> Message:
    return decoder(Message)(json.dumps({"text": text, "usage": usage}).encode())


@pytest.mark.parametrize(
    ("usage", "counts"),
    [
        ({"tokensIn": 7}, Counts(7)),
        ({"tokensIn": 14417.92}, Counts(14418)),
        ({"tokensIn": "12"}, Counts(12)),
        ({"tokensIn": "many"}, Counts(UNREADABLE)),
        ({"tokensIn": [3]}, Counts(UNREADABLE)),
        ({"tokensIn": True}, Counts(UNREADABLE)),
        ({"tokensIn": None, "details": []}, Counts()),
        ({"tokensIn": 3, "details": {"cached": 1.5}}, Counts(3, Details(2))),
        ({"tokensIn": 3, "details": [4]}, Counts(3, Details(UNREADABLE))),
        ({"tokensIn": 3, "rows": [{"cached": 2.5}, 9]}, Counts(3, None, [Details(3)])),
        ({"tokensIn": 3, "tier": 9}, Counts(3)),
        ([], None),
        ("none", None),
        (7, None),
    ],
)
def test_a_count_is_read_or_marked_and_the_reply_stays(usage: Any, counts: Counts | None) -> None:
    assert read(usage) == Message("hello", counts)


@pytest.mark.parametrize("number", ["1e400", "-1e400", "1" * 310, "1" * 5_000, "14417.92e300"])
def test_a_number_beyond_every_double_costs_no_reply(number: str) -> None:
    reply = decoder(Message)(f'{{"text":"hello","usage":{{"tokensIn":{number}}},"score":{number}}}'.encode())
    assert reply.text == "hello"
    assert reply.usage is not None
    assert reply.usage.tokens_in is not None
    assert not 0 <= reply.usage.tokens_in <= 2**53


@pytest.mark.parametrize("text", [b"{", b"[1", b'{"text": 5}', b"\xff", b"", b'{"usage": {"tokensIn": [}'])
def test_something_else_than_the_reply_is_a_decode_error(text: bytes) -> None:
    with pytest.raises((msgspec.DecodeError, UnicodeDecodeError)):
        decoder(Message)(text)


def test_anything_but_usage_must_have_its_type() -> None:
    with pytest.raises(msgspec.DecodeError):
        read({"tokensIn": 7.5}, text=[1])


def chat(count: Any) -> Any:
    choice = {"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}
    usage = {"prompt_tokens": count, "completion_tokens": 2, "prompt_tokens_details": []}
    return {"id": "c", "object": "chat.completion", "choices": [choice], "usage": usage}


def responses(count: Any) -> Any:
    text = {"type": "output_text", "text": "hi", "annotations": []}
    item = {"type": "message", "id": "m", "role": "assistant", "status": "completed", "content": [text]}
    usage = {"input_tokens": count, "output_tokens": 2, "input_tokens_details": []}
    return {"id": "r", "object": "response", "status": "completed", "output": [item], "usage": usage}


def messages(count: Any) -> Any:
    usage = {"input_tokens": count, "output_tokens": 2, "cache_creation": [], "server_tool_use": "none"}
    message = {"id": "m", "type": "message", "role": "assistant", "stop_reason": "end_turn", "usage": usage}
    return {**message, "content": [{"type": "text", "text": "hi"}]}


def google(count: Any) -> Any:
    candidate = {"content": {"role": "model", "parts": [{"text": "hi"}]}, "finishReason": "STOP", "index": 0}
    return {"candidates": [candidate], "usageMetadata": {"promptTokenCount": count, "candidatesTokenCount": 2}}


def vectors(count: Any) -> Any:
    return {"object": "list", "data": [{"index": 0, "embedding": [0.5]}], "usage": {"prompt_tokens": count}}


REPLIES: list[tuple[Dialect, Any]] = [
    (openai_chat, chat),
    (openai_responses, responses),
    (anthropic_messages, messages),
    (google_generate, google),
    (openai_embeddings, vectors),
]


@pytest.mark.parametrize("count", [14417.92, "12", [1], {"a": 1}, True, -3, 2**70], ids=repr)
@pytest.mark.parametrize(("dialect", "reply"), REPLIES, ids=[dialect.NAME for dialect, _ in REPLIES])
def test_no_usage_throws_a_finished_reply_away(dialect: Dialect, reply: Any, count: Any) -> None:
    """Neither where the reply is passed on nor where it is translated raises; both raised `Broken` before."""
    body = json.dumps(reply(count)).encode()
    observed, _ = dialect.observe(body)
    if observed is not None and isinstance(count, float | str):
        assert observed.usage.context >= 12
    translated = dialect.events(body)
    assert isinstance(translated, Vectors) or list(translated)


def test_a_cache_write_that_becomes_a_read_is_charged_once() -> None:
    begun = MessagesUsage(
        input_tokens=5, cache_creation_input_tokens=100, cache_creation=CacheCreation(60, 40), output_tokens=1
    )
    ended = MessagesUsage(cache_creation_input_tokens=0, cache_read_input_tokens=100, output_tokens=9)
    counted = metered(over(ended, begun))
    assert counted is not None
    assert (counted.usage.cache_write, counted.usage.cache_read, counted.suspect) == (0, 100, "")
    kept = metered(over(MessagesUsage(output_tokens=9), begun))
    assert kept is not None
    assert (kept.usage.cache_write_5m, kept.usage.cache_write_1h) == (60, 40)
