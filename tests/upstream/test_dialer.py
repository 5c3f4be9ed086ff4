"""New connections: what is said of one that does not come about, and how often a name is asked for."""

from __future__ import annotations

import asyncio
import socket
import ssl
from typing import cast

import pytest

from gateway.upstream.address import Origin
from gateway.upstream.dialer import Dialer, tls_context
from gateway.upstream.egress import Egress
from gateway.upstream.faults import UpstreamFault
from tests.scripted import Provider, hangs
from tests.upstream.calling import LOOPBACK_PEM, run, tls_server, turns


def _origin(provider: Provider, *, name: str = "127.0.0.1", tls: bool = False) -> Origin:
    return Origin(name, int(provider.address.rpartition(":")[2]), tls)


async def _fault_of(origin: Origin, within_s: float = 5.0) -> UpstreamFault:
    with pytest.raises(UpstreamFault) as caught:
        await Dialer().dial(origin, asyncio.Protocol, within_s)
    assert caught.value.__context__ is None
    assert caught.value.sent == "nothing"
    return caught.value


def test_says_why_a_connection_did_not_come_about() -> None:
    async def scenario() -> None:
        with socket.socket() as bound:
            bound.bind(("127.0.0.1", 0))  # bound, never listening: refused
            assert (await _fault_of(Origin("127.0.0.1", bound.getsockname()[1], False))).kind == "connect"
        assert (await _fault_of(Origin("no-such-host.invalid", 443, True))).kind == "connect"
        assert (await _fault_of(Origin("a" * 64 + ".invalid", 443, True))).kind == "connect"
        async with Provider(hangs()) as mute:
            assert (await _fault_of(_origin(mute, tls=True), within_s=0.05)).kind == "timeout"
            await mute.quiet()
        async with Provider(hangs(), tls=tls_server()) as stranger:
            assert (await _fault_of(_origin(stranger, tls=True))).kind == "tls"

    run(scenario())


def test_a_certificate_for_another_name_is_not_trusted() -> None:
    async def scenario() -> None:
        async with Provider(hangs(), tls=tls_server()) as provider:
            dialer = Dialer(Egress(authorities=LOOPBACK_PEM))
            transport = (await dialer.dial(_origin(provider, tls=True), _Kept, 5.0)).transport
            transport.abort()
            with pytest.raises(UpstreamFault) as caught:
                await dialer.dial(_origin(provider, name="127.1", tls=True), _Kept, 5.0)
            assert caught.value.kind == "tls"

    run(scenario())


class _Kept(asyncio.Protocol):
    transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is none by class


def test_one_that_gives_up_does_not_take_the_name_from_the_others() -> None:
    async def scenario() -> None:
        async with Provider(hangs()) as provider:
            dialer, origin = Dialer(), _origin(provider, name="localhost")
            dialling = [asyncio.create_task(dialer.dial(origin, _Kept, 5.0)) for _ in range(3)]
            await turns(2)
            dialling[0].cancel()
            ended = await asyncio.gather(*dialling, return_exceptions=True)
            assert isinstance(ended[0], asyncio.CancelledError)
            for connected in ended[1:]:
                assert isinstance(connected, _Kept)
                connected.transport.abort()

    run(scenario())


def test_trusts_what_the_system_trusts_and_writes_no_secrets_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", "/nonexistent/secrets")
    context = tls_context(None)
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert context.keylog_filename is None
