"""What every endpoint needs: a caller, what is in force, and an end that is told to everybody under way."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import anyio
import pytest

from gateway.asgi.arriving_bodies import BodyLimits
from gateway.asgi.headers import Fields
from gateway.asgi.request_context import KEEP_ALIVE_S, Gate
from gateway.core.errors import Unauthenticated, Unavailable
from gateway.exchange.lifecycle import Exchange
from gateway.http.drain import Drain
from gateway.telemetry.events import Fault, Stopping
from tests.exchange.desk import SECRET, Desk, a_desk

BEARER = [(b"authorization", f"Bearer {SECRET}".encode())]


class Told:
    """An exchange, as far as a gate speaks to it."""

    id = "01JDRECEIPT00000000000000A"

    def __init__(self, fault: Exception | None = None) -> None:
        self.silences: list[float] = []
        self.expired = 0
        self.breathed = anyio.Event()
        self._fault = fault

    async def send_keepalive(self, silent_s: float) -> None:
        self.silences.append(silent_s)
        self.breathed.set()
        if self._fault is not None:
            raise self._fault

    def expire(self) -> None:
        self.expired += 1


@asynccontextmanager
async def a_gate(tmp_path: Path) -> AsyncIterator[tuple[Gate, Desk]]:
    async with a_desk(tmp_path) as desk:
        yield Gate(desk.services, lambda: desk.in_force, desk.ledger, Drain(), BodyLimits(2**20, 5.0)), desk


def admit(gate: Gate, *exchanges: Told) -> None:
    gate.live |= {cast(Exchange, exchange) for exchange in exchanges}


@pytest.mark.parametrize(
    ("headers", "query_key"), [(BEARER, ""), ([(b"x-goog-api-key", SECRET.encode())], ""), ([], SECRET)]
)
async def test_a_caller_is_known_by_its_key_wherever_that_stands(
    tmp_path: Path, headers: list[tuple[bytes, bytes]], query_key: str
) -> None:
    async with a_gate(tmp_path) as (gate, desk):
        caller, in_force = gate.caller(Fields(headers), query_key)
        assert caller.caller == desk.key
        assert in_force is desk.in_force


async def test_nobody_comes_in_without_a_key_or_while_the_gate_closes(tmp_path: Path) -> None:
    async with a_gate(tmp_path) as (gate, desk):
        for headers in ([], [(b"authorization", b"Bearer sc_other")]):
            with pytest.raises(Unauthenticated):
                gate.caller(Fields(headers), "")
        gate.drain.begin()
        caller, _ = gate.caller(Fields(BEARER), "")
        assert caller.caller == desk.key, "in the grace every key is served"
        gate.drain.hurry()
        for headers in ([], BEARER):
            with pytest.raises(Unavailable) as refused:
                gate.caller(Fields(headers), "")
            assert refused.value.code == "draining"


async def test_the_end_is_logged_when_it_begins_and_told_to_everybody_when_it_comes(tmp_path: Path) -> None:
    async with a_gate(tmp_path) as (gate, desk):
        one, other = Told(), Told()
        admit(gate, one, other)
        async with anyio.create_task_group() as group:
            group.start_soon(gate.expire)
            await anyio.lowlevel.checkpoint()
            assert desk.heard.events == []
            gate.drain.begin()
            while not desk.heard.events:
                await anyio.lowlevel.checkpoint()
            assert desk.heard.events == [Stopping(2)]
            assert (one.expired, other.expired) == (0, 0)
            gate.drain.expired.set()
        assert (one.expired, other.expired) == (1, 1)


async def test_every_exchange_is_kept_alive_whatever_happens_to_another(tmp_path: Path) -> None:
    async with a_gate(tmp_path) as (gate, desk):
        broken, well = Told(ValueError("MARKER said")), Told()
        admit(gate, broken, well)
        async with anyio.create_task_group() as group:
            group.start_soon(gate.send_keepalive, 0.0)
            for exchange in (well, broken) * 3:
                exchange.breathed = anyio.Event()
                await exchange.breathed.wait()
            group.cancel_scope.cancel()
        assert set(well.silences) == set(broken.silences) == {0.0}
        fault = desk.heard.faults[0]
        assert isinstance(fault, Fault)
        assert fault.receipt == broken.id
        assert "MARKER" not in str(desk.heard.events)


def test_a_stream_says_something_before_a_client_gives_up() -> None:
    """Agents and proxies wait for a minute and more; a silence is observed after two periods at most."""
    assert 2 * KEEP_ALIVE_S < 60
