from __future__ import annotations

import asyncio
import copy
import gzip
import pickle
import socket

import pytest

from gateway.upstream.calls import ProviderCall, SealedCall
from gateway.upstream.client import ProviderClient
from gateway.upstream.faults import UpstreamFault
from tests.scripted import END, Connection, Provider, Script, chunk, head, once, replies, reply, stream_head, streams
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


@pytest.mark.parametrize("shown", [repr, str, lambda call: f"{call}", lambda call: f"{call!r:>9}"])
def test_a_call_shows_neither_credential_nor_content(shown: object) -> None:
    assert callable(shown)
    text = shown(a_call("https://provider.example/v1"))
    assert KEY not in text
    assert "nobody may read" not in text


@pytest.mark.parametrize("letting_out", [pickle.dumps, copy.copy, copy.deepcopy, hash, lambda call: call == call])
def test_a_call_cannot_be_stored_copied_or_compared(letting_out: object) -> None:
    assert callable(letting_out)
    with pytest.raises(SealedCall):
        letting_out(a_call("https://provider.example/v1"))


def test_sends_what_was_given_and_nothing_of_a_client_library() -> None:
    async def scenario() -> None:
        async with Provider(replies(reply())) as provider, an_upstream() as upstream:
            await whole(await upstream.send(a_call(provider.url + "/v1/chat/completions"), CONNECT_S))
        [received] = provider.requests
        assert received.line == "POST /v1/chat/completions HTTP/1.1"
        assert received.body == PROMPT
        assert dict(received.headers) == {
            "host": provider.address,
            "x-api-key": KEY,
            "content-type": "application/json",
            "accept-encoding": "identity",
            "user-agent": "safeconduct",
            "content-length": str(len(PROMPT)),
        }

    run(scenario())


def test_reads_a_reply_with_lower_case_names_and_joined_fields() -> None:
    fields = [("X-Request-Id", "r1"), ("X-Region", "se"), ("x-region", "fi")]

    async def scenario() -> None:
        async with Provider(replies(reply(200, body=b"hello", headers=fields))) as provider, an_upstream() as upstream:
            answer = await upstream.send(a_call(provider.url), CONNECT_S)
            assert answer.status == 200
            assert answer.headers == {"x-request-id": "r1", "x-region": "se, fi", "content-length": "5"}
            assert await whole(answer) == b"hello"

    run(scenario())


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 503, 529])
def test_a_refusal_of_the_provider_is_a_reply(status: int) -> None:
    async def scenario() -> None:
        async with Provider(replies(reply(status, body=b"no"))) as provider, an_upstream() as upstream:
            answer = await upstream.send(a_call(provider.url), CONNECT_S)
            assert (answer.status, await whole(answer)) == (status, b"no")

    run(scenario())


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
def test_never_follows_a_redirect_nor_relays_where_to(status: int) -> None:
    async def scenario() -> None:
        async with Provider(replies(reply())) as stranger:
            there = replies(reply(status, headers=[("location", stranger.url)]))
            async with Provider(there) as provider, an_upstream() as upstream:
                fault = await fault_of(upstream, a_call(provider.url))
            assert (fault.kind, fault.sent) == ("redirected", "maybe")
            assert stranger.address not in repr(fault)
            assert stranger.connections == 0

    run(scenario())


def test_refuses_an_encoded_reply_unread() -> None:
    bomb = gzip.compress(bytes(5_000_000))

    async def scenario() -> None:
        for name, value in (("content-encoding", "gzip"), ("Content-Encoding", "identity, br")):
            async with Provider(once(reply(body=bomb, headers=[(name, value)]))) as provider, an_upstream() as upstream:
                fault = await fault_of(upstream, a_call(provider.url))
                await provider.quiet()
            assert (fault.kind, fault.sent) == ("encoded", "maybe")

    run(scenario())


async def _resets_unanswered(connection: Connection) -> None:
    await connection.request()
    connection.reset()


async def _resets_mid_body(connection: Connection) -> None:
    await connection.request()
    await connection.send(stream_head(), chunk(b"some"))
    connection.reset()


