"""The gateway on a real socket, with one model per dialect of its route, in front of the scripted providers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import anyio

from gateway.asgi.app import application
from gateway.asgi.arriving_bodies import BodyLimits
from gateway.asgi.downstream import render_error
from gateway.asgi.request_context import Gate
from gateway.core.catalog import Auth, Route
from gateway.core.evaluation import Capabilities
from gateway.core.limits import Rate
from gateway.dialects.registry import REGISTRY
from gateway.exchange.services import InForce, Services
from gateway.http.drain import Drain
from gateway.http.listeners import Listener, bind_tcp
from gateway.http.server import serve
from gateway.identity.callers import KeyCallers
from gateway.stores.books.books import SqliteBooks
from gateway.stores.health import Patience, RouteHealth
from gateway.stores.journal.files import JOURNAL_FILE
from gateway.stores.journal.journal import Journal
from gateway.stores.keys.keys import SqliteKeys, digest_of
from gateway.stores.ledger.ledger import SqliteLedger
from gateway.stores.rates.rates import LocalRates
from gateway.upstream.client import ProviderClient
from gateway.upstream.targets import static_credential, target
from tests.builders import a_connection, a_key, a_model, a_provider, a_route, a_snapshot, a_team
from tests.exchange.desk import PATIENT, SECRET, Heard, StillClock
from tests.replays import InForceHistory
from tests.sdk.shapes import bedrock_converse
from tests.sdk.stage import DIALECT_OF

UPSTREAM_MODEL: Final = "scripted-1"
_FAMILIES: Final = {"bedrock_converse": bedrock_converse.FAMILY}
"""Wire -> the beginning of every model's name there."""
_CONNECTIONS: Final[Mapping[str, tuple[Auth, str, dict[str, Any]]]] = {
    "openai_chat": (Auth.BEARER, "/v1", {"output_limit": "max_completion_tokens", "system_role": "developer"}),
    "openai_responses": (Auth.BEARER, "/v1", {}),
    "anthropic_messages": (Auth.X_API_KEY, "/v1", {}),
    "google_generate": (Auth.X_GOOG_API_KEY, "/v1beta", {}),
    "cohere_chat": (Auth.BEARER, "/v2", {}),
    "bedrock_converse": (Auth.BEARER, "", {}),
    "vertex_claude": (
        Auth.BEARER,
        "/v1/projects/p/locations/eu",
        {
            "dialect": "anthropic_messages",
            "paths": {"anthropic_messages": "/publishers/anthropic"},
            "carriers": {"anthropic_messages": "vertex_raw_predict"},
        },
    ),
}
"""By wire: where the credential goes, the beginning of the path, and what else the catalogue says. A wire is a dialect
unless it states one."""
ROUTES: Final = tuple(_CONNECTIONS)
EMBEDDING: Final = ("openai_chat", "google_generate", "cohere_chat")
"""Those whose providers answer embeddings too."""
LIMITS: Final = BodyLimits(2**20, 20.0)
LIMITED: Final = (Rate("requests", 1, "day", 1),)


def limited_key(client: str) -> str:
    """Of a team whose every key may ask once."""
    return "sc_limited_" + client


def model_of(dialect: str, kind: str = "chat") -> str:
    """The model whose only route is at the provider that speaks `dialect`."""
    return f"{kind}-by-{dialect.replace('_', '-')}"


def route_of(dialect: str) -> str:
    """The id of that route."""
    return f"{dialect.replace('_', '-')}/{model_of(dialect)}"


@dataclass(frozen=True, slots=True)
class Running:
    """`base_url` without a version; `key` opens every model."""

    base_url: str
    key: str
    ledger: SqliteLedger
    heard: Heard

    def receipt(self, id: str) -> dict[str, Any]:
        found = self.ledger.receipt(id)
        assert found is not None
        return dict(found)


def _route(dialect: str, url: str, kind: str = "chat") -> Route:
    auth, version, rest = _CONNECTIONS[dialect]
    connection = a_connection(**{"dialect": dialect, "auth": auth, "base_url": url + version, **rest})
    provider = a_provider(dialect.replace("_", "-"), connection=connection)
    upstream_model = _FAMILIES.get(dialect, "") + UPSTREAM_MODEL
    return a_route(provider, a_model(model_of(dialect, kind), kind=kind), upstream_model=upstream_model)


@asynccontextmanager
async def a_gateway(state: Path, url: str) -> AsyncIterator[Running]:
    """In front of providers that all answer at `url`."""
    routes = [*(_route(dialect, url) for dialect in ROUTES), *(_route(d, url, "embedding") for d in EMBEDDING)]
    journal, upstream, heard = Journal.open(state, "process"), ProviderClient(), Heard()
    try:
        keys = SqliteKeys(journal)
        await keys.create(a_key(digest=digest_of(SECRET)))
        for client in DIALECT_OF:
            await keys.create(a_key(f"key_{client}", digest=digest_of(limited_key(client)), team="limited"))
        teams = {"research": a_team(), "limited": a_team("limited", key_limits=LIMITED)}
        in_force = InForce(
            a_snapshot(*routes, teams=teams),
            Capabilities(frozenset(r.provider.id for r in routes), REGISTRY.names),
            {
                r.provider.id: target(
                    r.provider, static_credential(r.provider.connection, f"credential-{r.provider.id}"), {}
                )
                for r in routes
            },
        )
        books, health = SqliteBooks(journal, "chain"), RouteHealth(Patience(after=10_000))
        log: Any = heard
        clock = StillClock()
        services = Services(
            KeyCallers(keys),
            books,
            health,
            upstream,
            log,
            clock,
            PATIENT,
            lambda _organisation, _team: "p".__add__,
            LocalRates(clock),
        )
        ledger = SqliteLedger(state / JOURNAL_FILE)
        async with _listening(services, in_force, ledger) as port:
            yield Running(f"http://127.0.0.1:{port}", SECRET, ledger, heard)
        history = InForceHistory()
        history.add(in_force)
        history.replay_all(ledger)
    finally:
        await upstream.close()
        await anyio.to_thread.run_sync(journal.close)


@asynccontextmanager
async def _listening(services: Services, in_force: InForce, ledger: SqliteLedger) -> AsyncIterator[int]:
    drain, started = Drain(0, 0), anyio.Event()
    gate = Gate(services, lambda: in_force, ledger, drain, LIMITS)
    listener = Listener(application(gate), bind_tcp("127.0.0.1", 0), render_error)
    serving = asyncio.ensure_future(serve([listener], drain, ready=started.set))
    expiring = asyncio.ensure_future(gate.expire())
    try:
        await started.wait()
        yield listener.port
    finally:
        drain.hurry()
        await asyncio.gather(serving, expiring)
