from __future__ import annotations

import pytest

from gateway.core.errors import InvalidRequest
from gateway.http.request_head import MAX_HEAD, MAX_HEADERS, MAX_TARGET, check_unfinished, read_head

HOST = b"Host: a\r\n"


def a_head(line: bytes = b"GET / HTTP/1.1", headers: bytes = HOST) -> bytes:
    return line + b"\r\n" + headers + b"\r\n"


def test_a_plain_head_passes_unchanged() -> None:
    head = a_head(b"POST /v1/models/a%2Fb?x=1 HTTP/1.1", HOST + b"Content-Length: 12\r\nX-Text: caf\xe9\t!\r\n")
    read = read_head(head)
    assert read.wire == head
    assert (read.method, read.path, read.query, read.minor) == ("POST", b"/v1/models/a%2Fb", b"x=1", 1)
    assert (read.length, read.chunked, read.query_key) == (12, False, "")


def test_headers_are_lower_case_trimmed_and_in_their_order() -> None:
    lines = b"HOST: a:80\r\nX-B: 1, 2\t\r\nx-a:\r\nX-B:  a:b \r\n"
    assert read_head(a_head(headers=lines)).headers == [
        (b"host", b"a:80"),
        (b"x-b", b"1, 2"),
        (b"x-a", b""),
        (b"x-b", b"a:b"),
    ]


@pytest.mark.parametrize(
    ("value", "expects"), [(b"100-continue", True), (b" 100-Continue \t", True), (b"200-ok", False), (b"", False)]
)
def test_only_one_expectation_is_known(value: bytes, *, expects: bool) -> None:
    assert read_head(a_head(headers=HOST + b"Expect:" + value + b"\r\n")).expects_continue is expects


def test_a_chunked_head_says_so() -> None:
    assert read_head(a_head(headers=HOST + b"transfer-encoding:\tChunked \r\n")).chunked


def test_http_1_0_needs_no_host() -> None:
    assert read_head(a_head(b"GET /livez HTTP/1.0", b"")).minor == 0


@pytest.mark.parametrize(
    ("query", "left", "key"),
    [
        (b"key=sc_1", b"", "sc_1"),
        (b"alt=sse&key=sc_1&x=2", b"alt=sse&x=2", "sc_1"),
        (b"alt=sse&key=", b"alt=sse", ""),
        (b"%6b%65y=a%2Bb", b"", "a+b"),
        (b"key=a&key=a", b"", "a"),
        (b"key=a&key=b", b"", "a&b"),
        (b"monkey=1&KEY=2&x=%20", b"monkey=1&KEY=2&x=%20", ""),
    ],
)
def test_the_key_leaves_the_query(query: bytes, left: bytes, key: str) -> None:
    read = read_head(a_head(b"GET /m?" + query + b" HTTP/1.1"))
    assert (read.query, read.query_key) == (left, key)
    assert read.wire == a_head(b"GET /m" + (b"?" + left if left else b"") + b" HTTP/1.1")


def test_an_offer_of_another_protocol_is_not_passed_on() -> None:
    read = read_head(a_head(headers=b"Upgrade: h2c\r\nConnection: Upgrade\r\n" + HOST))
    assert b"h2c" not in read.wire
    assert b"\r\nHost: a\r\n" in read.wire


@pytest.mark.parametrize("offer", [b"websocket", b"h2c, WebSocket", b"\tWEBSOCKET/13"])
def test_websockets_are_refused_by_their_own_status(offer: bytes) -> None:
    with pytest.raises(InvalidRequest) as caught:
        read_head(a_head(headers=HOST + b"Upgrade: " + offer + b"\r\nConnection: Upgrade\r\n"))
    assert (caught.value.status, caught.value.code) == (426, "upgrade_refused")


@pytest.mark.parametrize(
    ("head", "word"),
    [
        (a_head(b"GET http://a/ HTTP/1.1"), "target"),
        (a_head(b"GET a:443 HTTP/1.1"), "target"),
        (a_head(b"OPTIONS * HTTP/1.1"), "target"),
        (a_head(b"GET / HTTP/2.0"), "HTTP/1.1"),
        (a_head(headers=HOST + b"X: 1\r\n 2\r\n"), "folded"),
        (a_head(headers=HOST + b"X: 1\n"), "CRLF"),
        (a_head(headers=HOST + b"X: \0\r\n"), "control"),
        (a_head(headers=HOST + b"X : 1\r\n"), "malformed"),
        (a_head(headers=HOST + b"Content-Length: 1\r\nContent-Length: 1\r\n"), "more than once"),
        (a_head(headers=HOST + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"), "more than once"),
    ],
)
def test_a_refusal_says_what_is_wrong(head: bytes, word: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        read_head(head)
    assert word in caught.value.message
    assert caught.value.status == 400


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        (
            a_head(b"GET /" + b"a" * (MAX_TARGET - 1) + b" HTTP/1.1"),
            a_head(b"GET /" + b"a" * MAX_TARGET + b" HTTP/1.1"),
        ),
        (a_head(headers=HOST + b"X: 1\r\n" * (MAX_HEADERS - 1)), a_head(headers=HOST + b"X: 1\r\n" * MAX_HEADERS)),
        (
            a_head(headers=HOST + b"X: " + b"a" * (MAX_HEAD - 32) + b"\r\n"),
            a_head(headers=HOST + b"X: " + b"a" * (MAX_HEAD - 31) + b"\r\n"),
        ),
    ],
)
def test_what_fits_passes_and_one_more_does_not(good: bytes, bad: bytes) -> None:
    read_head(good)
    with pytest.raises(InvalidRequest) as caught:
        read_head(bad)
    assert "limit" in caught.value.details


def test_a_hopeless_beginning_is_refused_before_its_end() -> None:
    check_unfinished(bytearray(b"GET / HTTP/1.1\r\nHost: a\r"), 0)
    for hopeless in (b"GET / HTTP/1.1\n", b"\x16\x03\x01", b"GET / HTTP/1.1\rX", b"a" * (MAX_HEAD + 1)):
        with pytest.raises(InvalidRequest):
            check_unfinished(bytearray(hopeless), 0)


def test_a_line_end_split_between_two_reads_is_judged_when_it_is_whole() -> None:
    check_unfinished(bytearray(b"GET / HTTP/1.1\r\n"), len(b"GET / HTTP/1.1\r"))
    with pytest.raises(InvalidRequest):
        check_unfinished(bytearray(b"GET / HTTP/1.1\r!"), len(b"GET / HTTP/1.1\r"))
