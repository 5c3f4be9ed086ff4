from __future__ import annotations

import asyncio
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from gateway.upstream.faults import UpstreamFault
from tests.scripted import END, Connection, Provider, chunk, hangs, once, replies, reply, stream_head, streams
from tests.upstream.calling import (
    CONNECT_S,
    LOOPBACK_PEM,
    PROMPT,
    a_call,
    a_provider,
    an_upstream,
    asked,
    cancel,
    fault_of,
    open_files,
    run,
    tls_server,
    turns,
    whole,
)


@pytest.mark.parametrize("tls", [False, True])
def test_closing_a_reply_cuts_it_at_the_provider(tls: bool) -> None:
    async def scenario() -> None:
        script = hangs(stream_head(), chunk(b"a"))
        async with a_provider(script, tls=tls) as provider, an_upstream(LOOPBACK_PEM) as upstream:
            answer = await upstream.send(a_call(provider.url), CONNECT_S)
            await answer.close()
            await provider.quiet()
            await answer.close()
            assert provider.open == 0

    run(scenario())


@pytest.mark.parametrize("tls", [False, True])
def test_cancelling_before_the_head_cuts_it_at_the_provider(tls: bool) -> None:
    async def scenario() -> None:
        async with a_provider(hangs(), tls=tls) as provider, an_upstream(LOOPBACK_PEM) as upstream:
            call = asyncio.create_task(upstream.send(a_call(provider.url), CONNECT_S))
            await asked(provider, 1)
            await cancel([call])
            await provider.quiet()
            assert provider.open == 0

    run(scenario())


def test_what_was_not_yet_sent_of_a_cancelled_prompt_is_never_sent() -> None:
    size = 32_000_000
    arrived: list[int] = []
    connected, cancelled = asyncio.Event(), asyncio.Event()

    async def reads_late(connection: Connection) -> None:
        connected.set()
        await cancelled.wait()
        arrived.append(await connection.rest())

    async def scenario() -> None:
        async with Provider(reads_late) as provider, an_upstream() as upstream:
            await turns(5)
            before = open_files()
            call = asyncio.create_task(upstream.send(a_call(provider.url, body=bytes(size)), CONNECT_S))
            await connected.wait()
            await turns(200)  # every buffer between us is full
            assert open_files() == before + 2
            await cancel([call])
            await turns(5)
            assert open_files() == before + 1  # ours is gone although the provider has read nothing
            cancelled.set()
            await provider.quiet()
        assert arrived[0] < size

    run(scenario())


@pytest.mark.parametrize("size", [1_000, 1_000_000])
def test_a_prompt_that_was_sent_is_not_kept_until_the_answer_comes(size: int) -> None:
    async def scenario() -> None:
        async with Provider(hangs()) as provider, an_upstream() as upstream:
            prompt = bytes(size)
            before = sys.getrefcount(prompt)
            call = asyncio.create_task(upstream.send(a_call(provider.url, body=prompt), CONNECT_S))
            await asked(provider, 1)
            assert sys.getrefcount(prompt) == before
            await cancel([call])

    run(scenario())


@contextmanager
def _a_deaf_provider(says: bytes) -> Iterator[tuple[str, threading.Event]]:
    """Hears one call over TLS, says something, and hears nothing from then on, not even a goodbye.

    Gives its address, and an event for when it has heard the call.
    """
    heard, over = threading.Event(), threading.Event()

    def serve() -> None:
        raw, _ = listener.accept()
        with tls_server().wrap_socket(raw, server_side=True) as wire:
            received = b""
            while not received.endswith(PROMPT):
                received += wire.recv(65_536)
            wire.sendall(says)
            heard.set()
            over.wait(30)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = threading.Thread(target=serve)
        serving.start()
        yield f"https://127.0.0.1:{listener.getsockname()[1]}/", heard
        over.set()
        serving.join()


