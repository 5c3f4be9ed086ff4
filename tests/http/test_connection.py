from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from gateway.http.connection import ClientConnection, ListenerContext
from gateway.http.deadlines import HttpLimits
from gateway.http.drain import Drain
from tests.http.serving import (
    Echo,
    Message,
    Receive,
    Send,
    Served,
    answer,
    error_of,
    render_error,
    serving,
    until_closed,
)

HOST = b"Host: a\r\n"
JSON = HOST + b"Content-Type: application/json\r\n"
CHUNKED = b"POST /1 HTTP/1.1\r\n" + JSON + b"Transfer-Encoding: chunked\r\n\r\n"
SMUGGLED = b"GET /smuggled HTTP/1.1\r\n" + HOST + b"\r\n"
LAST = b"GET /last HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"


@pytest.fixture(scope="module")
def echo() -> Echo:
    return Echo()


@pytest.fixture(scope="module")
def served(echo: Echo) -> Iterator[Served]:
    with serving(echo, HttpLimits(head_s=0.3, keep_alive_s=5)) as served:
        yield served


def post(headers: bytes, body: bytes = b"", line: bytes = b"POST /1 HTTP/1.1") -> bytes:
    return line + b"\r\n" + headers + b"\r\n" + body


def get(line: bytes, headers: bytes = HOST) -> bytes:
    return post(headers, line=line)


