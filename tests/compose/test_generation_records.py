"""Held costs settled from a provider's own record of each generation, asked at a real socket."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import anyio
import pytest

from gateway.compose.generation_records import GenerationRecords
from gateway.core.catalog import Billing
from gateway.core.snapshot import Snapshot
from gateway.stores.ledger.settling import Settled, Settler
from gateway.telemetry.events import CostsSettled
from tests.builders import NOW
from tests.exchange.desk import BODY, WORDS, Client, Desk, a_desk
from tests.scripted import Connection, Provider, chunk, reply, stream_head

HEAD = stream_head().replace(b"\r\n\r\n", b"\r\nx-generation-id: gen-17-a\r\n\r\n")


class Recording:
    """Streams one word and no usage, and answers for its generations. `records`: the answers, one after another."""

    def __init__(self, *records: bytes, head: bytes = HEAD) -> None:
        self.head, self._records = head, [*records]
        self.lines: list[str] = []
        self.keys: list[str | None] = []

    async def play(self, connection: Connection) -> None:
        while True:
            request = await connection.request()
            if request.line.startswith("GET"):
                self.lines.append(request.line)
                self.keys.append(request.header("authorization"))
                await connection.send(self._records.pop(0))
            else:
                await connection.send(self.head, chunk(WORDS))


def record(cost: float) -> bytes:
    return reply(body=json.dumps({"data": {"id": "gen-17-a", "total_cost": cost, "cancelled": True}}).encode())


def with_billing(snapshot: Snapshot, path: str) -> Snapshot:
    routes = {
        id: replace(route, provider=replace(route.provider, billing=Billing(generation_path=path)))
        for id, route in snapshot.routes.items()
    }
    providers = {route.provider.id: route.provider for route in routes.values()}
    return replace(snapshot, routes=routes, providers=providers)


@asynccontextmanager
async def a_departure(
    tmp_path: Path, provider: Recording, path: str = "/generation?id={id}"
) -> AsyncIterator[tuple[Desk, GenerationRecords]]:
    """A client has left a stream of that provider."""
    async with Provider(provider.play) as alpha, a_desk(tmp_path, alpha) as desk:
        desk.in_force = replace(desk.in_force, snapshot=with_billing(desk.in_force.snapshot, path))
        client, exchange = Client(), desk.exchange()
        async with anyio.create_task_group() as group:
            group.start_soon(exchange.run, json.dumps({**BODY, "stream": True}).encode(), client)
            await client.received.wait()
            exchange.leave()
        books = desk.services.books
        settler = Settler(books._journal, books.corrected)  # type: ignore[attr-defined]  # the books of one process
        yield desk, GenerationRecords(desk.services, lambda: desk.in_force, desk.ledger, settler)


async def spent(desk: Desk) -> int:
    balances = await desk.services.books.balances(("key/key_1",), NOW)
    return balances[-1].spent


async def test_a_departure_is_settled_at_what_the_provider_recorded(tmp_path: Path) -> None:
    provider = Recording(record(0.0000315))
    async with a_departure(tmp_path, provider) as (desk, records):
        (receipt,) = desk.receipts()
        attempt = receipt["attempts"][0]
        assert (attempt["usage_source"], attempt["observed"]) == ("held", {"generation": "gen-17-a"})
        assert await spent(desk) == attempt["hold"] > 31_500
        assert await records.now() == (1, Settled(1, 1, 31_500 - attempt["hold"]))
        assert await records.now() == (0, Settled(0, 0, 0))
        assert provider.lines == ["GET /v1/generation?id=gen-17-a HTTP/1.1"]
        assert provider.keys == ["Bearer credential-alpha"]
        assert await spent(desk) == 31_500
        (row,) = desk.ledger.usage(("team",))
        assert (row.cost, row.unreported) == (31_500, 0)
        settled = [event for event in desk.heard.events if isinstance(event, CostsSettled)]
        assert settled == [CostsSettled(1, 31_500 - attempt["hold"], "USD", "generation", "background")]


async def test_a_new_process_does_not_ask_again(tmp_path: Path) -> None:
    provider = Recording(record(0.0000315))
    async with a_departure(tmp_path, provider) as (desk, records):
        await records.round(wait=False)
        await GenerationRecords(desk.services, lambda: desk.in_force, desk.ledger, records._settler).round(wait=False)
        assert len(provider.lines) == 1


@pytest.mark.parametrize("first", [reply(404), reply(500), reply(body=b"<html>"), reply(body=b'{"data":{}}')])
async def test_a_record_that_is_not_there_yet_is_asked_for_again(tmp_path: Path, first: bytes) -> None:
    provider = Recording(first, record(0.00001))
    async with a_departure(tmp_path, provider) as (desk, records):
        held = await spent(desk)
        await records.round(wait=False)
        assert await spent(desk) == held
        await records.round()
        assert len(provider.lines) == 1, "the next time is later"
        await records.round(wait=False)
        assert await spent(desk) == 10_000


@pytest.mark.parametrize(
    ("head", "path"), [(stream_head(), "/generation?id={id}"), (HEAD, "")], ids=["no id", "no endpoint"]
)
async def test_without_an_id_or_an_endpoint_nobody_is_asked(tmp_path: Path, head: bytes, path: str) -> None:
    provider = Recording(head=head)
    async with a_departure(tmp_path, provider, path) as (desk, records):
        held = await spent(desk)
        await records.round(wait=False)
        assert (await spent(desk), provider.lines) == (held, [])


async def test_a_provider_that_is_no_longer_in_force_is_not_asked(tmp_path: Path) -> None:
    provider = Recording()
    async with a_departure(tmp_path, provider) as (desk, records):
        desk.in_force = replace(desk.in_force, targets={})
        await records.round(wait=False)
        assert provider.lines == []
