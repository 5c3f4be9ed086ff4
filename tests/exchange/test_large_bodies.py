"""The loop goes on while a thread works on a large body."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.exchange.large_bodies import LargeBodies, T
from tests.dialects.test_translation import ANSWER
from tests.exchange.desk import BODY, a_desk
from tests.scripted import Provider, replies, reply


@pytest.fixture
def bodies() -> Iterator[LargeBodies]:
    large_bodies = LargeBodies(large=100)
    yield large_bodies
    large_bodies.close()


@pytest.mark.parametrize(("size", "in_the_loop"), [(0, True), (99, True), (100, False), (10**9, False)])
async def test_only_large_bodies_leave_the_loop(bodies: LargeBodies, size: int, in_the_loop: bool) -> None:
    assert (await bodies.run(size, threading.get_ident) == threading.get_ident()) is in_the_loop


async def test_the_loop_goes_on_meanwhile(bodies: LargeBodies) -> None:
    loop, ran = asyncio.get_running_loop(), threading.Event()
    loop.call_soon(ran.set)
    assert await bodies.run(100, lambda: ran.wait(5)), "the loop ran while the work waited for it"


async def test_a_fault_of_the_work_is_the_callers(bodies: LargeBodies) -> None:
    for size in (1, 100):
        with pytest.raises(KeyError):
            await bodies.run(size, lambda: dict[str, int]()["absent"])


async def test_a_cancelled_caller_does_not_wait(bodies: LargeBodies) -> None:
    begun, end = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def work() -> None:
        loop.call_soon_threadsafe(begun.set)
        end.wait(5)

    task = asyncio.create_task(bodies.run(100, work))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    end.set()


async def test_few_bodies_are_worked_on_at_once_and_the_others_wait(bodies: LargeBodies) -> None:
    ran: set[int] = set()

    def work() -> None:
        ran.add(threading.get_ident())

    await asyncio.gather(*(bodies.run(100, work) for _ in range(50)))
    assert 1 <= len(ran) <= 2


def test_threads_that_were_never_needed_are_not_there_to_end() -> None:
    LargeBodies().close()


@pytest.mark.parametrize("wire", ["openai_chat", "anthropic_messages"])
async def test_an_exchange_reads_writes_and_answers_in_threads(tmp_path: Path, wire: str) -> None:
    sizes: list[int] = []

    class Noting(LargeBodies):
        async def run(self, size: int, work: Callable[[], T]) -> T:
            sizes.append(size)
            return await super().run(size, work)

    answer = reply(body=json.dumps(ANSWER[wire]).encode())
    async with Provider(replies(answer)) as alpha, a_desk(tmp_path, alpha, dialects=[wire]) as desk:
        with closing(Noting(large=1)) as large_bodies:
            desk.services = replace(desk.services, large_bodies=large_bodies)
            client = await desk.ask()
        assert client.complete
        assert b"well said" in client.body
        request = len(json.dumps(BODY))
        assert sizes == [request, request, len(json.dumps(ANSWER[wire]))], "read, written, and its reply read"
