"""Requests on which servers and proxies disagree, each with its answers: whole, and one byte at a time."""

from __future__ import annotations

import pytest

from tests.http.test_connection import CHUNKED, HOST, LAST, MALFORMED_BODIES, REFUSED, SMUGGLED, drive, get, post

HIDDEN = post(HOST + b"Content-Length: %d\r\n" % len(SMUGGLED), SMUGGLED)
"""A request inside the body of another one."""

ANSWERED = {
    "a request in a sized body": (HIDDEN + LAST, ["/1", "/last"]),
    "a request in a chunk": (CHUNKED + b"%x\r\n%b\r\n0\r\n\r\n" % (len(SMUGGLED), SMUGGLED) + LAST, ["/1", "/last"]),
    "a request in a trailer": (CHUNKED + b"0\r\nX: GET /smuggled HTTP/1.1\r\n\r\n" + LAST, ["/1", "/last"]),
    "lengths in the trailers": (CHUNKED + b"0\r\nContent-Length: 9\r\nHost: b\r\n\r\n" + LAST, ["/1", "/last"]),
    "a length of nothing": (post(HOST + b"Content-Length: 0\r\n") + LAST, ["/1", "/last"]),
    "a length with zeros": (post(HOST + b"Content-Length: 0003\r\n", b"abc") + LAST, ["/1", "/last"]),
    "a chunk size with zeros": (CHUNKED + b"0003\r\nabc\r\n000\r\n\r\n" + LAST, ["/1", "/last"]),
    "names of other headers": (post(HOST + b"X-Content-Length: 9\r\nContent_Length: 9\r\n") + LAST, ["/1", "/last"]),
    "GET with a body": (post(HOST + b"Content-Length: 3\r\n", b"abc", b"GET /1 HTTP/1.1") + LAST, ["/1", "/last"]),
    "an offer of HTTP/2": (post(HOST + b"Connection: Upgrade\r\nUpgrade: h2c\r\n") + LAST, ["/1", "/last"]),
    "an unknown expectation": (get(b"GET /1 HTTP/1.1", HOST + b"Expect: 200-ok\r\n") + LAST, ["/1", "/last"]),
    "nothing behind a close": (LAST + SMUGGLED, ["/last"]),
    "nothing behind HTTP/1.0": (get(b"GET /1 HTTP/1.0") + SMUGGLED, ["/1"]),
    "nothing behind HTTP/1.0 that would stay": (
        get(b"GET /1 HTTP/1.0", HOST + b"Connection: keep-alive\r\n") + SMUGGLED,
        ["/1"],
    ),
}


@pytest.mark.parametrize(("wire", "paths"), ANSWERED.values(), ids=ANSWERED.keys())
def test_a_request_inside_another_is_never_served(wire: bytes, paths: list[str]) -> None:
    seen, received = drive([wire])
    assert (seen, received.count(b"HTTP/1.1 200 OK")) == (paths, len(paths))
    assert drive([wire[at : at + 1] for at in range(len(wire))]) == (seen, received)


@pytest.mark.parametrize("wire", REFUSED.values(), ids=REFUSED.keys())
def test_one_byte_at_a_time_an_ambiguous_request_is_refused_too(wire: bytes) -> None:
    seen, received = drive([wire[at : at + 1] for at in range(len(wire))])
    assert (seen, received.count(b"HTTP/1.1 400 ")) == ([], 1)


@pytest.mark.parametrize("body", MALFORMED_BODIES.values(), ids=MALFORMED_BODIES.keys())
def test_one_byte_at_a_time_nothing_behind_a_malformed_body_is_served(body: bytes) -> None:
    wire = CHUNKED + body + SMUGGLED
    seen, received = drive([wire[at : at + 1] for at in range(len(wire))])
    assert (seen, received.count(b"HTTP/1.1 400 ")) == (["/1"], 1)
