from __future__ import annotations

import asyncio
import gc
import logging
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway.upstream.calls import ProviderReply
from gateway.upstream.client import ProviderClient
from gateway.upstream.faults import UpstreamFault
from tests.scripted import END, Connection, Provider, Script, chunk, hangs, once, replies, reply, stream_head
from tests.upstream.calling import (
    CONNECT_S,
    KEY,
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

CANCELLED_AT_ONCE = 50


async def _gives_up_before_the_head(upstream: ProviderClient, provider: Provider) -> None:
    before = len(provider.requests)
    calls = [asyncio.create_task(upstream.send(a_call(provider.url), CONNECT_S)) for _ in range(CANCELLED_AT_ONCE)]
    await asked(provider, before + CANCELLED_AT_ONCE)
    await cancel(calls)


async def _gives_up_in_the_body(upstream: ProviderClient, provider: Provider) -> None:
    async def read(begun: asyncio.Event) -> ProviderReply:
        answer = await upstream.send(a_call(provider.url), CONNECT_S)
        async for _ in answer.chunks():
            begun.set()
        return answer

    begun = [asyncio.Event() for _ in range(CANCELLED_AT_ONCE)]
    reading = [asyncio.create_task(read(event)) for event in begun]
    for event in begun:
        await event.wait()
    await cancel(reading)


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


async def _gives_up_connecting(upstream: ProviderClient, url: str, rounds: int) -> None:
    calls = [asyncio.create_task(upstream.send(a_call(url), CONNECT_S)) for _ in range(CANCELLED_AT_ONCE)]
    await turns(rounds)  # each time stopped at another await
    await cancel(calls)


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
                before = open_files()
                for rounds in range(1000 // CANCELLED_AT_ONCE):
                    await _gives_up_connecting(upstream, full, rounds)
            for _ in range(1000 // CANCELLED_AT_ONCE):
                await _gives_up_before_the_head(upstream, provider)
                await provider.quiet()  # cut at the provider at once, not when it would have answered
            provider_of_streams.append(True)
            for _ in range(1000 // CANCELLED_AT_ONCE):
                await _gives_up_in_the_body(upstream, provider)
                await provider.quiet()
            assert open_files() <= before
            ready.set()
            connected = provider.connections
            for _ in range(100):
                assert await whole(await upstream.send(a_call(provider.url), CONNECT_S)) == b"yes"
            assert provider.connections == connected + 1

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
        async with Provider(replies(reply()), tls=server) as provider, an_upstream(LOOPBACK_PEM) as upstream:
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
                await turns(10)
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
                await turns(50)
            assert sum(written) < size / 2
            await answer.close()
            await provider.quiet()

    run(scenario())


def test_the_prompt_arrives_as_it_was_given_at_any_size() -> None:
    async def scenario() -> None:
        async with Provider(replies(reply())) as provider, an_upstream() as upstream:
            for body in (b"x", PROMPT, os.urandom(5_000_000), os.urandom(300_000), b"{}"):
                await whole(await upstream.send(a_call(provider.url, body=body), CONNECT_S))
                assert provider.requests[-1].body == body
                assert provider.requests[-1].header("content-length") == str(len(body))
            assert provider.connections == 1

    run(scenario())


def test_origins_and_credentials_share_no_connection_and_no_head() -> None:
    async def scenario() -> None:
        async with (
            Provider(replies(reply(body=b"one"))) as one,
            Provider(replies(reply(body=b"other"))) as other,
            an_upstream() as upstream,
        ):
            for tenant in ("a", "b", "a"):
                for provider, body in ((one, b"one"), (other, b"other")):
                    call = a_call(provider.url, authorization=tenant)
                    assert await whole(await upstream.send(call, CONNECT_S)) == body
            assert [r.header("authorization") for r in one.requests] == ["a", "b", "a"]
            assert (one.connections, other.connections) == (1, 1)

    run(scenario())


# --- a kept connection that has ended ---------------------------------------------------------------------------------


async def _closes(connection: Connection) -> None:
    await connection.request()


async def _resets(connection: Connection) -> None:
    await connection.request()
    connection.reset()


async def _half_closes(connection: Connection) -> None:
    await connection.request()
    connection.half_close()
    await connection.left()


async def _resets_unread(connection: Connection) -> None:
    connection.reset()


ENDS: dict[str, Script] = {
    "FIN crosses the request": _closes,
    "RST answers the request": _resets,
    "half-close": _half_closes,
    "RST before the request": _resets_unread,
}


def _once_then(end: Script) -> Script:
    """Answer one call, then end the kept connection in one way."""

    async def script(connection: Connection) -> None:
        await connection.request()
        await connection.send(reply(body=b"one"))
        await end(connection)

    return script


@pytest.mark.parametrize(("end", "tls"), [(e, tls) for e in ENDS for tls in (False, True) if not (tls and "half" in e)])
@pytest.mark.parametrize("size", [100, 4_000_000])
def test_a_call_on_a_kept_connection_that_ended_is_sent_once_more(end: str, size: int, tls: bool) -> None:
    script, again = _once_then(ENDS[end]), replies(reply(body=b"two"))

    async def scenario() -> None:
        async with a_provider(script, again, tls=tls) as provider, an_upstream(LOOPBACK_PEM) as upstream:
            prompt = os.urandom(size)
            assert await whole(await upstream.send(a_call(provider.url), CONNECT_S)) == b"one"
            assert await whole(await upstream.send(a_call(provider.url, body=prompt), CONNECT_S)) == b"two"
            assert provider.requests[-1].body == prompt
            assert provider.connections == 2

    run(scenario())


RECEIVED: dict[str, bytes] = {
    "a byte": b"H",
    "half a head": b"HTTP/1.1 200 OK\r\nconte",
    "an interim reply": b"HTTP/1.1 100 Continue\r\n\r\n",
    "a head": stream_head(),
    "a piece": stream_head() + chunk(b"some"),
}


@pytest.mark.parametrize("name", RECEIVED)
@pytest.mark.parametrize("end", ["FIN", "RST"])
def test_a_call_of_which_one_byte_came_back_is_never_sent_again(name: str, end: str) -> None:
    async def ends(connection: Connection) -> None:
        await connection.request()
        await connection.send(RECEIVED[name])
        await received.wait()
        if end == "RST":
            connection.reset()

    received = asyncio.Event()

    async def scenario() -> None:
        async with Provider(_once_then(ends)) as provider, an_upstream() as upstream:
            await whole(await upstream.send(a_call(provider.url), CONNECT_S))
            failing = asyncio.create_task(fault_of(upstream, a_call(provider.url)))
            await asked(provider, 2)
            await turns(20)
            received.set()
            fault = await failing
            assert (fault.kind, fault.sent) == ("reset", "maybe")
            assert (provider.connections, len(provider.requests)) == (1, 2)

    run(scenario())


def test_a_call_on_a_new_connection_is_never_sent_again() -> None:
    async def scenario() -> None:
        async with Provider(_closes) as provider, an_upstream() as upstream:
            fault = await fault_of(upstream, a_call(provider.url))
            assert (fault.kind, fault.sent) == ("reset", "maybe")
            assert provider.connections == 1

    run(scenario())


def test_a_call_is_sent_twice_at_most() -> None:
    async def scenario() -> None:
        async with Provider(_once_then(_closes), _closes) as provider, an_upstream() as upstream:
            await whole(await upstream.send(a_call(provider.url), CONNECT_S))
            fault = await fault_of(upstream, a_call(provider.url))
            assert (fault.kind, fault.sent) == ("reset", "maybe")
            assert provider.connections == 2

    run(scenario())


def test_a_call_that_the_provider_worked_on_is_not_sent_again() -> None:
    """An end that comes later than any that was under way is the provider's, which may bill for its work."""

    async def works_and_closes(connection: Connection) -> None:
        await connection.request()
        await worked.wait()

    worked = asyncio.Event()

    async def scenario() -> None:
        async with Provider(_once_then(works_and_closes)) as provider, an_upstream(crossing_s=0) as upstream:
            await whole(await upstream.send(a_call(provider.url), CONNECT_S))
            prompt = bytes(1000)
            before = sys.getrefcount(prompt)
            failing = asyncio.create_task(fault_of(upstream, a_call(provider.url, body=prompt)))
            await asked(provider, 2)
            await turns(20)
            assert sys.getrefcount(prompt) == before + 1  # the test's own call; nobody else holds it any more
            worked.set()
            fault = await failing
            assert (fault.kind, fault.sent) == ("reset", "maybe")
            assert provider.connections == 1

    run(scenario())


def test_a_second_sending_that_finds_no_provider_says_that_the_first_may_have_arrived() -> None:
    async def scenario() -> None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(PROMPT)
            writer.write(reply())
            await reader.readuntil(PROMPT)
            server.close()
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with an_upstream() as upstream:
            await whole(await upstream.send(a_call(url), CONNECT_S))
            fault = await fault_of(upstream, a_call(url))
            assert (fault.kind, fault.sent) == ("connect", "maybe")

    run(scenario())


def test_closing_ends_a_call_on_a_kept_connection_without_sending_it_again() -> None:
    async def scenario() -> None:
        async with Provider(_once_then(hangs())) as provider, an_upstream() as upstream:
            await whole(await upstream.send(a_call(provider.url), CONNECT_S))
            failing = asyncio.create_task(fault_of(upstream, a_call(provider.url)))
            await asked(provider, 2)
            await upstream.close()
            fault = await failing
            assert (fault.kind, fault.sent) == ("closed", "maybe")
            assert provider.connections == 1

    run(scenario())
