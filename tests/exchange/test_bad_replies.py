"""What providers get wrong, in each dialect: the next route, or an error of the client's own dialect; never a word."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.core.catalog import RouteId
from gateway.dialects.prompt import PromptHead
from tests.asgi.gate import Door, a_door, chat
from tests.dialects.test_translation import ANSWER, CHATS, HELLO, STREAMED
from tests.exchange.desk import Client, Desk, a_desk
from tests.exchange.test_bad_requests import NEXT, PATHS, answering
from tests.scripted import Connection, Provider, reply

WAYS = [(client, route) for route in CHATS for client in (route, NEXT[route])]
"""Each provider before a client of its own dialect, whose bytes are passed on, and before one of another."""
CALL = PromptHead(model="small", verb="generateContent")
IMPOSSIBLE = 10**30


class Playing:
    """A provider that sends what it is told to, on any number of connections."""

    def __init__(self) -> None:
        self.pieces: Sequence[bytes] = ()

    async def script(self, connection: Connection) -> None:
        while True:
            await connection.request()
            await connection.send(*self.pieces)


@asynccontextmanager
async def failing_over(tmp_path: Path, route: str, *, to: str) -> AsyncIterator[tuple[Playing, Desk]]:
    """A desk whose first provider may be told what to say, and whose second answers well, in the dialect `to`."""
    playing = Playing()
    async with (
        Provider(playing.script) as alpha,
        answering(to) as beta,
        a_desk(tmp_path, alpha, beta, dialects=[route, to]) as desk,
    ):
        yield playing, desk


async def asked(desk: Desk, client: str, *, streaming: bool = False) -> tuple[Client, dict[str, Any]]:
    """What a client received, and the receipt. Whatever went wrong before is forgiven."""
    desk.services.health.succeeded(RouteId("alpha/small"), 1.0)
    said = {**HELLO[client], **({"stream": True} if streaming and client != "google_generate" else {})}
    call = (STREAMED if streaming else CALL) if client == "google_generate" else PromptHead()
    got = await desk.ask(json.dumps(said).encode(), dialect=client, asked=call)
    return got, desk.receipts()[0]


# --- whole replies that are none -------------------------------------------------------------------------------------


def not_replies(route: str) -> dict[str, bytes]:
    good = json.dumps(ANSWER[route]).encode()
    return {
        "nothing": b"",
        "blank": b" \n",
        "null": b"null",
        "a page": b"<!doctype html><title>MARKER</title>",
        "a list": b'["MARKER"]',
        "an empty object": b"{}",
        "an error": b'{"type":"error","error":{"type":"MARKER","message":"MARKER","code":500}}',
        "cut in half": good[: len(good) // 2],
        "cut before its end": good[:-1],
        "more behind it": good + b"MARKER",
        "cut in a letter": good.replace(b"well said", b"MARKER \xe2\x82"),
        "another dialect's": json.dumps(ANSWER[NEXT[route]]).encode(),
        "nothing but numbers": b"7",
    }


def _with_usage(route: str, usage: object) -> bytes:
    return json.dumps({**ANSWER[route], _usage_member(route): usage}).encode()


def _usage_member(route: str) -> str:
    return "usageMetadata" if route == "google_generate" else "usage"


@pytest.mark.parametrize(("client", "route"), WAYS)
async def test_what_is_no_reply_is_left_for_the_next_route(tmp_path: Path, client: str, route: str) -> None:
    async with failing_over(tmp_path, route, to=client) as (playing, desk):
        for name, body in not_replies(route).items():
            playing.pieces = [reply(body=body)]
            got, receipt = await asked(desk, client)
            assert got.body == json.dumps(ANSWER[client]).encode(), name
            assert [a["outcome"] for a in receipt["attempts"]] == ["failed", "served"], name
            assert receipt["attempts"][0]["usage_source"] == "held", "it may have been billed"
            assert "MARKER" not in json.dumps(receipt), name
        assert desk.heard.faults == []


@pytest.mark.parametrize("client", CHATS)
async def test_where_no_route_has_a_reply_the_client_is_told_so_in_its_own_shape(tmp_path: Path, client: str) -> None:
    playing, route = Playing(), NEXT[client]
    async with Provider(playing.script) as alpha, a_door(tmp_path, alpha, dialects=[route]) as door:
        for name, body in not_replies(route).items():
            playing.pieces = [reply(body=body, headers=[("x-request-id", "MARKER"), ("set-cookie", "MARKER=1")])]
            door.desk.services.health.succeeded(RouteId("alpha/small"), 1.0)
            status, headers, told = await exchanged(door, client)
            assert status == 502, name
            assert code_of(client, told) == "upstream_failed", name
            assert b"MARKER" not in headers + told, name
            assert b"x-should-retry: true" in headers


def code_of(client: str, body: bytes) -> str:
    """Our code where the SDKs of the dialect read it."""
    error = json.loads(body)["error"]
    if client == "anthropic_messages":
        return str(error["details"]["error_code"])
    return str(error["details"][0]["reason"] if client == "google_generate" else error["code"])


def wire(client: str, *, streaming: bool = False) -> bytes:
    path = PATHS[client].replace(":generateContent", ":streamGenerateContent?alt=sse") if streaming else PATHS[client]
    said = {**HELLO[client], **({"stream": True} if streaming and client != "google_generate" else {})}
    return chat(json.dumps(said).encode()).replace(b"/v1/chat/completions", path.encode(), 1)


async def exchanged(door: Door, client: str) -> tuple[int, bytes, bytes]:
    """(status, head, body) of one request that is not streamed."""
    reader, writer = await door.raw(wire(client))
    top = await reader.readuntil(b"\r\n\r\n")
    length = int(top.partition(b"content-length: ")[2].partition(b"\r\n")[0])
    body = await reader.readexactly(length)
    writer.close()
    return int(top.split(b" ", 2)[1]), top, body


# --- usage that cannot be true ---------------------------------------------------------------------------------------

NAMES = {
    "openai_chat": ("prompt_tokens", "completion_tokens"),
    "openai_responses": ("input_tokens", "output_tokens"),
    "anthropic_messages": ("input_tokens", "output_tokens"),
    "google_generate": ("promptTokenCount", "candidatesTokenCount"),
}
TOO_MUCH_INSIDE: dict[str, dict[str, Any]] = {
    "openai_chat": {"completion_tokens_details": {"reasoning_tokens": 500}},
    "openai_responses": {"output_tokens_details": {"reasoning_tokens": 500}},
    "anthropic_messages": {"output_tokens_details": {"thinking_tokens": 500}},
    "google_generate": {"cachedContentTokenCount": 500},
}


def usages(route: str) -> dict[str, tuple[object, str, str]]:
    """(what the provider reports, where the usage then comes from, why it is suspect)"""
    put, made = NAMES[route]
    return {
        "missing": (None, "held", ""),
        "empty": ({}, "held", ""),
        "of nothing known": ({"MARKER": 7}, "held", ""),
        "negative": ({put: 9, made: -3}, "held", "out_of_range"),
        "all negative": ({put: -9, made: -3}, "held", "out_of_range"),
        "larger than possible": ({put: IMPOSSIBLE, made: 3}, "held", "out_of_range"),
        "parts larger than the whole": ({put: 9, made: 3, **TOO_MUCH_INSIDE[route]}, "provider", "parts_exceed_total"),
        "nothing": ({put: 0, made: 0}, "provider", ""),
    }


@pytest.mark.parametrize(("client", "route"), WAYS)
async def test_usage_that_cannot_be_true_is_marked_and_never_negative(tmp_path: Path, client: str, route: str) -> None:
    async with failing_over(tmp_path, route, to=client) as (playing, desk):
        for name, (usage, source, suspect) in usages(route).items():
            playing.pieces = [reply(body=_with_usage(route, usage))]
            got, receipt = await asked(desk, client)
            assert b"well said" in got.body, name
            (attempt,) = receipt["attempts"]
            assert (attempt["usage_source"], attempt["suspect"]) == (source, suspect), name
            assert all(0 < tokens <= 2**53 for tokens in attempt["usage"].values()), name
            assert (attempt["cost"] > 0) is (name != "nothing"), "what is unknown is not taken as nothing"
            assert not attempt["over_hold"], name
            assert "MARKER" not in json.dumps(receipt), name
            assert client == route or _stated(client, got.body) >= 0, name
        assert desk.heard.faults == []


def _stated(client: str, body: bytes) -> int:
    """The least of the numbers that a client is told."""
    usage = json.loads(body)[_usage_member(client)]
    return min(value for value in usage.values() if isinstance(value, int))
