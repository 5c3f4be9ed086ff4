"""A whole gateway: the cost of a stream that its client left is held against a budget until a bill settles it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import aiohttp

from tests.commands.calling import Called, call
from tests.loads import OPEN, SERVED, SPENT, Provider, a_provider, answered, assert_verified, documents
from tests.processes import Process, running


async def leave(session: aiohttp.ClientSession, gateway: Process, provider: Provider) -> None:
    """A client reads the first word of a stream, and goes."""
    provider.gate.clear()
    body = {"model": "small", "stream": True, "max_tokens": 5, "messages": [{"role": "user", "content": "hello"}]}
    headers = {"authorization": f"Bearer {gateway.key}"}
    async with session.post(f"{gateway.url}/chat/completions", json=body, headers=headers) as reply:
        assert reply.status == 200
        await reply.content.readany()
        reply.close()
    await asyncio.to_thread(gateway.event, "exchange_ended")
    provider.gate.set()


def settle(at: Path, cost: str, *named: str) -> Called:
    """With a bill of today, which is complete."""
    now = datetime.now(UTC)
    bill = at / "bill.csv"
    bill.write_text(f"day,model,cost,currency\n{now.date()},lab/small,{cost},USD\n")
    words = ("--shape", "csv", "--provider", "alpha", "--settle", "--until", str(now.date()))
    return call("reconcile", str(bill), *words, "--state", str(at / "state"), *named, now=now, json=True)


async def test_a_budget_has_the_room_again_that_a_departure_held(tmp_path: Path) -> None:
    async with a_provider() as (provider, address), aiohttp.ClientSession() as session:
        named = documents(tmp_path, address, 1)
        with running(tmp_path / "state", *named, **OPEN) as gateway:
            await leave(session, gateway, provider)
            assert await answered(session, gateway) == SPENT
            settled = await asyncio.to_thread(partial(settle, tmp_path, "0", *named))
            assert settled.json["settled"] == {
                "attempts": 1,
                "corrected": 1,
                "difference": "-0.005",
                "waiting": 0,
                "dry_run": False,
            }
            assert await answered(session, gateway) == SERVED
            assert await answered(session, gateway) == SPENT
            assert await asyncio.to_thread(gateway.end) == (0, b"")
    assert_verified(tmp_path / "state", *named, **OPEN)
