"""A line that may fail: answers in one round trip, and nobody waits long for a server that is not there."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from gateway.stores.books.counters import CountersRefused
from gateway.stores.redis.connection import Call
from gateway.stores.redis.pipeline import Line
from tests.stores.servers import Server, a_server

KEY = "{b}:state"
GIVE = Call("give", (), ("exchange", 0))
FAULTY = Call("give", (), ("exchange", "not a number"))


@pytest.fixture
def server() -> Iterator[Server]:
    with a_server() as running:
        yield running


async def test_what_is_asked_at_once_is_answered_each(server: Server) -> None:
    with closing(Line(server.url, KEY, 10)) as line:
        answers = await asyncio.gather(*(line.ask(GIVE) for _ in range(600)))
        assert {answer.word for answer in answers if answer is not None} == {"given"}
        assert None not in answers
        assert line.reason == ""


async def test_a_call_that_is_refused_is_no_answer_and_harms_no_other(server: Server) -> None:
    with closing(Line(server.url, KEY, 10)) as line:
        refused, answered = await asyncio.gather(line.ask(FAULTY), line.ask(GIVE))
        assert refused is None
        assert answered is not None


async def test_nobody_waits_for_a_frozen_server_twice(server: Server) -> None:
    with closing(Line(server.url, KEY, 0.2)) as line:
        server.freeze()
        assert await line.ask(GIVE) is None
        assert line.reason == "no_answer_in_time"
        asked = [await line.ask(GIVE) for _ in range(10_000)]
        assert asked.count(None) == 10_000
        server.thaw()


async def test_a_server_that_is_there_again_is_found(server: Server) -> None:
    with closing(Line(server.url, KEY, 10)) as line:
        server.kill()
        assert await line.ask(GIVE) is None
        assert line.reason
        server.start()
        async with asyncio.timeout(30):
            while await line.ask(GIVE) is None:
                await moment()
        assert line.reason == ""


async def moment() -> None:
    await asyncio.sleep(0.05)


async def test_a_server_that_is_not_there_at_first_is_no_reason_not_to_begin(tmp_path: Path) -> None:
    with closing(Line(f"unix://{tmp_path}/nobody", KEY)) as line:
        assert line.reason
        assert await line.ask(GIVE) is None
        line.post(GIVE)


def test_an_address_of_no_known_form_is() -> None:
    with pytest.raises(CountersRefused):
        Line("http://127.0.0.1", KEY)


def test_closing_twice_is_closing_once(server: Server) -> None:
    line = Line(server.url, KEY)
    line.close()
    line.close()