MALFORMED: dict[str, tuple[Script, str]] = {
    "no reply": (once(), "reset"),
    "reset before the head": (_resets_unanswered, "reset"),
    "reset in the body": (_resets_mid_body, "reset"),
    "end in the head": (once(b"HTTP/1.1 200 OK\r\nconte"), "reset"),
    "body shorter than said": (once(reply(body=b"{}", length=20)), "reset"),
    "end without the last chunk": (once(stream_head(), chunk(b"some")), "reset"),
    "not HTTP": (once(b"220 mail.example ESMTP\r\n\r\n"), "protocol"),
    "HTTP/2": (once(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), "protocol"),
    "a chunk size that is none": (once(stream_head(), b"zz\r\nabc\r\n"), "protocol"),
    "two lengths": (once(head(200, [("content-length", "2"), ("content-length", "3")]), b"abc"), "protocol"),
    "a negative length": (once(head(200, [("content-length", "-1")])), "protocol"),
    "length and chunks": (
        once(head(200, [("content-length", "5"), ("transfer-encoding", "chunked")]), chunk(b"hello"), END),
        "protocol",
    ),
    "compressed chunks": (once(head(200, [("transfer-encoding", "gzip, chunked")]), chunk(b"x"), END), "encoded"),
    "a switch of protocols": (once(head(101, [("upgrade", "x"), ("connection", "upgrade")])), "protocol"),
    "300 fields": (once(head(200, [(f"x-{n}", "v") for n in range(300)])), "protocol"),
    "a field of 200 kB": (once(head(200, [("x-large", "v" * 200_000)])), "protocol"),
    "90 fields of 1 kB": (once(head(200, [(f"x-{n}", "v" * 1000) for n in range(90)])), "protocol"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_names_what_is_wrong_with_a_reply(name: str) -> None:
    script, kind = MALFORMED[name]

    async def scenario() -> None:
        async with Provider(script) as provider, an_upstream() as upstream:
            fault = await fault_of(upstream, a_call(provider.url))
            await provider.quiet()
        assert (fault.kind, fault.sent) == (kind, "maybe")
        assert len(provider.requests) == 1

    run(scenario())


def test_a_chunk_that_breaks_the_framing_later_is_a_fault_of_the_body() -> None:
    broken = asyncio.Event()

    async def script(connection: Connection) -> None:
        await connection.request()
        await connection.send(stream_head(), chunk(b"some"))
        await broken.wait()
        await connection.send(b"zz\r\nabc\r\n")

    async def scenario() -> None:
        async with Provider(script) as provider, an_upstream() as upstream:
            answer = await upstream.send(a_call(provider.url), CONNECT_S)
            chunks = answer.chunks()
            assert await anext(chunks) == b"some"
            broken.set()
            with pytest.raises(UpstreamFault) as caught:
                await anext(chunks)
            await answer.close()
        assert (caught.value.kind, caught.value.sent) == ("protocol", "maybe")

    run(scenario())


def test_skips_interim_replies() -> None:
    async def scenario() -> None:
        interim = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: <x>\r\n\r\n"
        async with Provider(replies(interim + reply(body=b"yes"))) as provider, an_upstream() as upstream:
            assert await whole(await upstream.send(a_call(provider.url), CONNECT_S)) == b"yes"

    run(scenario())


def test_says_that_nothing_was_sent_where_nobody_listens() -> None:
    async def scenario() -> None:
        with socket.socket() as bound:
            bound.bind(("127.0.0.1", 0))  # bound, never listening: refused
            async with an_upstream() as upstream:
                fault = await fault_of(upstream, a_call(f"http://127.0.0.1:{bound.getsockname()[1]}/"))
                unknown = await fault_of(upstream, a_call("https://no-such-host.invalid/"))
        assert (fault.kind, fault.sent) == ("connect", "nothing")
        assert (unknown.kind, unknown.sent) == ("connect", "nothing")

    run(scenario())


def test_gives_up_connecting_at_its_deadline_with_nothing_sent() -> None:
    async def scenario() -> None:
        async with Provider(once()) as provider, an_upstream() as upstream:
            # Speaks no TLS and says nothing: the handshake never ends.
            fault = await fault_of(upstream, a_call(f"https://{provider.address}/"), connect_s=0.05)
        assert (fault.kind, fault.sent) == ("timeout", "nothing")

    run(scenario())


def test_sends_nothing_to_a_peer_that_no_authority_vouches_for() -> None:
    async def scenario() -> None:
        async with Provider(replies(reply()), tls=tls_server()) as provider, an_upstream() as upstream:
            fault = await fault_of(upstream, a_call(provider.url))
        assert (fault.kind, fault.sent) == ("tls", "nothing")
        assert provider.requests == []

    run(scenario())


def test_trusts_an_authority_that_the_operator_names() -> None:
    async def scenario() -> None:
        script = replies(reply(body=b"yes"))
        async with Provider(script, tls=tls_server()) as provider, an_upstream(LOOPBACK_PEM) as upstream:
            assert await whole(await upstream.send(a_call(provider.url), CONNECT_S)) == b"yes"

    run(scenario())


@pytest.mark.parametrize(
    "call",
    [
        a_call("https://user:secret@provider.example/v1"),
        a_call("https://provider.example:notaport/v1"),
        a_call("http://127.0.0.1:9/", authorization=f"Bearer {KEY}\r\nx-injected: 1"),
        a_call("http://127.0.0.1:9/", authorization=f"Bearer {KEY}\u20ac"),
    ],
    ids=["userinfo", "port", "line break", "beyond latin"],
)
def test_a_call_that_cannot_be_written_is_never_begun(call: ProviderCall) -> None:
    async def scenario() -> None:
        async with an_upstream() as upstream:
            fault = await fault_of(upstream, call)
        assert (fault.kind, fault.sent) == ("unsendable", "nothing")

    run(scenario())


SPEAKING: dict[str, Script] = {
    "refuses a chunk": once(stream_head(), b"zz the provider repeats the prompt: nobody may read this\r\n"),
    "garbage": once(b"nobody may read this\r\n\r\n"),
    "reset": _resets_unanswered,
    "short": once(reply(body=b"nobody may read this", length=99)),
}


@pytest.mark.parametrize("name", SPEAKING)
def test_a_fault_and_all_behind_it_hold_neither_key_nor_words(name: str) -> None:
    async def scenario() -> None:
        async with Provider(SPEAKING[name]) as provider, an_upstream() as upstream:
            fault: BaseException | None = await fault_of(upstream, a_call(provider.url + "/v1"))
        while fault is not None:
            said = repr((fault, fault.args, vars(fault)))
            assert KEY not in said
            assert "nobody may read" not in said
            assert provider.address not in said
            fault = fault.__cause__ or fault.__context__

    run(scenario())


def test_a_key_that_cannot_be_written_shows_nowhere() -> None:
    async def scenario() -> None:
        async with an_upstream() as upstream:
            fault: BaseException | None = await fault_of(upstream, a_call("http://127.0.0.1:9/", x_key=KEY + "\u20ac"))
        while fault is not None:
            assert KEY not in repr((fault, fault.args, vars(fault), getattr(fault, "object", None)))
            fault = fault.__cause__ or fault.__context__

    run(scenario())


def test_hands_on_each_chunk_when_it_comes() -> None:
    gates = [asyncio.Event() for _ in range(3)]

    async def script(connection: Connection) -> None:
        await connection.request()
        await connection.send(stream_head())
        for number, gate in enumerate(gates):
            await gate.wait()
            await connection.send(chunk(b"data: %d\n\n" % number))
        await connection.send(END)

    async def scenario() -> None:
        async with Provider(script) as provider, an_upstream() as upstream:
            answer = await upstream.send(a_call(provider.url), CONNECT_S)  # although no byte of the body is there yet
            chunks = answer.chunks()
            for number, gate in enumerate(gates):
                gate.set()  # the provider sends the next only after the one before was received here
                assert await anext(chunks) == b"data: %d\n\n" % number
            with pytest.raises(StopAsyncIteration):
                await anext(chunks)
            await answer.close()

    run(scenario())


def test_cuts_no_lines_and_changes_no_byte() -> None:
    text = 'data: {"t":"a\u2028b\u2029c\u0085d"}\r\n\r'.encode() + b"\xff\x00\n" + b"x" * 300_000

    async def scenario() -> None:
        async with Provider(streams(text)) as provider, an_upstream() as upstream:
            assert await whole(await upstream.send(a_call(provider.url), CONNECT_S)) == text

    run(scenario())


def test_a_fault_of_the_reader_stays_the_readers() -> None:
    """Else a second route would be started into a reply that is half sent."""

    async def read(upstream: ProviderClient, url: str) -> None:
        answer = await upstream.send(a_call(url), CONNECT_S)
        try:
            async for _ in answer.chunks():
                raise LookupError("the reader's own")
        finally:
            await answer.close()

    async def scenario() -> None:
        async with Provider(streams(b"one", b"two")) as provider, an_upstream() as upstream:
            with pytest.raises(LookupError, match="the reader's own"):
                await read(upstream, provider.url)

    run(scenario())


def test_sends_nothing_once_it_is_closed() -> None:
    async def scenario() -> None:
        async with Provider(replies(reply())) as provider:
            async with an_upstream() as upstream:
                await whole(await upstream.send(a_call(provider.url), CONNECT_S))
            fault = await fault_of(upstream, a_call(provider.url))
            await provider.quiet()
        assert (fault.kind, fault.sent) == ("closed", "nothing")
        assert len(provider.requests) == 1

    run(scenario())
