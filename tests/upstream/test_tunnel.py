"""Tunnels through a proxy on loopback: what it is told, what it may answer, and what of a call it ever sees."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway.upstream.address import Origin
from gateway.upstream.calls import ProviderCall
from gateway.upstream.egress import Egress, Proxy, proxy
from tests.scripted import Connection, Provider, Script, hangs, replies, reply
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

NAME = "localhost"  # in the certificate


class AlwaysProxied(Egress):
    """Loopback too, so that the proxy can be tested on it."""

    __slots__ = ()

    def proxy_for(self, origin: Origin) -> Proxy | None:  # noqa: ARG002  # all of them
        return self.proxy


class ConnectProxy:
    """A CONNECT proxy that carries bytes both ways and remembers the heads and the bytes that it saw."""

    def __init__(self, port: int, login: str = "") -> None:
        self._port, self._login = port, login
        self.heads: list[bytes] = []
        self.seen = b""
        self.serving: set[asyncio.Task[None]] = set()

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.serving.add(asyncio.ensure_future(self._serve(reader, writer)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.heads.append(head)
        if self._login and f"proxy-authorization: {self._login}\r\n".encode() not in head:
            writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n")
            writer.close()
            return
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._port)
        writer.write(b"HTTP/1.1 200 Connection established\r\nvia: proxy\r\n\r\n")
        try:
            await asyncio.gather(self._carry(reader, far_writer), self._carry(far_reader, writer))
        finally:
            writer.transport.abort()
            far_writer.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65_536):
                self.seen += data
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        writer.close()


@asynccontextmanager
async def a_proxy(to: Provider, *, tls: bool = False, login: str = "") -> AsyncIterator[tuple[ConnectProxy, str]]:
    """A proxy that leads to one provider, whatever it is asked for, and its address."""
    carrying = ConnectProxy(_port(to), login)
    server = await asyncio.start_server(carrying.accept, "127.0.0.1", 0, ssl=tls_server() if tls else None)
    try:
        yield carrying, f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in carrying.serving:
            task.cancel()
        await asyncio.gather(*carrying.serving, return_exceptions=True)
        await turns(5)


def _port(provider: Provider) -> int:
    return int(provider.address.rpartition(":")[2])


def _through(url: str, authorities: Path | None = LOOPBACK_PEM) -> AlwaysProxied:
    return AlwaysProxied(proxy=proxy(url), authorities=authorities)


def _to(provider: Provider, *, tls: bool, body: bytes = PROMPT) -> ProviderCall:
    return a_call(f"{'https' if tls else 'http'}://{NAME}:{_port(provider)}", path="/v1/secret-path", body=body)


@pytest.mark.parametrize("provider_tls", [False, True], ids=["plain", "TLS"])
@pytest.mark.parametrize("proxy_tls", [False, True], ids=["http proxy", "https proxy"])
def test_calls_go_through_the_proxy_and_share_a_tunnel(provider_tls: bool, proxy_tls: bool) -> None:
    async def scenario() -> None:
        script, large = replies(reply(body=b"yes")), b"x" * 3_000_000
        async with a_provider(script, tls=provider_tls) as provider, a_proxy(provider, tls=proxy_tls) as (seen, place):
            egress = _through(f"{'https' if proxy_tls else 'http'}://{place}")
            async with an_upstream(egress=egress) as upstream:
                for body in (PROMPT, large, PROMPT):
                    call = _to(provider, tls=provider_tls, body=body)
                    assert await whole(await upstream.send(call, CONNECT_S)) == b"yes"
                    assert provider.requests[-1].body == body
            await provider.quiet()
            authority = f"{NAME}:{_port(provider)}"
            assert seen.heads == [
                f"CONNECT {authority} HTTP/1.1\r\nhost: {authority}\r\nuser-agent: safeconduct\r\n\r\n".encode()
            ]
            assert provider.connections == 1

    run(scenario())


def test_the_proxy_sees_nothing_of_a_call_over_tls() -> None:
    async def scenario() -> None:
        async with a_provider(replies(reply(body=b"nobody")), tls=True) as provider, a_proxy(provider) as (seen, place):
            async with an_upstream(egress=_through(f"http://user:pass@{place}")) as upstream:
                await whole(await upstream.send(_to(provider, tls=True), CONNECT_S))
            await provider.quiet()
            assert len(seen.seen) > len(PROMPT)
            for secret in (KEY.encode(), b"nobody", b"secret-path"):
                assert secret not in seen.seen + b"".join(seen.heads)
            assert "proxy-authorization" not in str(provider.requests)

    run(scenario())


@pytest.mark.parametrize(("login", "outcome"), [("user:pass@", "yes"), ("user:wrong@", "proxy"), ("", "proxy")])
def test_the_proxy_is_told_the_login_and_may_refuse_it(login: str, outcome: str) -> None:
    async def scenario() -> None:
        async with (
            a_provider(replies(reply(body=b"yes")), tls=True) as provider,
            a_proxy(provider, login="Basic dXNlcjpwYXNz") as (_, place),
            an_upstream(egress=_through(f"http://{login}{place}")) as upstream,
        ):
            if outcome == "yes":
                assert await whole(await upstream.send(_to(provider, tls=True), CONNECT_S)) == b"yes"
                return
            fault = await fault_of(upstream, _to(provider, tls=True))
            assert (fault.kind, fault.sent) == ("proxy", "nothing")
            assert provider.connections == 0

    run(scenario())


def _answers(*pieces: bytes) -> Script:
    async def script(connection: Connection) -> None:
        await connection.request()
        await connection.send(*pieces)

    return script


async def _resets(connection: Connection) -> None:
    await connection.request()
    connection.reset()


REFUSING: dict[str, Script] = {
    "closes at once": _answers(),
    "resets": _resets,
    "refuses": _answers(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno"),
    "wants another login": _answers(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"),
    "reaches nobody": _answers(b"HTTP/1.1 502 Bad Gateway\r\n\r\n"),
    "redirects": _answers(b"HTTP/1.1 302 Found\r\nlocation: http://elsewhere/\r\n\r\n"),
    "speaks no HTTP": _answers(b"220 mail.example ESMTP\r\n\r\n"),
    "ends in its head": _answers(b"HTTP/1.1 200 OK\r\nvia"),
    "never ends its head": _answers(b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 20_000),
    "speaks before TLS": _answers(b"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"),
}


@pytest.mark.parametrize("name", REFUSING)
def test_a_proxy_that_opens_no_tunnel_is_a_fault_with_nothing_sent(name: str) -> None:
    async def scenario() -> None:
        async with Provider(REFUSING[name]) as refusing, an_upstream(egress=_through(refusing.url)) as upstream:
            await turns(5)
            before = open_files()
            fault = await fault_of(upstream, a_call(f"https://{NAME}:9/"))
            assert (fault.kind, fault.sent) == ("proxy", "nothing")
            assert KEY not in str(refusing.requests)
            await refusing.quiet()
            await turns(5)
            assert open_files() <= before

    run(scenario())


def test_a_proxy_that_closes_after_opening_the_tunnel_breaks_the_handshake() -> None:
    async def scenario() -> None:
        script = _answers(b"HTTP/1.1 200 Connection established\r\n\r\n")
        async with Provider(script) as closing, an_upstream(egress=_through(closing.url)) as upstream:
            fault = await fault_of(upstream, a_call(f"https://{NAME}:9/"))
            assert fault.kind in {"connect", "tls", "proxy"}
            assert fault.sent == "nothing"

    run(scenario())


def test_a_proxy_that_is_down_is_a_fault_of_the_proxy() -> None:
    async def scenario() -> None:
        with socket.socket() as bound:
            bound.bind(("127.0.0.1", 0))  # bound, never listening: refused
            for url in (f"http://127.0.0.1:{bound.getsockname()[1]}", "http://no-such-proxy.invalid:3128"):
                async with an_upstream(egress=_through(url)) as upstream:
                    fault = await fault_of(upstream, a_call("https://provider.example/"))
                    assert (fault.kind, fault.sent) == ("proxy", "nothing")

    run(scenario())


def test_a_silent_proxy_is_given_up_at_the_connect_deadline() -> None:
    async def scenario() -> None:
        async with Provider(hangs()) as mute, an_upstream(egress=_through(mute.url)) as upstream:
            fault = await fault_of(upstream, a_call("https://provider.example/"), connect_s=0.05)
            assert (fault.kind, fault.sent) == ("timeout", "nothing")
            await mute.quiet()
            assert mute.open == 0

    run(scenario())


def test_cancelling_while_the_tunnel_is_opened_closes_it() -> None:
    async def scenario() -> None:
        async with Provider(hangs()) as mute, an_upstream(egress=_through(mute.url)) as upstream:
            call = asyncio.create_task(upstream.send(a_call("https://provider.example/"), CONNECT_S))
            await asked(mute, 1)
            await cancel([call])
            await mute.quiet()
            assert mute.open == 0

    run(scenario())


@pytest.mark.parametrize("proxy_tls", [False, True], ids=["http proxy", "https proxy"])
def test_the_organisations_root_is_needed_for_its_own_certificates(proxy_tls: bool) -> None:
    async def scenario() -> None:
        async with a_provider(replies(reply()), tls=True) as provider, a_proxy(provider, tls=proxy_tls) as (_, place):
            egress = _through(f"{'https' if proxy_tls else 'http'}://{place}", authorities=None)
            async with an_upstream(egress=egress) as upstream:
                fault = await fault_of(upstream, _to(provider, tls=True))
            assert (fault.kind, fault.sent) == ("proxy" if proxy_tls else "tls", "nothing")
            assert provider.requests == []

    run(scenario())


def test_loopback_and_named_hosts_do_not_touch_the_proxy() -> None:
    async def scenario() -> None:
        async with Provider(hangs()) as untouched, Provider(replies(reply(body=b"yes"))) as provider:
            async with an_upstream(egress=Egress(proxy=proxy(untouched.url))) as upstream:
                assert await whole(await upstream.send(a_call(provider.url), CONNECT_S)) == b"yes"
            assert untouched.connections == 0

    run(scenario())


def test_bytes_of_the_provider_that_come_with_the_proxys_reply_are_read() -> None:
    """Without TLS an overloaded provider may answer before it is asked."""

    async def script(connection: Connection) -> None:
        await connection.request()
        await connection.send(b"HTTP/1.1 200 OK\r\n\r\n" + reply(503, body=b"later", headers=[("connection", "close")]))
        await connection.left()

    async def scenario() -> None:
        async with Provider(script) as early, an_upstream(egress=_through(early.url)) as upstream:
            answer = await upstream.send(a_call(f"http://{NAME}:9/"), CONNECT_S)
            assert (answer.status, await whole(answer)) == (503, b"later")

    run(scenario())
