from __future__ import annotations

import asyncio
import gc
import logging
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway.upstream.client import HttpxUpstream, Reply, UpstreamFault
from tests.scripted import END, Connection, Provider, Script, chunk, hangs, once, replies, reply, stream_head, streams
from tests.upstream.calling import (
    CONNECT_S,
    KEY,
    LOOPBACK_PEM,
    PROMPT,
    a_call,
    an_upstream,
    fault_of,
    run,
    tls_server,
    whole,
)

CANCELLED_AT_ONCE = 50


def a_provider(*scripts: Script, tls: bool) -> Provider:
    return Provider(*scripts, tls=tls_server() if tls else None)


async def _turns(number: int) -> None:
    """Lets the loop go round."""
    for _ in range(number):
        await asyncio.sleep(0)


async def _cancel(tasks: list[asyncio.Task[Reply]]) -> None:
    for task in tasks:
        task.cancel()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(end) for end in ended] == [asyncio.CancelledError] * len(tasks)


async def _asked(provider: Provider, times: int) -> None:
    while len(provider.requests) < times:
        provider.asked.clear()
        await provider.asked.wait()


async def _gives_up_before_the_head(upstream: HttpxUpstream, provider: Provider) -> None:
    before = len(provider.requests)
    calls = [asyncio.create_task(upstream.send(a_call(provider.url), CONNECT_S)) for _ in range(CANCELLED_AT_ONCE)]
    await _asked(provider, before + CANCELLED_AT_ONCE)
    await _cancel(calls)


async def _gives_up_in_the_body(upstream: HttpxUpstream, provider: Provider) -> None:
    async def read(begun: asyncio.Event) -> Reply:
        answer = await upstream.send(a_call(provider.url), CONNECT_S)
        async for _ in answer.chunks():
            begun.set()
        return answer

    begun = [asyncio.Event() for _ in range(CANCELLED_AT_ONCE)]
    reading = [asyncio.create_task(read(event)) for event in begun]
    for event in begun:
        await event.wait()
    await _cancel(reading)