def test_closing_a_reply_waits_for_nobody() -> None:
    async def scenario() -> None:
        async with an_upstream(LOOPBACK_PEM) as upstream:
            with _a_deaf_provider(stream_head() + chunk(b"a")) as (url, _):
                answer = await upstream.send(a_call(url), CONNECT_S)
                before = open_files()
                await answer.close()
                await turns(5)
                assert open_files() == before - 1

    run(scenario())


def test_cancelling_before_the_head_waits_for_nobody() -> None:
    async def scenario() -> None:
        async with an_upstream(LOOPBACK_PEM) as upstream:
            with _a_deaf_provider(b"") as (url, heard):
                call = asyncio.create_task(upstream.send(a_call(url), CONNECT_S))
                await asyncio.to_thread(heard.wait)
                before = open_files()
                await cancel([call])
                await turns(5)
                assert open_files() == before - 1

    run(scenario())


def test_bytes_behind_the_last_chunk_never_become_the_next_reply() -> None:
    headed = asyncio.Event()

    async def first(connection: Connection) -> None:
        await connection.request()
        await connection.send(stream_head())
        await headed.wait()
        await connection.send(chunk(b"one") + END + reply(body=b"another tenant's"))
        await connection.left()

    async def scenario() -> None:
        async with Provider(first, replies(reply(body=b"two"))) as provider, an_upstream() as upstream:
            answer = await upstream.send(a_call(provider.url), CONNECT_S)
            headed.set()
            assert await whole(answer) == b"one"
            assert await whole(await upstream.send(a_call(provider.url), CONNECT_S)) == b"two"

    run(scenario())


def test_bytes_behind_a_reply_never_become_the_next_reply() -> None:
    foreign = reply(body=b"another tenant's")

    async def scenario() -> None:
        async with Provider(replies(reply(body=b"one") + foreign)) as provider, an_upstream() as upstream:
            for _ in range(3):
                assert await whole(await upstream.send(a_call(provider.url), CONNECT_S)) == b"one"
            assert provider.connections == 3

    run(scenario())


@pytest.mark.parametrize(
    "late",
    [reply(body=b"another tenant's"), b"HTTP/1.1 200 OK\r\ncontent-le", b"x", END, b"\r\n\r\n"],
    ids=["reply", "half a head", "a byte", "last chunk", "empty lines"],
)
@pytest.mark.parametrize("rounds", [0, 20], ids=["unread by the loop", "read by the loop"])
@pytest.mark.parametrize("tls", [False, True])
def test_bytes_that_come_late_never_become_the_next_reply(late: bytes, rounds: int, tls: bool) -> None:
    kept: list[Connection] = []

    async def first(connection: Connection) -> None:
        kept.append(connection)
        await connection.request()
        await connection.send(reply(body=b"one"))
        await connection.left()

    async def scenario() -> None:
        async with (
            a_provider(first, replies(reply(body=b"two")), tls=tls) as provider,
            an_upstream(LOOPBACK_PEM) as upstream,
        ):
            assert await whole(await upstream.send(a_call(provider.url), CONNECT_S)) == b"one"
            await kept[0].send(late)
            await turns(rounds)
            assert await whole(await upstream.send(a_call(provider.url), CONNECT_S)) == b"two"
            assert provider.connections == 2

    run(scenario())


def test_a_connection_that_the_provider_has_ended_is_not_used_again() -> None:
    async def scenario() -> None:
        async with Provider(once(reply(body=b"one"))) as provider, an_upstream() as upstream:
            for _ in range(5):
                assert await whole(await upstream.send(a_call(provider.url), CONNECT_S)) == b"one"
            assert provider.connections == 5

    run(scenario())


@pytest.mark.parametrize("tls", [False, True])
def test_keeps_a_connection_whose_reply_was_read_to_its_end(tls: bool) -> None:
    async def scenario() -> None:
        async with a_provider(streams(b"a", b"b"), tls=tls) as provider, an_upstream(LOOPBACK_PEM) as upstream:
            for _ in range(20):
                assert await whole(await upstream.send(a_call(provider.url), CONNECT_S)) == b"ab"
            assert provider.connections == 1

    run(scenario())


