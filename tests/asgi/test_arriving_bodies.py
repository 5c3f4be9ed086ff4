"""Bytes of bodies that are still arriving, for each key and in all."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import anyio
import pytest

from gateway.asgi.arriving_bodies import SMALL, ArrivingBodies, ArrivingBody, BodyLimits
from gateway.core.errors import RateLimited, Unavailable
from tests.asgi.gate import Door, a_door, chat
from tests.exchange.desk import SECRET
from tests.exchange.test_lifecycle import GOOD
from tests.scripted import Provider

MIB = 2**20
LIMITS = BodyLimits(MIB, 20.0, arriving_of_key=3 * MIB, arriving_in_all=5 * MIB)


def arriving(bodies: ArrivingBodies, stack: ExitStack, key: str, size: int) -> ArrivingBody:
    body = stack.enter_context(ArrivingBody(bodies, key))
    body.grow(size)
    return body


def test_a_key_has_its_bound_and_the_process_has_one() -> None:
    bodies = ArrivingBodies(LIMITS)
    with ExitStack() as stack:
        for key in ("a", "a", "a", "b", "b"):
            arriving(bodies, stack, key, MIB)
        with pytest.raises(RateLimited) as limited:
            arriving(bodies, stack, "a", MIB)
        assert limited.value.details["limit"] == {"account": "key/a", "amount": 3 * MIB, "counts": "arriving_bytes"}
        with pytest.raises(Unavailable) as unavailable:
            arriving(bodies, stack, "c", MIB)
        assert unavailable.value.code == "overloaded"
        assert bodies.in_all == 5 * MIB
    assert bodies.in_all == 0


def test_a_body_counts_as_declared_and_grows_where_it_is_not() -> None:
    bodies = ArrivingBodies(LIMITS)
    with ArrivingBody(bodies, "a") as body:
        body.grow(MIB)
        body.grow(MIB // 2)
        assert bodies.in_all == MIB
    with ArrivingBody(bodies, "a") as body:
        body.grow(SMALL)
        assert bodies.in_all == 0
        body.grow(2 * SMALL)
        body.grow(3 * SMALL)
        assert bodies.in_all == 3 * SMALL
    assert bodies.in_all == 0


def test_one_body_of_the_largest_size_always_fits() -> None:
    bodies = ArrivingBodies(BodyLimits(2 * MIB, 20.0, arriving_of_key=MIB, arriving_in_all=MIB))
    with ArrivingBody(bodies, "a") as body:
        body.grow(2 * MIB)


async def begin(door: Door, key: bytes, size: int = MIB) -> None:
    """A request of which the head and a part of the body arrive."""
    head = chat(b"", b"content-type: application/json", b"content-length: %d" % size, key=key)
    await door.raw(head + b"{" * (2 * SMALL))


async def reached(door: Door, size: int) -> None:
    with anyio.fail_after(10):
        while door.bodies.in_all != size:  # noqa: ASYNC110
            await anyio.sleep(0.01)


async def test_bodies_beyond_the_bounds_are_refused_before_they_are_read(tmp_path: Path) -> None:
    async with Provider(GOOD) as alpha, a_door(tmp_path, alpha, limits=LIMITS) as door:
        await door.key("sc_other")
        for _ in range(3):
            await begin(door, SECRET.encode())
        await reached(door, 3 * MIB)
        reader, _ = await door.raw(chat(b"", b"content-type: application/json", b"content-length: %d" % MIB))
        assert (await reader.readline()).startswith(b"HTTP/1.1 429 ")
        assert (await door.ask()).status_code == 200  # what is small is not counted

        for _ in range(2):
            await begin(door, b"sc_other")
        await reached(door, 5 * MIB)
        head = chat(b"", b"content-type: application/json", b"transfer-encoding: chunked", key=b"sc_other")
        reader, _ = await door.raw(head + b"%x\r\n%b\r\n" % (2 * SMALL, b"{" * 2 * SMALL))
        assert (await reader.readline()).startswith(b"HTTP/1.1 503 ")

        for writer in door.connections:
            writer.close()
        await reached(door, 0)