@contextmanager
def _a_full_listener() -> Iterator[str]:
    """An address where connecting neither succeeds nor fails: its backlog is full and nobody accepts."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for client in waiting:
            client.setblocking(False)
            client.connect_ex(listener.getsockname())
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        finally:
            for client in waiting:
                client.close()


async def _gives_up_connecting(upstream: HttpxUpstream, url: str, turns: int) -> None:
    calls = [asyncio.create_task(upstream.send(a_call(url), CONNECT_S)) for _ in range(CANCELLED_AT_ONCE)]
    await _turns(turns)  # each time stopped at another await
    await _cancel(calls)


def _open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_3000_cancelled_calls_leak_nothing_and_cost_nobody_an_answer() -> None:
    """httpx 0.28 answers PoolTimeout for ever after such a series, against a healthy provider."""
    ready = asyncio.Event()

    async def script(connection: Connection) -> None:
        if ready.is_set():
            await replies(reply(body=b"yes"))(connection)
        elif provider_of_streams:
            await hangs(stream_head(), chunk(b"a"))(connection)
        else:
            await hangs()(connection)

    provider_of_streams: list[bool] = []

    async def scenario() -> None:
        async with Provider(script) as provider, an_upstream() as upstream:
            with _a_full_listener() as full:
                before = _open_files()
                for turns in range(1000 // CANCELLED_AT_ONCE):
                    await _gives_up_connecting(upstream, full, turns)
            for _ in range(1000 // CANCELLED_AT_ONCE):
                await _gives_up_before_the_head(upstream, provider)
                await provider.quiet()  # cut at the provider at once, not when it would have answered
            provider_of_streams.append(True)
            for _ in range(1000 // CANCELLED_AT_ONCE):
                await _gives_up_in_the_body(upstream, provider)
                await provider.quiet()
            assert _open_files() <= before
            ready.set()
            connected = provider.connections
            for _ in range(100):
                assert await whole(await upstream.send(a_call(provider.url), CONNECT_S)) == b"yes"
            assert provider.connections == connected + 1

    run(scenario())


@pytest.mark.parametrize("tls", [False, True])
def test_closing_a_reply_cuts_it_at_the_provider(tls: bool) -> None:
    async def scenario() -> None:
        script = hangs(stream_head(), chunk(b"a"))
        async with a_provider(script, tls=tls) as provider, an_upstream(str(LOOPBACK_PEM)) as upstream:
            answer = await upstream.send(a_call(provider.url), CONNECT_S)
            await answer.close()
            await provider.quiet()
            await answer.close()
            assert provider.open == 0

    run(scenario())


@pytest.mark.parametrize("tls", [False, True])
def test_cancelling_before_the_head_cuts_it_at_the_provider(tls: bool) -> None:
    async def scenario() -> None:
        async with a_provider(hangs(), tls=tls) as provider, an_upstream(str(LOOPBACK_PEM)) as upstream:
            call = asyncio.create_task(upstream.send(a_call(provider.url), CONNECT_S))
            await _asked(provider, 1)
            await _cancel([call])
            await provider.quiet()
            assert provider.open == 0

    run(scenario())


def test_what_was_not_yet_sent_of_a_cancelled_prompt_is_never_sent() -> None:
    size = 32_000_000
    arrived: list[int] = []
    cancelled = asyncio.Event()

    async def reads_late(connection: Connection) -> None:
        await cancelled.wait()
        arrived.append(await connection.rest())

    async def scenario() -> None:
        async with Provider(reads_late) as provider, an_upstream() as upstream:
            before = _open_files()
            call = asyncio.create_task(upstream.send(a_call(provider.url, body=bytes(size)), CONNECT_S))
            await _turns(200)  # connected, and every buffer between us is full
            assert _open_files() == before + 2
            await _cancel([call])
            await _turns(5)
            assert _open_files() == before + 1  # ours is gone although the provider has read nothing
            cancelled.set()
            await provider.quiet()
        assert arrived[0] < size

    run(scenario())


@contextmanager
def _a_deaf_provider() -> Iterator[str]:
    """Answers one call over TLS, begins a reply and hears nothing from then on, not even a goodbye."""
    over = threading.Event()

    def serve() -> None:
        raw, _ = listener.accept()
        with tls_server().wrap_socket(raw, server_side=True) as wire:
            wire.recv(65_536)
            wire.sendall(stream_head() + chunk(b"a"))
            over.wait(30)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = threading.Thread(target=serve)
        serving.start()
        yield f"https://127.0.0.1:{listener.getsockname()[1]}/"
        over.set()
        serving.join()


def test_closing_a_reply_waits_for_nobody() -> None:
    async def scenario() -> None:
        async with an_upstream(str(LOOPBACK_PEM)) as upstream:
            with _a_deaf_provider() as url:
                answer = await upstream.send(a_call(url), CONNECT_S)
                before = _open_files()
                await answer.close()
                await _turns(5)
                assert _open_files() == before - 1

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
@pytest.mark.parametrize("turns", [0, 20], ids=["unread by the loop", "read by the loop"])
@pytest.mark.parametrize("tls", [False, True])
def test_bytes_that_come_late_never_become_the_next_reply(late: bytes, turns: int, tls: bool) -> None:
    kept: list[Connection] = []

    async def first(connection: Connection) -> None:
        kept.append(connection)
        await connection.request()
        await connection.send(reply(body=b"one"))
        await connection.left()

    async def scenario() -> None:
        async with (
            a_provider(first, replies(reply(body=b"two")), tls=tls) as provider,
            an_upstream(str(LOOPBACK_PEM)) as upstream,
        ):
            assert await whole(await upstream.send(a_call(provider.url), CONNECT_S)) == b"one"
            await kept[0].send(late)
            await _turns(turns)
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


def test_a_call_lost_with_its_kept_connection_may_have_been_read_and_is_not_repeated() -> None:
    async def script(connection: Connection) -> None:
        await connection.request()
        await connection.send(reply())
        await connection.request()

    async def scenario() -> None:
        async with Provider(script) as provider, an_upstream() as upstream:
            await whole(await upstream.send(a_call(provider.url), CONNECT_S))
            fault = await fault_of(upstream, a_call(provider.url))
            await provider.quiet()
        assert (fault.kind, fault.sent) == ("reset", "maybe")
        assert len(provider.requests) == 2

    run(scenario())


@pytest.mark.parametrize("tls", [False, True])
def test_keeps_a_connection_whose_reply_was_read_to_its_end(tls: bool) -> None:
    async def scenario() -> None:
        async with a_provider(streams(b"a", b"b"), tls=tls) as provider, an_upstream(str(LOOPBACK_PEM)) as upstream:
            for _ in range(20):
                assert await whole(await upstream.send(a_call(provider.url), CONNECT_S)) == b"ab"
            assert provider.connections == 1

    run(scenario())


def test_takes_no_cookie_to_the_next_call() -> None:
    async def scenario() -> None:
        baked = reply(headers=[("set-cookie", "session=tenant-a; Path=/")])
        async with Provider(replies(baked)) as provider, an_upstream() as upstream:
            by_name = provider.url.replace("127.0.0.1", "localhost")  # jars distrust addresses
            for _ in range(2):
                await whole(await upstream.send(a_call(by_name), CONNECT_S))
        assert [received.header("cookie") for received in provider.requests] == [None, None]

    run(scenario())


def test_takes_neither_proxies_nor_credentials_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)

    async def scenario() -> None:
        async with Provider(replies(reply())) as proxy, Provider(replies(reply(body=b"yes"))) as provider:
            for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
                monkeypatch.setenv(name, proxy.url)
                monkeypatch.setenv(name.lower(), proxy.url)
            async with an_upstream() as upstream:
                assert await whole(await upstream.send(a_call(provider.url), CONNECT_S)) == b"yes"
            assert proxy.connections == 0
        assert provider.requests[0].header("authorization") is None

    run(scenario())


def test_writes_no_session_keys_where_the_environment_asks_for_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    keys = tmp_path / "keys.log"
    server = tls_server()  # made before, so that it does not write them either
    monkeypatch.setenv("SSLKEYLOGFILE", str(keys))

    async def scenario() -> None:
        async with Provider(replies(reply()), tls=server) as provider, an_upstream(str(LOOPBACK_PEM)) as upstream:
            await whole(await upstream.send(a_call(provider.url), CONNECT_S))

    run(scenario())
    assert not keys.exists()


def test_logs_neither_address_nor_key_nor_words_at_any_level(caplog: pytest.LogCaptureFixture) -> None:
    async def resets(connection: Connection) -> None:
        await connection.request()
        connection.reset()

    async def scenario() -> None:
        scripts = (once(b"nobody may read this\r\n\r\n"), resets, hangs(stream_head(), chunk(b"a")))
        async with Provider(replies(reply())) as provider, an_upstream() as upstream:
            await whole(await upstream.send(a_call(provider.url + "/v1/secret-path"), CONNECT_S))
        for script in scripts:
            async with Provider(script) as provider, an_upstream() as upstream:
                try:
                    answer = await upstream.send(a_call(provider.url + "/v1/secret-path"), CONNECT_S)
                    await answer.close()
                except UpstreamFault:
                    pass

    with caplog.at_level(logging.DEBUG):
        for name in ("aiohttp", "aiohttp.client", "aiohttp.internal", "httpx", "asyncio"):
            caplog.set_level(logging.DEBUG, logger=name)
        run(scenario())
        gc.collect()  # what is left unclosed complains when it goes
        logging.getLogger("httpx").debug("the log is being read")
    assert "the log is being read" in caplog.text
    assert "secret-path" not in caplog.text
    assert KEY not in caplog.text
    assert "nobody may read" not in caplog.text


def test_100_streams_at_once_each_hear_their_own() -> None:
    async def script(connection: Connection) -> None:
        while True:
            mine = (await connection.request()).body
            await connection.send(stream_head())
            await everybody_is_here.wait()
            for number in range(20):
                await connection.send(chunk(mine + b" %d;" % number))
                await asyncio.sleep(0)
            await connection.send(END)

    everybody_is_here = asyncio.Event()

    async def scenario() -> None:
        async with Provider(script) as provider, an_upstream() as upstream:

            async def stream(name: bytes) -> bytes:
                answer = await upstream.send(a_call(provider.url, body=name), CONNECT_S)
                if len(provider.requests) == 100:
                    everybody_is_here.set()
                return await whole(answer)

            names = [b"stream-%d" % number for number in range(100)]
            heard = await asyncio.gather(*map(stream, names))
        assert heard == [b"".join(name + b" %d;" % number for number in range(20)) for name in names]
        assert provider.connections == 100

    run(scenario())


@pytest.mark.parametrize("framed", [True, False], ids=["by length", "by the connection's end"])
def test_a_slow_reader_gets_a_large_body_whole_although_the_provider_has_left(framed: bool) -> None:
    body = os.urandom(4096) * 1000

    async def script(connection: Connection) -> None:
        await connection.request()
        await connection.send(reply(body=body) if framed else b"HTTP/1.1 200 OK\r\n\r\n" + body)

    async def scenario() -> None:
        async with Provider(script) as provider, an_upstream() as upstream:
            answer = await upstream.send(a_call(provider.url), CONNECT_S)
            received = b""
            async for piece in answer.chunks():
                received += piece
                await _turns(10)
            await answer.close()
        assert received == body

    run(scenario())


def test_a_reader_that_waits_holds_the_provider_back() -> None:
    """A body is buffered to a bound, not as fast as the provider can send."""
    size = 64_000_000
    written: list[int] = []

    async def script(connection: Connection) -> None:
        await connection.request()
        await connection.send(stream_head())
        for _ in range(size // 64_000):
            await connection.send(chunk(bytes(64_000)))
            written.append(64_000)

    async def scenario() -> None:
        async with Provider(script) as provider, an_upstream() as upstream:
            answer = await upstream.send(a_call(provider.url), CONNECT_S)
            stalled = -1
            while stalled != len(written):
                stalled = len(written)
                await _turns(50)
            assert sum(written) < size / 2
            await answer.close()
            await provider.quiet()

    run(scenario())


def test_a_reply_that_comes_before_the_whole_prompt_is_read_and_its_connection_not_used_again() -> None:
    rest: list[int] = []
    size = 32_000_000

    async def refuses_early(connection: Connection) -> None:
        await connection.send(reply(413, body=b"too large"))
        await asked_again.wait()
        rest.append(await connection.rest())

    asked_again = asyncio.Event()

    async def scenario() -> None:
        async with Provider(refuses_early, replies(reply(body=b"yes"))) as provider, an_upstream() as upstream:
            answer = await upstream.send(a_call(provider.url, body=bytes(size)), CONNECT_S)
            assert b"".join([piece async for piece in answer.chunks()]) == b"too large"
            await _turns(20)
            await answer.close()
            second = asyncio.create_task(upstream.send(a_call(provider.url), CONNECT_S))
            await _turns(20)
            asked_again.set()
            assert await whole(await second) == b"yes"
            assert provider.requests[0].body == PROMPT
            assert rest[0] < size

    run(scenario())


def test_the_prompt_arrives_as_it_was_given_at_any_size() -> None:
    async def scenario() -> None:
        async with Provider(replies(reply())) as provider, an_upstream() as upstream:
            for body in (b"", b"x", PROMPT, os.urandom(5_000_000)):
                await whole(await upstream.send(a_call(provider.url, body=body), CONNECT_S))
                assert provider.requests[-1].body == body
                assert provider.requests[-1].header("content-length") == str(len(body))

    run(scenario())