def test_a_reply_that_comes_before_the_whole_prompt_is_read_and_its_connection_not_used_again() -> None:
    rest: list[int] = []
    size = 32_000_000

    async def refuses_early(connection: Connection) -> None:
        await connection.send(reply(413, body=b"too large"))
        await asked_again.wait()
        rest.append(await connection.rest())
        cut.set()

    asked_again, cut = asyncio.Event(), asyncio.Event()

    async def scenario() -> None:
        async with Provider(refuses_early, replies(reply(body=b"yes"))) as provider, an_upstream() as upstream:
            answer = await upstream.send(a_call(provider.url, body=bytes(size)), CONNECT_S)
            assert b"".join([piece async for piece in answer.chunks()]) == b"too large"
            await turns(20)
            await answer.close()
            second = asyncio.create_task(upstream.send(a_call(provider.url), CONNECT_S))
            await turns(20)
            asked_again.set()
            assert await whole(await second) == b"yes"
            assert provider.requests[0].body == PROMPT
            await cut.wait()
            assert rest[0] < size

    run(scenario())


WHOLE: dict[str, tuple[bytes, bytes, bool]] = {
    "HTTP/1.0": (b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok", b"ok", False),
    "HTTP/1.0, kept": (b"HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\nok", b"ok", True),
    "a goodbye": (reply(body=b"ok", headers=[("connection", "close")]), b"ok", False),
    "no body": (b"HTTP/1.1 204 No Content\r\n\r\n", b"", True),
    "an empty body": (reply(body=b""), b"", True),
    "an empty field": (reply(body=b"ok", headers=[("x-empty", "")]), b"ok", True),
    "no reason": (b"HTTP/1.1 200\r\ncontent-length: 2\r\n\r\nok", b"ok", True),
    "chunk extensions": (stream_head() + b"2;a=b\r\nok\r\n" + END, b"ok", True),
    "trailers": (stream_head() + chunk(b"ok") + b"0\r\nx-sum: 1\r\nx-other: 2\r\n\r\n", b"ok", True),
    "interim replies": (
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 E\r\nlink: x\r\n\r\n" + reply(body=b"ok"),
        b"ok",
        True,
    ),
}


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("cut_up", [False, True], ids=["at once", "byte by byte"])
def test_a_reply_ends_where_it_says_and_says_whether_its_connection_goes_on(name: str, cut_up: bool) -> None:
    said, body, kept = WHOLE[name]

    async def script(connection: Connection) -> None:
        while True:
            await connection.request()
            for at in range(len(said)) if cut_up else ():
                await connection.send(said[at : at + 1])
                await turns(2)
            await connection.send(b"" if cut_up else said)

    async def scenario() -> None:
        async with Provider(script) as provider, an_upstream() as upstream:
            for _ in range(3):
                answer = await upstream.send(a_call(provider.url), CONNECT_S)
                assert "x-sum" not in answer.headers
                assert await whole(answer) == body
            assert provider.connections == (1 if kept else 3)

    run(scenario())


@pytest.mark.parametrize("tls", [False, True])
def test_a_body_without_length_ends_with_its_connection(tls: bool) -> None:
    async def scenario() -> None:
        script = once(b"HTTP/1.1 200 OK\r\n\r\n", b"so", b"me")
        async with a_provider(script, tls=tls) as provider, an_upstream(LOOPBACK_PEM) as upstream:
            assert await whole(await upstream.send(a_call(provider.url), CONNECT_S)) == b"some"

    run(scenario())


def test_a_body_without_length_is_not_whole_when_we_end_its_connection() -> None:
    async def scenario() -> None:
        async with Provider(hangs(b"HTTP/1.1 200 OK\r\n\r\nsome")) as provider, an_upstream() as upstream:
            answer = await upstream.send(a_call(provider.url), CONNECT_S)
            reading = asyncio.create_task(answer.whole(99))
            await turns(2)
            await upstream.close()
            with pytest.raises(UpstreamFault) as caught:
                await reading
        assert (caught.value.kind, caught.value.sent) == ("reset", "maybe")

    run(scenario())


def test_a_body_without_length_that_is_reset_is_not_whole() -> None:
    async def script(connection: Connection) -> None:
        await connection.request()
        await connection.send(b"HTTP/1.1 200 OK\r\n\r\nsome")
        await headed.wait()
        connection.reset()

    headed = asyncio.Event()

    async def scenario() -> None:
        async with Provider(script) as provider, an_upstream() as upstream:
            answer = await upstream.send(a_call(provider.url), CONNECT_S)
            headed.set()
            with pytest.raises(UpstreamFault) as caught:
                await whole(answer)
        assert caught.value.kind == "reset"

    run(scenario())


WITHOUT_END: dict[str, tuple[bytes, bytes]] = {
    "a head": (b"HTTP/1.1 200 OK\r\nx: ", b"y"),
    "fields": (b"HTTP/1.1 200 OK\r\n", b"x: y\r\n"),
    "interim replies": (b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
    "trailers": (stream_head() + chunk(b"a") + b"0\r\n", b"x: y\r\n"),
    "a chunk's extension": (stream_head() + chunk(b"a") + b"1;x=", b"y"),
}


@pytest.mark.parametrize("name", WITHOUT_END)
def test_what_never_comes_to_a_body_is_cut_off(name: str) -> None:
    first, again = WITHOUT_END[name]

    async def script(connection: Connection) -> None:
        await connection.request()
        await connection.send(first)
        while True:
            await connection.send(again * (30_000 // len(again)))

    async def scenario() -> None:
        async with Provider(script) as provider, an_upstream() as upstream:
            fault = await fault_of(upstream, a_call(provider.url))
            await provider.quiet()
        assert (fault.kind, fault.sent) == ("protocol", "maybe")

    run(scenario())


def test_a_reply_that_comes_before_it_is_asked_for_is_read() -> None:
    """A provider that has too much to do may say so and hang up before it has read a word."""

    async def script(connection: Connection) -> None:
        await connection.send(reply(503, body=b"later", headers=[("connection", "close")]))
        await connection.left()

    async def scenario() -> None:
        async with Provider(script) as provider, an_upstream() as upstream:
            for _ in range(3):
                answer = await upstream.send(a_call(provider.url), CONNECT_S)
                assert (answer.status, await whole(answer)) == (503, b"later")
            assert provider.connections == 3

    run(scenario())


@pytest.mark.parametrize("tls", [False, True])
def test_a_large_prompt_is_answered_while_it_is_written(tls: bool) -> None:
    size = 8_000_000

    async def script(connection: Connection) -> None:
        await connection.send(stream_head(), chunk(b"I listen;"))
        body = (await connection.request()).body
        await connection.send(chunk(b"%d" % len(body)), END)
        await connection.request()
        await connection.send(reply(body=b"still here"))

    async def scenario() -> None:
        async with a_provider(script, tls=tls) as provider, an_upstream(LOOPBACK_PEM) as upstream:
            call = a_call(provider.url, body=bytes(size))
            assert await whole(await upstream.send(call, CONNECT_S)) == b"I listen;%d" % size
            assert await whole(await upstream.send(a_call(provider.url), CONNECT_S)) == b"still here"
            assert provider.connections == 1

    run(scenario())


@pytest.mark.parametrize("tls", [False, True])
def test_a_large_prompt_goes_on_once_the_provider_reads(tls: bool) -> None:
    size = 32_000_000
    full = asyncio.Event()

    async def reads_late(connection: Connection) -> None:
        await full.wait()
        body = (await connection.request()).body
        await connection.send(reply(body=b"%d" % len(body)))

    async def scenario() -> None:
        async with a_provider(reads_late, tls=tls) as provider, an_upstream(LOOPBACK_PEM) as upstream:
            call = asyncio.create_task(upstream.send(a_call(provider.url, body=bytes(size)), CONNECT_S))
            await turns(400)  # every buffer between us is full
            full.set()
            assert await whole(await call) == b"%d" % size

    run(scenario())
