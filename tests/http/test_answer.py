from __future__ import annotations

import pytest

from gateway.http.answer import AnswerFraming, ErrorAnswer, closing, framing_of, head_of

LARGE = b"a" * 100_000
JSON = (b"content-type", b"application/json")


def written(framing: AnswerFraming, *parts: bytes) -> bytes:
    pieces: list[bytes] = []
    for at, part in enumerate(parts):
        pieces += framing.frame(b"HEAD|" if at == 0 else b"", part, last=at == len(parts) - 1)
    return b"".join(pieces)


@pytest.mark.parametrize(
    ("method", "status", "length", "chunks", "line"),
    [
        ("GET", 200, b"3", True, b""),
        ("GET", 200, b"3", False, b""),
        ("GET", 200, b"", True, b"transfer-encoding: chunked\r\n"),
        ("GET", 200, b"", False, b""),
        ("GET", 204, b"", True, b""),
        ("GET", 304, b"", True, b""),
        ("HEAD", 200, b"", True, b""),
    ],
)
def test_only_an_unknown_length_is_announced_by_the_server(
    method: str, status: int, length: bytes, line: bytes, *, chunks: bool
) -> None:
    assert framing_of(method, status, length, chunks=chunks).line == line


@pytest.mark.parametrize("last", [b"def", b"", LARGE])
def test_chunks_carry_every_part_and_an_end(last: bytes) -> None:
    framing = framing_of("GET", 200, b"", chunks=True)
    chunk = b"%x\r\n%b\r\n" % (len(last), last) if last else b""
    assert written(framing, b"abc", b"", last) == b"HEAD|3\r\nabc\r\n" + chunk + b"0\r\n\r\n"


@pytest.mark.parametrize(
    ("method", "length", "chunks", "body"),
    [("GET", b"6", True, b"abcdef"), ("GET", b"", False, b"abcdef"), ("HEAD", b"", True, b"")],
)
def test_other_framings_leave_the_body_as_it_is(method: str, length: bytes, body: bytes, *, chunks: bool) -> None:
    assert written(framing_of(method, 200, length, chunks=chunks), b"abc", b"def") == b"HEAD|" + body


@pytest.mark.parametrize("chunks", [True, False])
def test_a_large_body_is_not_copied(*, chunks: bool) -> None:
    framing = framing_of("GET", 200, b"", chunks=chunks)
    assert any(piece is LARGE for piece in framing.frame(b"HEAD", LARGE, last=True))


@pytest.mark.parametrize("parts", [(b"abcd",), (b"ab",), (b"ab", b"cd"), (b"",)])
def test_a_body_of_another_length_than_declared_is_refused(parts: tuple[bytes, ...]) -> None:
    with pytest.raises(RuntimeError, match="declares"):
        written(framing_of("GET", 200, b"3", chunks=True), *parts)


def test_a_body_where_none_may_be_is_refused() -> None:
    with pytest.raises(RuntimeError, match="declares"):
        written(framing_of("GET", 204, b"", chunks=True), b"a")


def test_a_probe_changes_nothing_of_a_chunked_body() -> None:
    """A leading zero belongs to the size of the chunk that follows."""
    framing = framing_of("GET", 200, b"", chunks=True)
    (first,) = framing.frame(b"", b"abc", last=False)
    (second,) = framing.frame(b"", b"0123456789abcdef", last=True)
    sizes = (first + framing.probe + second).split(b"\r\n")[::2]
    assert [int(size, 16) for size in sizes[:3]] == [3, 16, 0]


def test_every_head_forbids_guesses_about_its_body() -> None:
    assert head_of(200, (JSON,), b"", closes=False) == (
        b"HTTP/1.1 200 OK\r\nx-content-type-options: nosniff\r\ncontent-type: application/json\r\n\r\n"
    )


def test_a_head_says_whether_the_connection_closes() -> None:
    assert head_of(200, (), b"", closes=True).endswith(b"connection: close\r\n\r\n")
    assert b"connection" not in head_of(200, (), b"", closes=False)


def test_a_status_without_a_phrase_has_an_empty_one() -> None:
    assert head_of(498, (), b"", closes=False).startswith(b"HTTP/1.1 498 \r\n")


@pytest.mark.parametrize(
    ("status", "name", "value"),
    [
        (200, b"x", b"a\r\nset-cookie: b"),
        (200, b"x", b"a\nb"),
        (200, b"x", b"a\0b"),
        (200, b"x y", b"a"),
        (200, b"", b"a"),
        (200, b"x:", b"a"),
        (101, b"x", b"a"),
        (700, b"x", b"a"),
    ],
)
def test_a_head_that_http_cannot_carry_is_refused(status: int, name: bytes, value: bytes) -> None:
    with pytest.raises(RuntimeError, match="cannot be written"):
        head_of(status, ((name, value),), b"", closes=False)


def test_an_error_is_a_whole_answer_that_closes_once() -> None:
    plain = closing(ErrorAnswer(400, (JSON,), b"{}"))
    assert plain.endswith(b"content-length: 2\r\nconnection: close\r\n\r\n{}")
    announced = closing(ErrorAnswer(408, (JSON, (b"connection", b"close")), b"{}"))
    assert announced.count(b"connection: close") == 1
