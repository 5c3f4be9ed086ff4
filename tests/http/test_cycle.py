from __future__ import annotations

import pytest

from gateway.http.deadlines import HttpLimits
from tests.http.serving import Message, Receive, Send, answer, error_of, one_answer, serving, until_closed

HOST = b"Host: a\r\n"
LAST = b"GET /last HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"


def get(path: bytes) -> bytes:
    return b"GET " + path + b" HTTP/1.1\r\n" + HOST + b"\r\n"


def post(headers: bytes, body: bytes = b"") -> bytes:
    return b"POST /1 HTTP/1.1\r\n" + HOST + headers + b"\r\n" + body


async def refusing(_scope: Message, _receive: Receive, send: Send) -> None:
    """Answers without reading."""
    await answer(send, 401, b"no\n")


@pytest.mark.parametrize("pause", [False, True])
def test_a_short_body_that_nobody_read_does_not_cost_the_connection(*, pause: bool) -> None:
    with serving(refusing) as served, served.connect() as connection:
        head, body = post(b"Content-Length: 5000\r\n"), b"GET /smuggled HTTP/1.1\r\n\r\n".ljust(5000)
        connection.sendall(head if pause else head + body)
        assert b"connection: close" not in one_answer(connection)
        connection.sendall(body + LAST if pause else LAST)
        assert until_closed(connection).count(b"HTTP/1.1 401") == 1


def test_a_connection_outlives_the_wait_for_a_short_body() -> None:
    with serving(refusing, HttpLimits(head_s=0.2)) as served, served.connect() as connection:
        connection.sendall(post(b"Content-Length: 1\r\n"))
        one_answer(connection)
        connection.sendall(b"a")
        connection.settimeout(0.4)
        with pytest.raises(TimeoutError):
            connection.recv(1)
        connection.sendall(LAST)
        assert until_closed(connection).endswith(b"no\n")


def test_a_short_body_that_never_comes_is_not_waited_for_long() -> None:
    with serving(refusing, HttpLimits(head_s=0.1)) as served:
        assert served.talk(post(b"Content-Length: 5000\r\n")).endswith(b"no\n")


@pytest.mark.parametrize("length", [b"Content-Length: 300000000\r\n", b"Transfer-Encoding: chunked\r\n"])
def test_a_long_body_that_nobody_read_ends_the_connection(length: bytes) -> None:
    with serving(refusing) as served:
        received = served.talk(post(length), b"20000\r\n", b"a" * 131072)
        assert b"connection: close" in received
        assert received.endswith(b"no\n")


async def failing(scope: Message, _receive: Receive, send: Send) -> None:
    if scope["path"] == "/late":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"abc", "more_body": True})
    if scope["path"] != "/silent":
        raise ValueError("a word of the prompt")


def test_what_an_application_raises_is_logged_as_a_place(caplog: pytest.LogCaptureFixture) -> None:
    with serving(failing) as served:
        assert error_of(served.talk(get(b"/"))) == (500, "internal_error")
        assert error_of(served.talk(get(b"/silent"))) == (500, "internal_error")
        cut = served.talk(get(b"/late"))
    assert cut.endswith(b"3\r\nabc\r\n")
    assert "ValueError at test_cycle.py:" in caplog.text
    assert "prompt" not in caplog.text


def test_an_answer_of_408_ends_the_connection() -> None:
    async def late(_scope: Message, _receive: Receive, send: Send) -> None:
        await answer(send, 408, b"late\n")

    with serving(late) as served:
        assert b"connection: close" in served.talk(post(b"Content-Length: 5\r\n"))


def test_a_client_of_http_1_0_gets_no_chunks() -> None:
    async def streaming(_scope: Message, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"one ", "more_body": True})
        await send({"type": "http.response.body", "body": b"two"})

    with serving(streaming) as served:
        received = served.talk(b"GET / HTTP/1.0\r\nHost: a\r\n\r\n")
    head, _, body = received.partition(b"\r\n\r\n")
    assert b"transfer-encoding" not in head
    assert b"connection: close" in head
    assert body == b"one two"