REFUSED = {
    "length and chunked": post(HOST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n" + SMUGGLED),
    "chunked and length": post(HOST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", b"0\r\n\r\n" + SMUGGLED),
    "two lengths": post(HOST + b"Content-Length: 1\r\nContent-Length: 40\r\n", b"a" + SMUGGLED),
    "two equal lengths": post(HOST + b"Content-Length: 1\r\nContent-Length: 1\r\n", b"a"),
    "list of lengths": post(HOST + b"Content-Length: 1, 1\r\n", b"a"),
    "signed length": post(HOST + b"Content-Length: +1\r\n", b"a"),
    "negative length": post(HOST + b"Content-Length: -1\r\n"),
    "hexadecimal length": post(HOST + b"Content-Length: 0x1\r\n", b"a"),
    "empty length": post(HOST + b"Content-Length: \r\n"),
    "length with a blank": post(HOST + b"Content-Length: 1 0\r\n", b"0123456789"),
    "endless length": post(HOST + b"Content-Length: " + b"9" * 30 + b"\r\n"),
    "length in other digits": post(HOST + b"Content-Length: \xb2\r\n"),
    "gzip, chunked": post(HOST + b"Transfer-Encoding: gzip, chunked\r\n", b"0\r\n\r\n"),
    "chunked, identity": post(HOST + b"Transfer-Encoding: chunked, identity\r\n", b"0\r\n\r\n"),
    "identity": post(HOST + b"Transfer-Encoding: identity\r\n"),
    "xchunked": post(HOST + b"Transfer-Encoding: xchunked\r\n", b"0\r\n\r\n"),
    "quoted chunked": post(HOST + b'Transfer-Encoding: "chunked"\r\n', b"0\r\n\r\n"),
    "empty coding": post(HOST + b"Transfer-Encoding: \r\n", b"0\r\n\r\n"),
    "chunked with a vertical tab": post(HOST + b"Transfer-Encoding: \x0bchunked\r\n", b"0\r\n\r\n"),
    "two codings": post(HOST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n"),
    "chunked in 1.0": post(HOST + b"Transfer-Encoding: chunked\r\n", b"0\r\n\r\n", b"POST /1 HTTP/1.0"),
    "blank before the colon": post(HOST + b"Transfer-Encoding : chunked\r\n", b"0\r\n\r\n"),
    "tab before the colon": post(HOST + b"Content-Length\t: 1\r\n", b"a"),
    "underscored name is another name, and folded": post(HOST + b"X: 1\r\n Content-Length: 1\r\n"),
    "folded with a tab": post(HOST + b"X: 1\r\n\tb\r\n"),
    "folded first header": get(b"GET / HTTP/1.1", b" X: 1\r\n" + HOST),
    "bare LF after the request line": b"GET / HTTP/1.1\n" + HOST + b"\r\n",
    "bare LF after a header": b"GET / HTTP/1.1\r\nHost: a\n\r\n",
    "bare LF only": b"GET / HTTP/1.1\nHost: a\n\n",
    "bare LF, a body with an empty line": b"POST / HTTP/1.1\nHost: a\nContent-Length: 9\n\na\r\n\r\nbcde",
    "bare CR in a value": get(b"GET / HTTP/1.1", HOST + b"X: 1\rContent-Length: 9\r\n"),
    "bare CR after a header": b"GET / HTTP/1.1\r\nHost: a\r\rX: 1\r\n\r\n",
    "CR CR LF": b"GET / HTTP/1.1\r\nHost: a\r\r\n\r\n",
    "NUL in a value": get(b"GET / HTTP/1.1", HOST + b"X: a\0b\r\n"),
    "NUL in a name": get(b"GET / HTTP/1.1", HOST + b"X\0: a\r\n"),
    "NUL in the target": get(b"GET /\0 HTTP/1.1"),
    "control character": get(b"GET / HTTP/1.1", HOST + b"X: \x1b[2J\r\n"),
    "DEL": get(b"GET / HTTP/1.1", HOST + b"X: \x7f\r\n"),
    "no Host": get(b"GET / HTTP/1.1", b"X: 1\r\n"),
    "two Hosts": get(b"GET / HTTP/1.1", HOST + b"host: b\r\n"),
    "two equal Hosts": get(b"GET / HTTP/1.1", HOST + HOST),
    "two Hosts in 1.0": get(b"GET / HTTP/1.0", HOST + HOST),
    "no headers at all": b"GET / HTTP/1.1\r\n\r\n",
    "absolute form": get(b"GET http://evil/v1/models HTTP/1.1"),
    "authority form": get(b"CONNECT a:443 HTTP/1.1"),
    "CONNECT with a path": get(b"CONNECT /a HTTP/1.1"),
    "authority form of another method": get(b"GET a:443 HTTP/1.1"),
    "asterisk form": get(b"OPTIONS * HTTP/1.1"),
    "no slash": get(b"GET v1/models HTTP/1.1"),
    "fragment": get(b"GET /a#b HTTP/1.1"),
    "blank in the target": get(b"GET /a b HTTP/1.1"),
    "raw UTF-8 in the target": get("GET /é HTTP/1.1".encode()),
    "two blanks": get(b"GET  / HTTP/1.1"),
    "tab in the request line": get(b"GET\t/ HTTP/1.1"),
    "no version": get(b"GET /"),
    "version 0.9": get(b"GET / HTTP/0.9"),
    "version 1.2": get(b"GET / HTTP/1.2"),
    "version 2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "version in small letters": get(b"GET / http/1.1"),
    "unknown method": get(b"SMUGGLE / HTTP/1.1"),
    "method in small letters": get(b"get / HTTP/1.1"),
    "empty line first": b"\r\n" + get(b"GET / HTTP/1.1"),
    "blank first": b" " + get(b"GET / HTTP/1.1"),
    "header without a colon": get(b"GET / HTTP/1.1", HOST + b"X\r\n"),
    "header without a name": get(b"GET / HTTP/1.1", HOST + b": 1\r\n"),
    "name in UTF-8": get(b"GET / HTTP/1.1", HOST + "é: 1\r\n".encode()),
    "long target": get(b"GET /" + b"a" * 8192 + b" HTTP/1.1"),
    "many headers": get(b"GET / HTTP/1.1", HOST + b"X: 1\r\n" * 100),
    "large head": get(b"GET / HTTP/1.1", HOST + b"X: " + b"a" * 65536 + b"\r\n"),
    "endless head": b"GET / HTTP/1.1\r\nX: " + b"a" * 70_000,
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
}


@pytest.mark.parametrize("request_", REFUSED.values(), ids=REFUSED.keys())
def test_an_ambiguous_request_is_refused_and_its_connection_closed(request_: bytes, served: Served, echo: Echo) -> None:
    before = len(echo.seen)
    assert error_of(served.talk(request_)) == (400, "invalid_request")
    assert len(echo.seen) == before
    assert served.talk(LAST).endswith(b"/last \n")


MALFORMED_BODIES = {
    "bare LF after a size": b"3\nabc\r\n0\r\n\r\n",
    "extension": b"3;a=b\r\nabc\r\n0\r\n\r\n",
    "extension with a line end": b"3;\nabc\r\n0\r\n\r\n",
    "no line end after the data": b"3\r\nabcX\r\n0\r\n\r\n",
    "bare LF after the data": b"3\r\nabc\n0\r\n\r\n",
    "sign": b"+3\r\nabc\r\n0\r\n\r\n",
    "prefix": b"0x3\r\nabc\r\n0\r\n\r\n",
    "huge size": b"fffffffffffffff0\r\nabc",
    "no size": b"\r\nabc",
    "bare LF in the trailers": b"0\r\nX: 1\n\r\n",
    "folded trailer": b"0\r\nX: 1\r\n 2\r\n\r\n",
    "long trailers": b"0\r\n" + b"X: 1\r\n" * 2000,
}


@pytest.mark.parametrize("body", MALFORMED_BODIES.values(), ids=MALFORMED_BODIES.keys())
def test_a_malformed_body_is_refused_and_its_connection_closed(body: bytes, served: Served) -> None:
    assert error_of(served.talk(CHUNKED + body + SMUGGLED)) == (400, "invalid_request")
    assert served.talk(LAST).endswith(b"/last \n")


def test_a_websocket_is_refused_by_its_own_code(served: Served) -> None:
    upgrade = HOST + b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: a\r\n"
    assert error_of(served.talk(get(b"GET /v1/responses HTTP/1.1", upgrade))) == (426, "upgrade_refused")


def test_an_offer_of_http_2_is_ignored(served: Served) -> None:
    offer = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\nContent-Length: 3\r\n"
    assert b"/1 abc" in served.talk(post(HOST + offer, b"abc"), LAST)


def test_trailers_reach_nobody(served: Served, echo: Echo) -> None:
    served.talk(CHUNKED + b"3\r\nabc\r\n0\r\nX-Auth-User: root\r\nContent-Length: 9\r\n\r\n", LAST)
    scope = next(scope for scope in reversed(echo.seen) if scope["path"] == "/1")
    assert [name for name, _ in scope["headers"]] == [b"host", b"content-type", b"transfer-encoding"]


def test_the_key_in_the_query_is_nowhere_but_in_its_place(served: Served, echo: Echo) -> None:
    served.talk(get(b"GET /m%20n?a=1&key=sc_secret HTTP/1.1", HOST + b"Connection: close\r\n"))
    scope = echo.seen[-1]
    assert scope["state"].pop("query_key") == "sc_secret"
    assert (scope["path"], scope["raw_path"], scope["query_string"]) == ("/m n", b"/m%20n", b"a=1")
    assert "secret" not in repr(scope)


def test_answers_name_no_software(served: Served) -> None:
    head = served.talk(LAST).partition(b"\r\n\r\n")[0].lower()
    assert b"server:" not in head
    assert b"date:" not in head


def test_requests_sent_ahead_are_answered_in_their_order(served: Served) -> None:
    first = post(HOST + b"Content-Length: 3\r\n", b"abc")
    second = post(HOST + b"Transfer-Encoding: chunked\r\n", b"3\r\ndef\r\n0\r\n\r\n", b"POST /2 HTTP/1.1")
    received = served.talk(first + second + SMUGGLED.replace(b"smuggled", b"3") + LAST)
    assert [line for line in received.split(b"\n") if line.startswith(b"/")] == [
        b"/1 abc",
        b"/2 def",
        b"/3 ",
        b"/last ",
    ]


def test_a_bad_request_sent_ahead_does_not_spoil_the_answer_before_it(served: Served) -> None:
    received = served.talk(post(HOST + b"Content-Length: 3\r\n", b"abc") + get(b"GET http://a/ HTTP/1.1") + SMUGGLED)
    first, _, second = received.partition(b"/1 abc\n")
    assert first.startswith(b"HTTP/1.1 200")
    assert error_of(second) == (400, "invalid_request")


def test_a_head_that_does_not_end_is_refused_at_its_deadline(served: Served) -> None:
    assert error_of(served.talk(b"GET / HTTP/1.1\r\nHost:")) == (408, "request_timeout")


def test_a_dripping_head_has_the_same_deadline(served: Served) -> None:
    with served.connect() as connection:
        connection.settimeout(0.05)
        received = b""
        for at in range(1000):
            connection.sendall(b"GET / HTTP/1.1\r\nX: "[at : at + 1] or b"a")
            try:
                received = connection.recv(65536)
            except TimeoutError:
                continue
            break
        assert error_of(received) == (408, "request_timeout")


def test_an_idle_connection_is_closed() -> None:
    with serving(Echo(), HttpLimits(keep_alive_s=0.1)) as served:
        with served.connect() as silent:
            assert until_closed(silent) == b""
        with served.connect() as used:
            used.sendall(SMUGGLED)
            assert until_closed(used).endswith(b"/smuggled \n")


@pytest.fixture(scope="module")
def brisk() -> Iterator[Served]:
    """Answers after 0.3 seconds, with deadlines that have passed by then."""

    async def slow(_scope: Message, receive: Receive, send: Send) -> None:
        await receive()
        await asyncio.sleep(0.3)
        await answer(send, 200, b"done\n")

    with serving(slow, HttpLimits(head_s=0.1, keep_alive_s=0.1)) as served:
        yield served


def test_the_deadlines_of_connections_do_not_touch_an_exchange(brisk: Served) -> None:
    with brisk.connect() as connection:
        connection.sendall(LAST[:5])
        error_of(brisk.talk(b"\n"))  # By now the first five bytes have been read.
        connection.sendall(LAST[5:])
        assert until_closed(connection).endswith(b"\r\n\r\ndone\n")


def test_a_refused_client_that_is_still_sending_reads_its_answer(served: Served) -> None:
    more = [b"a" * 65536] * 32
    assert error_of(served.talk(get(b"GET http://a/ HTTP/1.1"), *more)) == (400, "invalid_request")


def test_the_application_behind_a_malformed_body_finds_its_client_gone() -> None:
    gone = threading.Event()

    async def waiting(_scope: Message, receive: Receive, _send: Send) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        gone.set()

    with serving(waiting) as served, served.connect() as connection:
        connection.sendall(CHUNKED + b"3\r\nabc\r\n")
        connection.sendall(b"x\r\n")
        assert gone.wait(1)
        assert error_of(until_closed(connection)) == (400, "invalid_request")


def test_the_application_learns_of_a_client_that_leaves() -> None:
    left: list[str] = []

    async def waiting(_scope: Message, receive: Receive, _send: Send) -> None:
        while (message := await receive())["type"] != "http.disconnect":
            pass
        left.append(message["type"])

    with serving(waiting) as served, served.connect() as connection:
        connection.sendall(SMUGGLED)
    assert left == ["http.disconnect"]


def test_a_flood_ahead_of_an_answer_is_dropped_and_ends_the_connection() -> None:
    async def slow(_scope: Message, receive: Receive, send: Send) -> None:
        await receive()
        await asyncio.sleep(0.2)
        await answer(send, 200, b"done\n")

    with serving(slow) as served:
        received = served.talk(SMUGGLED, *[SMUGGLED * 100] * 100)
    assert received.count(b"HTTP/1.1 200") == 1
    assert b"connection: close" in received


class Deaf:
    """A parser that misses the last byte of every body."""

    def __init__(self, parser: Any) -> None:
        self._parser = parser

    def __getattr__(self, name: str) -> Any:
        return getattr(self._parser, name)

    def feed(self, data: bytes) -> None:
        self._parser.feed(data if data.endswith(b"\r\n\r\n") else data[:-1])


def drive(pieces: Sequence[bytes], parser: Callable[[Any], Any] = lambda parser: parser) -> tuple[list[str], bytes]:
    """Paths that reached the application, and the bytes that came back, when the bytes arrive in just these pieces."""

    async def main() -> tuple[list[str], bytes]:
        loop, echo = asyncio.get_running_loop(), Echo()
        context = ListenerContext(echo, render_error, HttpLimits(), Drain())
        ours, theirs = socket.socketpair()
        theirs.setblocking(False)
        transport, connection = await loop.create_connection(lambda: ClientConnection(context), sock=ours)
        connection._message = parser(connection._message)
        for piece in pieces:
            connection.data_received(piece)
            await asyncio.sleep(0)
        received = b""
        while part := await loop.sock_recv(theirs, 65536):
            received += part
        theirs.close()
        transport.abort()
        await asyncio.sleep(0)
        return [scope["path"] for scope in echo.seen], received

    return asyncio.run(main())


def test_two_readings_of_where_a_body_ends_are_a_refusal() -> None:
    _, received = drive([post(HOST + b"Content-Length: 4\r\n", b"abcd") + SMUGGLED], Deaf)
    assert error_of(received) == (400, "invalid_request")


WHOLE = {
    "length": post(HOST + b"Content-Length: 4\r\n", b"\r\n\r\n") + LAST,
    "chunked": CHUNKED + b"4\r\n\r\n\r\n\r\n0\r\nX: 1\r\n\r\n" + LAST,
    "refused": get(b"GET / HTTP/1.1", HOST + b"X: 1\r\n 2\r\n") + LAST,
    "bare LF": b"GET / HTTP/1.1\r\nHost: a\n\r\n" + LAST,
    "key": get(b"GET /a?key=b HTTP/1.1") + LAST,
}


@pytest.mark.parametrize("wire", WHOLE.values(), ids=WHOLE.keys())
def test_however_the_bytes_arrive_they_mean_the_same(wire: bytes) -> None:
    expected = drive([wire])
    assert drive([wire[at : at + 1] for at in range(len(wire))]) == expected
    for at in range(1, len(wire)):
        assert drive([wire[:at], wire[at:]]) == expected
