"""A gateway's inside without HTTP: real journal, real way out, scripted providers, and a client that remembers."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date, datetime
from itertools import count
from pathlib import Path
from time import monotonic
from typing import Any

import anyio

from gateway.core.errors import Ended
from gateway.core.limits import Limit
from gateway.core.organisation import Budget
from gateway.core.policy import Policy
from gateway.core.principal import principal
from gateway.core.receipt import ReceiptId
from gateway.core.snapshot import Snapshot
from gateway.dialects.prompt import PLAIN
from gateway.dialects.registry import REGISTRY, Registry
from gateway.exchange.lifecycle import Exchange
from gateway.exchange.services import Arrival, Deadlines, InForce, Services
from gateway.identity.callers import KeyCallers
from gateway.stores.books.books import SqliteBooks
from gateway.stores.health import RouteHealth
from gateway.stores.journal.files import JOURNAL_FILE
from gateway.stores.journal.journal import Journal
from gateway.stores.keys.keys import KeyStore, SqliteKeys, digest_of
from gateway.stores.ledger.ledger import SqliteLedger
from gateway.stores.pseudonyms import Pseudonyms
from gateway.stores.rates.rates import LocalRates
from gateway.telemetry.events import Event, ExchangeEnded, Fault
from gateway.upstream.client import ProviderClient
from gateway.upstream.targets import static_credential, target
from tests.builders import (
    NOW,
    TODAY,
    a_connection,
    a_key,
    a_policy,
    a_price,
    a_provider,
    a_route,
    a_snapshot,
    a_team,
    some_means,
)
from tests.replays import InForceHistory
from tests.scripted import Provider

SECRET = "sc_" + "x" * 43
BODY: dict[str, Any] = {"model": "small", "messages": [{"role": "user", "content": "MARKER said"}], "max_tokens": 50}
COMPLETION: dict[str, Any] = {
    "id": "c1",
    "object": "chat.completion",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "hello"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12},
}
WORDS = b'data: {"id":"c","choices":[{"index":0,"delta":{"content":"hello"}}]}\n\n'
STOP = b'data: {"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
USAGE = b'data: {"id":"c","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":3,"total_tokens":12}}\n\n'
DONE = b"data: [DONE]\n\n"


PATIENT = Deadlines(2, 5, 5, 20, 5)


class StillClock:
    """The same day for ever; durations are real."""

    def __init__(self) -> None:
        self._ids = count(1)

    def now(self) -> datetime:
        return NOW

    def today(self) -> date:
        return TODAY

    def monotonic(self) -> float:
        return monotonic()

    def ulid(self) -> str:
        return f"01JD{next(self._ids):022d}"


class Stopped(StillClock):
    """Time that passes at a test's hand."""

    def __init__(self) -> None:
        super().__init__()
        self._passed_s = 0.0

    def monotonic(self) -> float:
        return self._passed_s

    def passes(self, seconds: float) -> None:
        self._passed_s += seconds


