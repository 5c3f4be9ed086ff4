from __future__ import annotations

import pytest

from gateway.core.errors import InvalidRequest
from gateway.http.body import MAX_TRAILERS, SHORT_BODY, ChunkedBody, SizedBody

BODY = b"3\r\nabc\r\n00A\r\n0123\r\n6789\r\n0\r\n"
NEXT = b"GET / HTTP/1.1\r\n\r\n"


def follow(wire: bytes, step: int) -> tuple[bytes, bytes | None]:
    chunked, through, rest = ChunkedBody(), b"", None
    for at in range(0, len(wire), step):
        passed, rest = chunked.take(wire[at : at + step])
        through += passed
        if rest is not None:
            return through, rest + wire[at + step :]
    return through, rest


@pytest.mark.parametrize("step", range(1, 40))
@pytest.mark.parametrize("trailers", [b"", b"X-Auth-User: root\r\nX: 1\r\n"])
def test_the_end_is_found_however_the_bytes_arrive(step: int, trailers: bytes) -> None:
    assert follow(BODY + trailers + b"\r\n" + NEXT, step) == (BODY + b"\r\n", NEXT)


def test_a_body_that_goes_on_has_no_end() -> None:
    assert follow(BODY, 5) == (BODY, None)


@pytest.mark.parametrize(
    "wire",
    [
        b"3\nabc\r\n",
        b"3;x=1\r\nabc\r\n",
        b"3 \r\nabc\r\n",
        b" 3\r\nabc\r\n",
        b"+3\r\nabc\r\n",
        b"0x3\r\nabc\r\n",
        b"3_0\r\n",
        b"\r\n",
        b"-1\r\n",
        b"g\r\n",
        b"100000000\r\n",
        b"000000000000000",
        BODY + b"X: 1\n\r\n",
        BODY + b"X : 1\r\n\r\n",
        BODY + b" X: 1\r\n\r\n",
        BODY + b"X: \0\r\n\r\n",
        BODY + b"X: " + b"a" * MAX_TRAILERS,
    ],
)
@pytest.mark.parametrize("step", [1, 4, 100_000])
def test_other_spellings_are_refused(wire: bytes, step: int) -> None:
    with pytest.raises(InvalidRequest):
        follow(wire, step)


@pytest.mark.parametrize("step", [1, 7, 100_000])
def test_trailers_have_one_bound_however_they_arrive(step: int) -> None:
    fits = b"X: " + b"a" * (MAX_TRAILERS - 7) + b"\r\n"
    assert follow(BODY + fits + b"\r\n" + NEXT, step)[1] == NEXT
    with pytest.raises(InvalidRequest):
        follow(BODY + fits.replace(b"a", b"aa", 1) + b"\r\n" + NEXT, step)


@pytest.mark.parametrize("step", range(1, 12))
def test_a_declared_length_is_the_end(step: int) -> None:
    body, through, rest = SizedBody(10), b"", None
    wire = b"0123456789" + NEXT
    for at in range(0, len(wire), step):
        passed, rest = body.take(wire[at : at + step])
        through += passed
        if rest is not None:
            rest += wire[at + step :]
            break
    assert (through, rest) == (b"0123456789", NEXT)


def test_the_rest_of_a_body_is_worth_reading_when_it_is_short() -> None:
    bodies = SizedBody(SHORT_BODY), SizedBody(SHORT_BODY + 1), ChunkedBody()
    assert [body.is_short for body in bodies] == [True, False, False]
    bodies[1].take(b"a")
    assert [body.is_short for body in bodies] == [True, True, False]
