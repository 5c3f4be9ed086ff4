"""Exchanges that end before their reply does: how the receipt tells one end from another."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest

from gateway.core.limits import Rate
from gateway.exchange.services import Deadlines
from gateway.telemetry.events import ExchangeEnded
from tests.exchange.desk import BODY, DONE, STOP, WORDS, Client, Desk, a_desk
from tests.exchange.test_lifecycle import GOOD, STREAM
from tests.scripted import END, Connection, Provider, chunk, hangs, replies, reply, stream_head

STUCK = hangs(stream_head(), chunk(WORDS))
STREAMED = replies(stream_head() + chunk(WORDS) + chunk(STOP) + chunk(DONE) + END)


async def expired(desk: Desk, body: dict[str, Any], when: Callable[[Client], Awaitable[None]]) -> Client:
    """The client of an exchange that is told to end as soon as `when` returns."""
    client, exchange = Client(), desk.exchange()
    async with anyio.create_task_group() as group:
        group.start_soon(exchange.run, json.dumps({**BODY, **body}).encode(), client)
        await when(client)
        exchange.expire()
    return client


@pytest.mark.parametrize("streaming", [False, True])
async def test_an_exchange_in_flight_ends_with_the_process(tmp_path: Path, streaming: bool) -> None:
    async with Provider(STUCK if streaming else hangs()) as alpha, a_desk(tmp_path, alpha) as desk:

        async def under_way(client: Client) -> None:
            await (client.received if streaming else alpha.asked).wait()

        client = await expired(desk, {"stream": streaming}, under_way)
        assert client.code == "draining"
        assert not client.complete
        if client.error is not None:
            assert (client.error.status, client.error.may_retry) == (503, True)
        assert (client.error is None) == streaming, "who has content already is told in its stream"
        await alpha.quiet()
        (receipt,) = desk.receipts()
        assert (receipt["outcome"], receipt["code"]) == ("failed", "draining"), "a provider saw the prompt"
        (attempt,) = receipt["attempts"]
        assert attempt["outcome"] == "interrupted"
        assert (attempt["usage_source"], attempt["cost"]) == ("held", attempt["hold"])
        assert attempt["ended_ms"] >= 0
        assert await desk.held() == 0


async def test_what_is_told_to_end_before_it_began_reaches_no_provider(tmp_path: Path) -> None:
    async with Provider(GOOD) as alpha, a_desk(tmp_path, alpha) as desk:
        client, exchange = Client(), desk.exchange()
        exchange.expire()
        await exchange.run(json.dumps(BODY).encode(), client)
        assert client.error is not None
        assert client.error.code == "draining"
        assert desk.receipts()[0]["outcome"] == "refused"
        assert alpha.requests == []


@pytest.mark.parametrize(("script", "body"), [(hangs(), {}), (STUCK, STREAM)], ids=["before", "in mid-stream"])
async def test_the_whole_deadline_is_a_timeout_of_the_attempt_under_way(
    tmp_path: Path, script: Any, body: dict[str, Any]
) -> None:
    soon = Deadlines(1, 9, 9, 0.3, 5)
    async with Provider(script) as alpha, a_desk(tmp_path, alpha, deadlines=soon) as desk:
        await desk.ask(body)
        (receipt,) = desk.receipts()
        assert (receipt["outcome"], receipt["code"]) == ("failed", "upstream_timeout")
        assert [a["outcome"] for a in receipt["attempts"]] == ["timeout"]


async def test_an_attempt_that_had_ended_keeps_its_outcome(tmp_path: Path) -> None:
    soon = Deadlines(1, 9, 9, 0.5, 5)
    async with (
        Provider(replies(reply(500))) as alpha,
        Provider(hangs()) as beta,
        a_desk(tmp_path, alpha, beta, deadlines=soon) as desk,
    ):
        await desk.ask()
        assert [a["outcome"] for a in desk.receipts()[0]["attempts"]] == ["failed", "timeout"]


class Slow(Client):
    """Takes the first bytes, and the next ones only when somebody lets it."""

    def __init__(self) -> None:
        super().__init__()
        self.goes_on = anyio.Event()
        self.waits = anyio.Event()

    async def send(self, data: bytes) -> None:
        if self.body:
            self.waits.set()
            await self.goes_on.wait()
        await super().send(data)


async def test_a_client_that_reads_slowly_is_no_fault_of_the_route(tmp_path: Path) -> None:
    """The client stands still for longer than a provider may be silent; then it receives everything."""

    soon = Deadlines(1, 5, 0.2, 20, 5)
    client = Slow()

    async def two_pieces(connection: Connection) -> None:
        await connection.request()
        await connection.send(stream_head(), chunk(WORDS))
        await client.received.wait()
        await connection.send(chunk(WORDS), chunk(STOP), chunk(DONE), END)

    async with Provider(two_pieces) as alpha, a_desk(tmp_path, alpha, deadlines=soon) as desk:
        async with anyio.create_task_group() as group:
            group.start_soon(desk.exchange().run, json.dumps({**BODY, **STREAM}).encode(), client)
            await client.waits.wait()
            await anyio.sleep(0.4)  # the time itself is what is tested: twice what a silent provider has
            client.goes_on.set()
        assert client.code is None
        assert client.body == WORDS + WORDS + STOP + DONE
        assert desk.receipts()[0]["outcome"] == "served"


async def test_a_client_that_stands_still_for_ever_meets_the_whole_deadline(tmp_path: Path) -> None:
    soon = Deadlines(1, 5, 5, 0.5, 5)
    client = Slow()

    async def words_for_ever(connection: Connection) -> None:
        await connection.request()
        await connection.send(stream_head(), chunk(WORDS))
        await client.received.wait()
        await connection.send(chunk(WORDS))
        await connection.left()

    async with Provider(words_for_ever) as alpha, a_desk(tmp_path, alpha, deadlines=soon) as desk:
        await desk.exchange().run(json.dumps({**BODY, **STREAM}).encode(), client)
        assert client.code == "upstream_timeout"
        view = desk.services.health.view(desk.services.clock.monotonic())
        assert not view.cooling
        await alpha.quiet()


async def test_a_client_that_leaves_has_an_attempt_with_an_end(tmp_path: Path) -> None:
    async with Provider(STUCK) as alpha, a_desk(tmp_path, alpha) as desk:
        client, exchange = Client(), desk.exchange()
        async with anyio.create_task_group() as group:
            group.start_soon(exchange.run, json.dumps({**BODY, **STREAM}).encode(), client)
            await client.received.wait()
            exchange.leave()
        (attempt,) = desk.receipts()[0]["attempts"]
        assert 0 <= attempt["first_event_ms"] <= attempt["ended_ms"]
        assert attempt["outcome"] == "left"


class Doing:
    """Something of the services, that does one thing more each time it is told to settle."""

    def __init__(self, inner: Any, first: Callable[[int], None]) -> None:
        self._inner, self._first, self.settled = inner, first, list[Any]()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def settle(self, *given: Any) -> Any:
        self.settled.append(given)
        self._first(len(self.settled))
        return await self._inner.settle(*given)


async def test_a_client_that_leaves_while_the_receipt_is_written_takes_nothing_from_the_books(tmp_path: Path) -> None:
    some = Rate("tokens", 10_000, "day", 10_000)
    async with Provider(GOOD) as alpha, a_desk(tmp_path, alpha, rates=(some,)) as desk:
        leaving = list[Callable[[], None]]()
        rates = Doing(desk.services.rates, lambda _: None)
        books = Doing(desk.services.books, lambda _: leaving[0]())
        desk.services = replace(desk.services, books=books, rates=rates)
        exchange = desk.exchange()
        leaving.append(exchange.leave)
        await asyncio.gather(exchange.run(json.dumps(BODY).encode(), Client()), return_exceptions=True)
        assert [e for e in desk.heard.events if isinstance(e, ExchangeEnded)], "it is told of"
        assert rates.settled[0][1] == 12, "what it used counts against its limits"
        assert len(desk.receipts()) == 1


@pytest.mark.parametrize("body", [{}, STREAM], ids=["whole", "streamed"])
async def test_an_end_that_comes_while_the_receipt_is_written_takes_nothing_from_the_client(
    tmp_path: Path, body: dict[str, Any]
) -> None:
    """What the receipt says was served is served: the process waits for its last bytes."""

    async with Provider(GOOD if not body else STREAMED) as alpha, a_desk(tmp_path, alpha) as desk:
        ending = list[Callable[[], None]]()
        desk.services = replace(desk.services, books=Doing(desk.services.books, lambda _: ending[0]()))
        client, exchange = Client(), desk.exchange()
        ending.append(exchange.expire)
        await exchange.run(json.dumps({**BODY, **body}).encode(), client)
        assert (client.code, client.complete) == (None, True)
        assert desk.receipts()[0]["outcome"] == "served"


class Late:
    """Books that write a receipt down only after a while."""

    def __init__(self, inner: Any, after_s: float) -> None:
        self._inner, self._after_s = inner, after_s

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def settle(self, receipt: Any) -> Any:
        await anyio.sleep(self._after_s)
        return await self._inner.settle(receipt)


@pytest.mark.parametrize("body", [{}, STREAM], ids=["whole", "streamed"])
async def test_a_deadline_that_passes_while_the_receipt_is_written_takes_nothing_from_the_client(
    tmp_path: Path, body: dict[str, Any]
) -> None:
    soon = Deadlines(1, 9, 9, 0.5, 5)
    async with (
        Provider(GOOD if not body else STREAMED) as alpha,
        a_desk(tmp_path, alpha, deadlines=soon) as desk,
    ):
        desk.services = replace(desk.services, books=Late(desk.services.books, 0.7))
        client = await desk.ask(body)
        assert (client.code, client.complete) == (None, True)
        assert desk.receipts()[0]["outcome"] == "served"


class Deaf(Client):
    """Never takes the last bytes."""

    async def end(self, last: bytes) -> None:
        await self.send(last[:1])
        await asyncio.get_running_loop().create_future()


async def test_a_client_that_never_takes_its_whole_reply_is_waited_for_no_longer_than_the_process_waits(
    tmp_path: Path,
) -> None:
    async with Provider(GOOD) as alpha, a_desk(tmp_path, alpha) as desk:
        client, exchange = Deaf(), desk.exchange()
        async with anyio.create_task_group() as group:
            group.start_soon(exchange.run, json.dumps(BODY).encode(), client)
            await client.received.wait()
            exchange.expire()
        assert client.code is None, "its reply had begun"
        assert desk.receipts()[0]["outcome"] == "served"
        assert desk.heard.faults == []


class Still(Client):
    """Takes the first bytes, and nothing more; so the provider is not being read when a deadline passes."""

    async def send(self, data: bytes) -> None:
        if self.body:
            await asyncio.get_running_loop().create_future()
        await super().send(data)


async def test_a_client_that_leaves_at_the_very_end_leaves_no_provider_behind(tmp_path: Path) -> None:
    some, soon = Rate("tokens", 10_000, "day", 10_000), Deadlines(1, 9, 9, 0.3, 5)
    client = Still()

    async def goes_on(connection: Connection) -> None:
        await connection.request()
        await connection.send(stream_head(), chunk(WORDS))
        await client.received.wait()
        await connection.send(chunk(WORDS))
        await connection.left()

    async with Provider(goes_on) as alpha, a_desk(tmp_path, alpha, rates=(some,), deadlines=soon) as desk:
        leaving = list[Callable[[], None]]()
        rates = Doing(desk.services.rates, lambda times: leaving[0]() if times > 1 else None)
        desk.services = replace(desk.services, rates=rates)
        exchange = desk.exchange()
        leaving.append(exchange.leave)
        await asyncio.gather(exchange.run(json.dumps({**BODY, **STREAM}).encode(), client), return_exceptions=True)
        assert len(rates.settled) == 2
        await alpha.quiet()
