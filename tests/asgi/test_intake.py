from __future__ import annotations

import gzip
import resource
import select
from collections.abc import Iterator, Sequence

import anyio
import pytest

from gateway.asgi.arriving_bodies import ArrivingBodies, ArrivingBody, BodyLimits
from gateway.asgi.headers import Fields, ScopeHeaders
from gateway.asgi.intake import credentials, read_body
from gateway.core.errors import ClientLeft, Ended, InvalidRequest, Unauthenticated
from gateway.dialects.openai.errors import body as error_body
from gateway.exchange.deadlines import DeadlineScope
from tests.http.serving import Message, Receive, Send, Served, answer, one_answer, serving

JSON: ScopeHeaders = ((b"content-type", b"application/json"),)
LIMIT = 1000


def arriving(max_bytes: int, seconds: float) -> ArrivingBody:
    return ArrivingBody(ArrivingBodies(BodyLimits(max_bytes, seconds)), "key_1")


GONE: Message = {"type": "http.disconnect"}


def part(body: bytes, *, more: bool = False) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


class Script:
    """A `receive` that gives these messages and then says nothing more."""

    def __init__(self, *messages: Message) -> None:
        self.left = list(messages)

    async def __call__(self) -> Message:
        if not self.left:
            await anyio.sleep_forever()
        return self.left.pop(0)


def read(receive: Receive, headers: ScopeHeaders = JSON, deadline_s: float = 5.0) -> bytes:
    async def main() -> bytes:
        return await read_body(Fields(headers), receive, DeadlineScope(), arriving(LIMIT, deadline_s))

    return anyio.run(main)


def refusal(receive: Receive, headers: ScopeHeaders = JSON, deadline_s: float = 5.0) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as caught:
        read(receive, headers, deadline_s)
    return caught.value


# The body


@pytest.mark.parametrize(
    "messages",
    [
        [part(b"abc")],
        [part(b"a", more=True), part(b"bc")],
        [part(b"", more=True), part(b"abc", more=True), part(b"")],
    ],
)
def test_a_body_is_put_together(messages: Sequence[Message]) -> None:
    assert read(Script(*messages)) == b"abc"


def test_a_body_of_just_the_limit_passes() -> None:
    headers = (*JSON, (b"content-length", b"1000"))
    assert len(read(Script(part(b"a" * 999, more=True), part(b"b")), headers)) == LIMIT


@pytest.mark.parametrize(
    "content_type",
    [
        b"application/json; charset=utf-8",
        b"Application/JSON;charset=UTF8",
        b'application/json ; charset="utf-8" ',
        b"application/json;",
    ],
)
def test_json_in_utf_8_may_be_spelled_so(content_type: bytes) -> None:
    assert read(Script(part(b"{}")), ((b"content-type", content_type),)) == b"{}"


@pytest.mark.parametrize(
    "content_type",
    [
        b"",
        b"text/plain",
        b"text/json",
        b"application/x-www-form-urlencoded",
        b"multipart/form-data; boundary=application/json",
        b"application/jsonl",
        b"application/json, text/plain",
        b"application/json; charset=utf-16",
        b"application/json; charset=latin-1",
        b"application/json; charset=utf-8; charset=utf-16",
        b"application/json\xa0",
    ],
)
def test_other_media_are_refused_unread(content_type: bytes) -> None:
    script = Script(part(b"{}"))
    refused = refusal(script, ((b"content-type", content_type),))
    assert (refused.status, refused.code) == (415, "unsupported_media")
    assert len(script.left) == 1


@pytest.mark.parametrize("headers", [(), (*JSON, *JSON)])
def test_one_content_type_is_needed(headers: ScopeHeaders) -> None:
    assert refusal(Script(part(b"{}")), headers).status == 415


@pytest.mark.parametrize("coding", [b"gzip", b"zstd", b"br", b"deflate", b"identity, gzip"])
def test_compressed_bodies_are_refused_unread(coding: bytes) -> None:
    script = Script(part(gzip.compress(b"{}")))
    refused = refusal(script, (*JSON, (b"content-encoding", coding)))
    assert (refused.status, refused.code) == (415, "unsupported_media")
    assert "ompressed" in refused.message
    assert len(script.left) == 1


def test_identity_is_no_compression() -> None:
    assert read(Script(part(b"{}")), (*JSON, (b"content-encoding", b"Identity"))) == b"{}"


def test_a_body_declared_too_long_is_refused_unread() -> None:
    script = Script(part(b"a"))
    refused = refusal(script, (*JSON, (b"content-length", b"1001")))
    assert (refused.status, refused.code, refused.details["limit"]) == (413, "too_large", LIMIT)
    assert len(script.left) == 1


def test_a_body_that_turns_out_too_long_is_refused_at_that_moment() -> None:
    script = Script(part(b"a" * 600, more=True), part(b"b" * 401, more=True), part(b"c", more=True))
    assert refusal(script).code == "too_large"
    assert len(script.left) == 1


def test_a_slow_body_is_refused_at_an_absolute_deadline() -> None:
    async def dripping() -> Message:
        await anyio.sleep(0.01)
        return part(b"", more=True)

    refused = refusal(dripping, deadline_s=0.1)
    assert (refused.status, refused.code) == (408, "request_timeout")