class Heard:
    """The log, kept."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._told = anyio.Event()

    def emit(self, event: Event) -> None:
        self.events.append(event)
        self._told.set()

    async def ended(self, exchanges: int = 1) -> None:
        """Returns once so many exchanges have ended, with their receipts."""
        while sum(isinstance(e, ExchangeEnded) for e in self.events) < exchanges:
            self._told = anyio.Event()
            await self._told.wait()

    @property
    def faults(self) -> list[Fault]:
        return [e for e in self.events if isinstance(e, Fault)]


class Client:
    """What one client received. `last`: the event that broke its reply off."""

    def __init__(self) -> None:
        self.headers: Mapping[str, str] = {}
        self.body = b""
        self.complete = False
        self.last = b""
        self.error: Ended | None = None
        self.receipt: ReceiptId | None = None
        self.refusal_headers: Mapping[str, str] = {}
        self.received = anyio.Event()

    async def begin(self, headers: Mapping[str, str], *, streaming: bool) -> None:
        assert not self.headers
        self.headers = {**headers, "streaming": str(streaming)}

    async def send(self, data: bytes) -> None:
        self.body += data
        self.received.set()

    async def end(self, last: bytes) -> None:
        await self.send(last)
        self.complete = True

    async def abort(self, last: bytes) -> None:
        self.last = last

    async def refuse(self, ended: Ended, receipt: ReceiptId | None, headers: Mapping[str, str]) -> None:
        assert not self.headers, "a reply had begun"
        self.refusal_headers = headers
        self.error, self.receipt = ended, receipt

    @property
    def code(self) -> str | None:
        """Of the error instead of a reply, or in the event that broke it off (Chat Completions'); None without one."""
        if self.error is not None:
            return self.error.code
        return str(json.loads(self.last.removeprefix(b"data: "))["error"]["code"]) if self.last else None


class Desk:
    """Makes exchanges against scripted providers. `time`: that in which its rates flow back."""

    def __init__(
        self, services: Services, in_force: InForce, keys: KeyStore, ledger: SqliteLedger, heard: Heard
    ) -> None:
        self.services, self.keys, self.ledger, self.heard = services, keys, ledger, heard
        self.history = InForceHistory()
        self.in_force = in_force
        key = keys.find(digest_of(SECRET))
        assert key is not None
        self.key = key
        self.time = Stopped()
        self.services = replace(services, rates=LocalRates(self.time))

    @property
    def in_force(self) -> InForce:
        return self._in_force

    @in_force.setter
    def in_force(self, value: InForce) -> None:
        self._in_force = self.history.add(value)

    def exchange(self, *, dialect: str = "openai_chat", policy: str = "", **arrival: Any) -> Exchange:
        """`policy`: the name that the request's header gives."""
        caller = principal(self.key, self.in_force.snapshot)
        assert caller is not None
        asked = replace(arrival.pop("asked", PLAIN), policy=policy)
        return Exchange(self.services, self.in_force, caller, Arrival(dialect, asked, **arrival))

    async def ask(self, body: Mapping[str, Any] | bytes | None = None, **arrival: Any) -> Client:
        client = Client()
        data = body if isinstance(body, bytes) else json.dumps({**BODY, **(body or {})}).encode()
        await self.exchange(**arrival).run(data, client)
        return client

    def receipts(self) -> list[dict[str, Any]]:
        """Newest first."""
        found: list[dict[str, Any]] = self.ledger.newest(100)
        return found

    async def held(self) -> int:
        balances = await self.services.books.balances(("organisation/acme", "team/research", "key/key_1"), NOW)
        return sum(b.held for b in balances)


@asynccontextmanager
async def a_desk(
    state: Path,
    *providers: Provider,
    policies: Sequence[Policy] = (),
    budgets: tuple[Budget, ...] = (),
    deadlines: Deadlines = PATIENT,
    snapshot: Snapshot | None = None,
    accepts_store: bool = False,
    dialects: Sequence[str] = (),
    rates: tuple[Limit, ...] = (),
    registry: Registry = REGISTRY,
    **route: Any,
) -> AsyncIterator[Desk]:
    """Routes `alpha/small`, `beta/small`, … priced so that they are asked in the order of the providers. `dialects`: of
    each provider, Chat Completions where none is named. `rates`: of the team."""
    names = ["alpha", "beta", "gamma"][: len(providers)]
    spoken = [*dialects, *["openai_chat"] * len(providers)]
    routes = [
        a_route(
            a_provider(
                name,
                connection=a_connection(
                    dialect=spoken[rank], base_url=f"{provider.url}/v1", accepts_store=accepts_store
                ),
            ),
            **{"price": a_price(input=str(1 + rank), output=str(2 + rank)), **route},
        )
        for rank, (name, provider) in enumerate(zip(names, providers, strict=True))
    ]
    snapshot = snapshot or a_snapshot(
        *routes, policies=(a_policy("strict"), *policies), teams={"research": a_team(limits=rates)}
    )
    journal = Journal.open(state, "process")
    upstream = ProviderClient()
    heard, clock = Heard(), StillClock()
    try:
        keys = SqliteKeys(journal)
        await keys.create(a_key(digest=digest_of(SECRET), budgets=budgets))
        targets = {
            r.provider.id: target(
                r.provider, static_credential(r.provider.connection, f"credential-{r.provider.id}"), {}
            )
            for r in routes
        }
        services = Services(
            KeyCallers(keys),
            SqliteBooks(journal, "chain"),
            RouteHealth(),
            upstream,
            heard,  # type: ignore[arg-type]  # a log that remembers
            clock,
            deadlines,
            Pseudonyms(b"k" * 32).of,
            LocalRates(clock),
            dialects=registry,
        )
        in_force = InForce(snapshot, some_means(*names, spoken=registry.names), targets)
        desk = Desk(services, in_force, keys, SqliteLedger(state / JOURNAL_FILE), heard)
        yield desk
        desk.history.replay_all(desk.ledger)
    finally:
        await upstream.close()
        await anyio.to_thread.run_sync(journal.close)
