"""Relay of a stream: each side on its own time, a word now and then into a silence, and no end but the right one."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import anyio
import pytest

from gateway.core.decision import EligibleRoute
from gateway.core.errors import Ended, UpstreamFailed, UpstreamTimeout
from gateway.dialects.neutral import Reply, ReplyEnded, ReplyEvent, Said, Vectors
from gateway.dialects.relay import Stream, Translated
from gateway.exchange.attempt import Attempt
from gateway.exchange.deadlines import DeadlineScope
from gateway.exchange.services import Services
from gateway.exchange.stream_relay import StreamRelay
from gateway.upstream.faults import UpstreamFault
from tests.builders import a_route, some_abilities
from tests.exchange.desk import PATIENT, Client, StillClock, a_desk

HELLO, SILENCE, END = b"data: hello\n\n", b": still here\n\n", b"data: [END]\n\n"
OPENING = b"<hello>"


class Listener:
    """A language of words and one end."""

    def read(self, data: bytes) -> Iterable[ReplyEvent]:
        return [ReplyEnded()] if data == b"[END]" else [Said(data.decode())]

    def close(self) -> Iterable[ReplyEvent]:
        return []


class Scribe:
    """Writes words in brackets; a keepalive says that somebody is there."""

    def write(self, event: ReplyEvent) -> bytes:
        return f"<{event.text}>".encode() if isinstance(event, Said) else b"<end>"

    def keepalive(self) -> bytes:
        return b"<keepalive>"

    def failure(self, ended: Ended) -> bytes:
        return f"<{ended.code}>".encode()

    def whole(self, reply: Reply | Vectors) -> bytes:
        raise AssertionError(reply)


class Dial(StillClock):
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.at = 1000.0

    def monotonic(self) -> float:
        return self.at


class Bench:
    """A pump over scripted pieces, and what came out of it."""

    def __init__(self, services: Services, reasoning: bool | None = False) -> None:
        self.clock = Dial()
        self.services = replace(services, clock=self.clock)
        self.client = Client()
        route = a_route(abilities=some_abilities(reasoning=reasoning))
        self.answer = Attempt(EligibleRoute(route, "openai_chat"), "hold", 0)

    def pump(self, pieces: AsyncIterator[bytes], client: Client | None = None) -> StreamRelay:
        """With its opening read already."""
        stream = Stream(Translated(Listener(), Scribe()), 300)
        assert stream.feed(HELLO) == OPENING
        self.answer.pieces, self.answer.stream = pieces, stream
        self.client = client or self.client
        return StreamRelay(self.answer, stream, self.client, self.services, DeadlineScope())

    @property
    def cooling(self) -> int:
        """Faults in a row so far, as far as they show: a third one cools the route down."""
        return len(self.services.health.view(self.clock.at).cooling)


@asynccontextmanager
async def a_bench(tmp_path: Path, idle_s: float = 5.0) -> AsyncIterator[Bench]:
    async with a_desk(tmp_path, deadlines=replace(PATIENT, idle_s=idle_s)) as desk:
        yield Bench(desk.services)


async def these(*pieces: bytes | UpstreamFault) -> AsyncIterator[bytes]:
    for piece in pieces:
        if isinstance(piece, UpstreamFault):
            raise piece
        yield piece


BROKE = UpstreamFault("reset", "maybe")


# --- to the end ------------------------------------------------------------------------------------------------------


async def test_pieces_are_passed_on_and_what_came_with_the_end_is_held_back(tmp_path: Path) -> None:
    async with a_bench(tmp_path) as bench:
        pump = bench.pump(these(HELLO, HELLO[:5], HELLO[5:] + END))
        assert await pump.run(OPENING) == b"<hello><end>"
        assert bench.client.body == OPENING + b"<hello>"
        assert bench.answer.outcome == "left", "who relays says how it ended"


async def test_a_stream_that_ended_in_its_opening_is_all_held_back(tmp_path: Path) -> None:
    async with a_bench(tmp_path) as bench:
        pump = bench.pump(these())
        assert bench.answer.stream is not None
        bench.answer.stream.feed(END)
        assert await pump.run(OPENING + b"<end>") == OPENING + b"<end>"
        assert bench.client.body == b""


@pytest.mark.parametrize(
    "pieces", [(), (HELLO,), (HELLO, BROKE), (HELLO, HELLO[:7])], ids=["none", "one", "fault", "half"]
)
async def test_a_stream_that_breaks_off_is_a_failure_of_its_route(
    tmp_path: Path, pieces: tuple[bytes | UpstreamFault, ...]
) -> None:
    async with a_bench(tmp_path) as bench:
        for _ in range(3):
            with pytest.raises(UpstreamFailed):
                await bench.pump(these(*pieces), Client()).run(OPENING)
            assert bench.client.body.startswith(OPENING)
            assert b"<end>" not in bench.client.body
            assert bench.answer.outcome == "failed"
        assert bench.cooling == 1


async def test_silence_is_a_failure_of_its_route(tmp_path: Path) -> None:
    async with a_bench(tmp_path, idle_s=0.05) as bench:

        async def silence() -> AsyncIterator[bytes]:
            yield HELLO
            await anyio.sleep_forever()

        for _ in range(3):
            with pytest.raises(UpstreamTimeout):
                await bench.pump(silence(), Client()).run(OPENING)
            assert bench.answer.outcome == "timeout"
        assert bench.cooling == 1


async def test_a_model_that_reasons_may_be_silent_for_longer(tmp_path: Path) -> None:
    async with a_bench(tmp_path, idle_s=0.05) as bench:

        async def thinks() -> AsyncIterator[bytes]:
            await anyio.sleep(0.3)
            yield END

        assert await Bench(bench.services, reasoning=True).pump(thinks()).run(OPENING) == b"<end>"


async def test_a_comment_shows_that_the_provider_is_at_work(tmp_path: Path) -> None:
    async with a_bench(tmp_path, idle_s=0.3) as bench:

        async def thinks() -> AsyncIterator[bytes]:
            for _ in range(6):
                await anyio.sleep(0.1)
                yield SILENCE
            yield END

        assert await bench.pump(thinks()).run(OPENING) == b"<end>"


# --- a word now and then ---------------------------------------------------------------------------------------------


async def test_only_a_stream_that_has_been_silent_for_so_long_is_kept_alive(tmp_path: Path) -> None:
    async with a_bench(tmp_path) as bench:
        goes_on = anyio.Event()

        async def pauses() -> AsyncIterator[bytes]:
            await goes_on.wait()
            yield END

        pump, clock = bench.pump(pauses()), bench.clock
        last: list[bytes] = []

        async def relayed() -> None:
            last.append(await pump.run(OPENING))

        await pump.send_keepalive(0.0)
        assert bench.client.body == b"", "nothing has been said yet"
        async with anyio.create_task_group() as group:
            group.start_soon(relayed)
            await bench.client.received.wait()
            clock.at += 9.9
            await pump.send_keepalive(10.0)
            assert bench.client.body == OPENING
            clock.at += 0.1
            await pump.send_keepalive(10.0)
            assert bench.client.body == OPENING + b"<keepalive>"
            await pump.send_keepalive(10.0)
            assert bench.client.body == OPENING + b"<keepalive>", "somebody has just spoken"
            clock.at += 10
            await pump.send_keepalive(10.0)
            goes_on.set()
        clock.at = math.inf
        await pump.send_keepalive(10.0)
        assert bench.client.body == OPENING + b"<keepalive><keepalive>", "nothing behind the end"
        assert last == [b"<end>"]


class Slow(Client):
    """Takes bytes only when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.may = anyio.Event(), anyio.Event()

    async def send(self, data: bytes) -> None:
        self.asked.set()
        await self.may.wait()
        await super().send(data)


async def test_a_client_that_has_not_taken_what_there_is_needs_no_word(tmp_path: Path) -> None:
    async with a_bench(tmp_path) as bench:
        client = Slow()
        pump = bench.pump(these(END), client)
        async with anyio.create_task_group() as group:
            group.start_soon(pump.run, OPENING)
            await client.asked.wait()
            bench.clock.at += 1000
            await pump.send_keepalive(10.0)
            assert client.body == b""
            client.may.set()
        assert client.body == OPENING


# --- pieces ----------------------------------------------------------------------------------------------------------