def test_a_client_that_leaves_while_sending_has_left() -> None:
    with pytest.raises(ClientLeft):
        read(Script(part(b"a", more=True), GONE))


# The key


@pytest.mark.parametrize(
    "headers",
    [
        [(b"authorization", b"Bearer sc_1")],
        [(b"authorization", b"bearer  sc_1 ")],
        [(b"x-api-key", b"sc_1")],
        [(b"api-key", b" sc_1")],
        [(b"x-goog-api-key", b"sc_1")],
        [(b"authorization", b"Bearer sc_1"), (b"x-api-key", b"sc_1")],
        [(b"authorization", b"Bearer "), (b"x-api-key", b"sc_1"), (b"api-key", b"")],
        [(b"authorization", b""), (b"x-api-key", b"sc_1")],
        [(b"authorization", b"Bearer"), (b"x-api-key", b"sc_1")],
    ],
)
def test_a_key_is_found_in_any_of_its_places(headers: ScopeHeaders) -> None:
    assert credentials(Fields(headers)) == "sc_1"
    assert credentials(Fields(headers), "sc_1") == "sc_1"


def test_a_key_may_come_in_the_query() -> None:
    assert credentials(Fields([(b"x-api-key", b"")]), "sc_1") == "sc_1"


@pytest.mark.parametrize(
    ("headers", "query_key"),
    [
        ([], ""),
        ([(b"authorization", b"Bearer ")], ""),
        ([(b"x-api-key", b"  ")], ""),
        ([(b"authorization", b"Bearer sc_1"), (b"x-api-key", b"sc_2")], ""),
        ([(b"x-api-key", b"sc_1"), (b"x-api-key", b"sc_2")], ""),
        ([(b"x-api-key", b"sc_1")], "sc_2"),
        ([(b"authorization", b"Basic c2NfMQ==")], ""),
        ([(b"authorization", b"Basic c2NfMQ=="), (b"x-api-key", b"sc_1")], ""),
        ([(b"authorization", b"Bearersc_1")], ""),
        ([(b"authorization", b"Bearer sc_1 sc_2")], ""),
        ([(b"x-api-key", "sc_é".encode())], ""),
        ([(b"x-api-key", b"sc_\t1")], ""),
        ([(b"x-api-key", b"s" * 513)], ""),
        ([], "sc_é"),
        ([], "sc_\n"),
    ],
)
def test_anything_else_is_no_key(headers: ScopeHeaders, query_key: str) -> None:
    with pytest.raises(Unauthenticated) as caught:
        credentials(Fields(headers), query_key)
    assert "sc_" not in str(caught.value) + caught.value.message


# Through a real server


async def reader(scope: Message, receive: Receive, send: Send) -> None:
    try:
        body = await read_body(Fields(scope["headers"]), receive, DeadlineScope(), arriving(1_000_000, 0.3))
        await answer(send, 200, b"%d" % len(body))
    except Ended as ended:
        start = {"status": ended.status, "headers": [(b"content-type", b"application/json")]}
        await send({"type": "http.response.start", **start})
        await send({"type": "http.response.body", "body": error_body(ended)})


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serving(reader) as served:
        yield served


def post(headers: bytes) -> bytes:
    return b"POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n" + headers + b"\r\n"


@pytest.mark.parametrize("body", [b"{}", b" " * 1_000_000])
def test_a_server_delivers_bodies(body: bytes, served: Served) -> None:
    with served.connect() as connection:
        for _ in range(2):
            connection.sendall(post(b"Content-Length: %d\r\n" % len(body)) + body)
            assert one_answer(connection).endswith(b"%d" % len(body))


@pytest.mark.parametrize("length", [b"Content-Length: 300000000\r\n", b"Transfer-Encoding: chunked\r\n"])
def test_three_hundred_megabytes_are_refused_without_keeping_them(length: bytes, served: Served) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    megabyte, received = b" " * 1_000_000, b""
    with served.connect() as connection:
        connection.sendall(post(length) + b"7ffffff0\r\n")
        for _ in range(300):
            connection.sendall(megabyte)
            if select.select([connection], [], [], 0)[0]:
                received = connection.recv(65536)
                break
    assert b"HTTP/1.1 413" in received
    assert b"connection: close" in received
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000
    assert served.talk(post(b"Connection: close\r\nContent-Length: 2\r\n") + b"{}").endswith(b"2")


def test_a_body_that_does_not_come_is_refused_at_its_deadline_and_the_connection_closed(served: Served) -> None:
    received = served.talk(post(b"Content-Length: 5\r\n"), b"{")
    assert b"request_timeout" in received
    assert b"connection: close" in received


def test_a_compressed_body_is_refused_and_the_next_request_served(served: Served) -> None:
    body = gzip.compress(b"{}" * 1000)
    with served.connect() as connection:
        connection.sendall(
            post(b"Content-Encoding: gzip\r\nConnection: close\r\nContent-Length: %d\r\n" % len(body)) + body
        )
        received = b""
        while part_ := connection.recv(65536):
            received += part_
    assert b"HTTP/1.1 415" in received
    assert served.talk(post(b"Connection: close\r\nContent-Length: 2\r\n") + b"{}").endswith(b"2")
