"""Calls that may fail: answers in one round trip, and nobody waits long for a server that is not there."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from time import monotonic

import pytest

from gateway.stores.errors import StoreRefused
from gateway.stores.rates.redis_calls import RedisCalls
from gateway.stores.rates.redis_scripts import GIVE as GIVE_SCRIPT
from gateway.stores.redis.connection import ScriptCall
from tests.stores.servers import Server, a_server

KEY = "{b}:state"
GIVE = ScriptCall(GIVE_SCRIPT, (), ("exchange", 0))
FAULTY = ScriptCall(GIVE_SCRIPT, (), ("exchange", "not a number"))


@pytest.fixture
def server() -> Iterator[Server]:
    with a_server() as running:
        yield running


async def test_what_is_asked_at_once_is_answered_each(server: Server) -> None:
    with closing(RedisCalls.open(server.url, KEY, 10)) as calls:
        answers = await asyncio.gather(*(calls.ask(GIVE) for _ in range(600)))
        assert {answer.word for answer in answers if answer is not None} == {"given"}
        assert None not in answers
        assert calls.reason == ""


async def test_a_call_that_is_refused_is_no_answer_and_harms_no_other(server: Server) -> None:
    with closing(RedisCalls.open(server.url, KEY, 10)) as calls:
        refused, answered = await asyncio.gather(calls.ask(FAULTY), calls.ask(GIVE))
        assert refused is None
        assert answered is not None


async def test_nobody_waits_for_a_frozen_server_twice(server: Server) -> None:
    with closing(RedisCalls.open(server.url, KEY, 0.2)) as calls:
        server.freeze()
        assert await calls.ask(GIVE) is None
        assert calls.reason == "no_answer_in_time"
        asked = [await calls.ask(GIVE) for _ in range(10_000)]
        assert asked.count(None) == 10_000
        server.thaw()


async def test_all_that_wait_for_a_frozen_server_end_together(server: Server) -> None:
    with closing(RedisCalls.open(server.url, KEY, 0.2)) as calls:
        server.freeze()
        async with asyncio.timeout(5):
            answers = await asyncio.gather(*(calls.ask(GIVE) for _ in range(10_000)))
        assert set(answers) == {None}
        server.thaw()


async def test_lateness_of_this_process_is_not_absence_of_the_server(server: Server) -> None:
    """The event loop stands still for longer than the server may take; the answers count all the same."""
    with closing(RedisCalls.open(server.url, KEY, 0.2)) as calls:
        asked = [asyncio.ensure_future(calls.ask(GIVE)) for _ in range(600)]
        await asyncio.sleep(0)
        until = monotonic() + 0.7
        while monotonic() < until:
            pass
        assert None not in await asyncio.gather(*asked)
        assert calls.reason == ""


async def test_a_closed_way_answers_nobody(server: Server) -> None:
    calls = RedisCalls.open(server.url, KEY)
    calls.close()
    assert await calls.ask(GIVE) is None


async def test_a_server_that_is_there_again_is_found(server: Server) -> None:
    with closing(RedisCalls.open(server.url, KEY, 10)) as calls:
        server.kill()
        assert await calls.ask(GIVE) is None
        assert calls.reason
        server.start()
        async with asyncio.timeout(30):
            while await calls.ask(GIVE) is None:
                await moment()
        assert calls.reason == ""


async def moment() -> None:
    await asyncio.sleep(0.05)


async def test_a_server_that_is_not_there_at_first_is_no_reason_not_to_begin(tmp_path: Path) -> None:
    with closing(RedisCalls.open(f"unix://{tmp_path}/nobody", KEY)) as calls:
        assert calls.reason
        assert await calls.ask(GIVE) is None
        calls.post(GIVE)


def test_an_address_of_no_known_form_is() -> None:
    with pytest.raises(StoreRefused):
        RedisCalls.open("http://127.0.0.1", KEY)


def test_closing_twice_is_closing_once(server: Server) -> None:
    calls = RedisCalls.open(server.url, KEY)
    calls.close()
    calls.close()
