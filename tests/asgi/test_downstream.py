"""Replies, refusals and broken streams as ASGI messages."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, MutableMapping
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.asgi.downstream import ERROR_MOST, ClientDownstream, ErrorFormat, encoded, error_answer, send_error
from gateway.core.errors import (
    Ended,
    InvalidRequest,
    NotFound,
    RateLimited,
    RoutesUnavailable,
    Unauthenticated,
    UpstreamFailed,
)
from gateway.core.limits import Standing
from gateway.core.receipt import ReceiptId
from gateway.dialects import google_generate, openai_chat
from gateway.dialects.prompt import PLAIN, PromptHead

RECEIPT = ReceiptId("01JDRECEIPT00000000000000A")
CHAT = ErrorFormat(openai_chat)
HEADERS = {"x-safeconduct-receipt": str(RECEIPT), "x-safeconduct-route": "alpha/small"}


class Wire:
    """What went out."""

    def __init__(self) -> None:
        self.messages: list[MutableMapping[str, Any]] = []

    async def send(self, message: MutableMapping[str, Any]) -> None:
        self.messages.append(message)

    @property
    def headers(self) -> dict[bytes, bytes]:
        return dict(self.messages[0]["headers"])


async def test_a_whole_reply_is_one_head_with_its_length_and_one_body() -> None:
    wire = Wire()

    client = ClientDownstream(wire.send, CHAT)
    await client.begin(HEADERS, streaming=False)
    assert wire.messages == [], "the head waits for the first bytes"
    await client.end(b"{}")
    start, body = wire.messages
    assert (start["status"], wire.headers[b"content-length"]) == (200, b"2")
    assert wire.headers[b"content-type"] == b"application/json"
    assert wire.headers[b"x-request-id"] == wire.headers[b"request-id"] == RECEIPT.encode()
    assert wire.headers[b"x-safeconduct-route"] == b"alpha/small"
    assert body == {"type": "http.response.body", "body": b"{}", "more_body": False}


async def test_a_stream_is_one_head_without_a_length_and_pieces_as_they_come() -> None:
    wire = Wire()

    client = ClientDownstream(wire.send, CHAT)
    await client.begin(HEADERS, streaming=True)
    await client.send(b"one")
    await client.send(b"two")
    await client.end(b"three")
    assert b"content-length" not in wire.headers
    assert wire.headers[b"content-type"].startswith(b"text/event-stream")
    assert [(m["body"], m["more_body"]) for m in wire.messages[1:]] == [
        (b"one", True),
        (b"two", True),
        (b"three", False),
    ]


async def test_a_broken_stream_gets_its_error_event_and_no_end() -> None:
    wire = Wire()

    client = ClientDownstream(wire.send, CHAT)
    await client.begin(HEADERS, streaming=True)
    await client.send(b"one")
    await client.abort(b"data: {}\n\n")
    last = wire.messages[-1]
    assert last["more_body"] is True, "the server then cuts the connection"
    assert last["body"] == b"data: {}\n\n"
    assert all(m["body"] != b"" for m in wire.messages[1:])


def head_of(asked: PromptHead, *, streaming: bool, headers: Mapping[str, str] = HEADERS) -> dict[bytes, bytes]:
    wire = Wire()

    async def story() -> None:
        client = ClientDownstream(wire.send, ErrorFormat(google_generate, asked))
        await client.begin(headers, streaming=streaming)
        await client.end(b"[]")

    asyncio.run(story())
    return wire.headers


ARRAY = PromptHead(streaming=True, framing="array")


def test_a_stream_as_an_array_is_json_that_no_proxy_holds_back() -> None:
    head = head_of(ARRAY, streaming=True)
    assert head[b"content-type"] == b"application/json"
    assert (head[b"cache-control"], head[b"x-accel-buffering"]) == (b"no-cache", b"no")
    assert head_of(PLAIN, streaming=True)[b"content-type"].startswith(b"text/event-stream")
    assert b"cache-control" not in head_of(ARRAY, streaming=False)


def test_an_error_that_no_client_reads_to_its_end_is_told_without_its_lists() -> None:
    long = InvalidRequest("m", field="f", routes=["x" * 100] * (ERROR_MOST // 100))
    body = json.loads(error_answer(long, None, CHAT).body)["error"]
    assert body["field"] == "f"
    assert "routes" not in body


def test_what_has_no_receipt_has_no_id() -> None:
    head = head_of(PLAIN, streaming=False, headers={"x-safeconduct-count": "estimated"})
    assert head[b"x-safeconduct-count"] == b"estimated"
    assert not {b"x-request-id", b"request-id"} & set(head)


def refused(
    ended: Ended, receipt: ReceiptId | None = None, voice: ErrorFormat = CHAT
) -> tuple[int, dict[bytes, bytes], Any]:
    wire = Wire()
    asyncio.run(send_error(wire.send, ended, receipt, voice))
    start, body = wire.messages
    assert int(wire.headers[b"content-length"]) == len(body["body"])
    assert body["more_body"] is False
    return start["status"], wire.headers, json.loads(body["body"])["error"]


def test_a_refusal_names_its_receipt_only_where_there_is_one() -> None:
    status, headers, error = refused(NotFound(), RECEIPT)
    assert (status, error["code"]) == (404, "not_found")
    named = {headers[name] for name in (b"x-safeconduct-receipt", b"x-request-id", b"request-id")}
    assert named == {RECEIPT.encode()}, "under the names that the SDKs read"
    assert b"x-safeconduct-receipt" not in refused(NotFound())[1]


@pytest.mark.parametrize(
    ("ended", "said"),
    [
        (NotFound(), b"false"),
        (Unauthenticated(), b"false"),
        (RateLimited("Slowly."), b"true"),
        (UpstreamFailed("It failed."), b"true"),
        (RoutesUnavailable("They cool down."), b"true"),
    ],
)
def test_sdks_are_told_whether_to_try_again(ended: Ended, said: bytes) -> None:
    assert refused(ended)[1][b"x-should-retry"] == said


@pytest.mark.parametrize(("seconds", "said"), [(None, None), (0.0, b"1"), (0.4, b"1"), (7.6, b"8"), (60, b"60")])
def test_a_time_to_wait_is_in_whole_seconds_and_never_none_at_all(seconds: float | None, said: bytes | None) -> None:
    ended = RateLimited("Slowly.")
    ended.retry_after_s = seconds
    assert refused(ended)[1].get(b"retry-after") == said


def test_a_time_to_wait_is_rounded_up_and_exact_to_the_millisecond() -> None:
    ended = RateLimited("Slowly.")
    ended.retry_after_s = 7.2001
    headers = refused(ended)[1]
    assert (headers[b"retry-after"], headers[b"retry-after-ms"]) == (b"8", b"7201")


def test_a_refusal_for_a_rate_says_where_the_rates_stand_in_the_names_of_the_clients_sdk() -> None:
    ended = RateLimited("Slowly.")
    ended.standings = (Standing("requests", 60, 0, 500_000, datetime(2026, 11, 24, 12, tzinfo=UTC)),)
    said = {name: value for name, value in refused(ended)[1].items() if b"ratelimit" in name}
    assert said == {
        b"x-ratelimit-limit-requests": b"60",
        b"x-ratelimit-remaining-requests": b"0",
        b"x-ratelimit-reset-requests": b"500ms",
    }


def test_a_missing_key_is_asked_for_and_a_method_named() -> None:
    assert refused(Unauthenticated())[1][b"www-authenticate"] == b"Bearer"
    assert b"www-authenticate" not in refused(NotFound())[1]
    wrong = InvalidRequest("This endpoint takes POST.", code="method_not_allowed", allow="POST")
    assert refused(wrong)[1][b"allow"] == b"POST"


def test_where_an_array_was_asked_for_the_error_is_its_only_element() -> None:
    wire = Wire()
    asyncio.run(send_error(wire.send, NotFound(), None, ErrorFormat(openai_chat, ARRAY)))
    (element,) = json.loads(wire.messages[1]["body"])
    assert element["error"]["code"] == "not_found"
    assert wire.headers[b"content-type"] == b"application/json"


@pytest.mark.parametrize("code", ["request_timeout", "too_large", "unsupported_media"])
def test_the_connection_ends_where_a_body_is_left_unread(code: Any) -> None:
    assert refused(InvalidRequest("No.", code=code))[1][b"connection"] == b"close"
    assert b"connection" not in refused(InvalidRequest("No."))[1]


def test_a_header_never_fails_on_a_letter() -> None:
    assert encoded({"x-a": "é", "x-b": "\u0142"}) == [(b"x-a", b"\xe9"), (b"x-b", b"?")]
