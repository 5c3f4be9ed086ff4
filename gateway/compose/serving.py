"""A gateway, or one worker of it, from its first socket to its last receipt."""

from __future__ import annotations

import asyncio
import gc
import secrets
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from time import monotonic
from typing import Final

import anyio

from gateway.asgi.admin import AdminRoom, admin_application, operator_by_peer
from gateway.asgi.admin_books import BookRoom
from gateway.asgi.admin_console import ConsoleRoom
from gateway.asgi.admin_generations import GenerationRoom
from gateway.asgi.admin_health import HealthRoom
from gateway.asgi.admin_keys import KeyRoom
from gateway.asgi.admin_prices import PriceRoom
from gateway.asgi.admin_process import ProcessRoom, Reload, ReloadResult
from gateway.asgi.admin_settlement import SettlementRoom
from gateway.asgi.app import application
from gateway.asgi.arriving_bodies import BodyLimits
from gateway.asgi.downstream import render_error
from gateway.asgi.request_context import Gate
from gateway.compose.background import run_forever
from gateway.compose.clock import SystemClock
from gateway.compose.console import health_for, open_console, origin_here
from gateway.compose.console_reports import ReportSources
from gateway.compose.credentials import news_of_credentials
from gateway.compose.documents import DocumentSet
from gateway.compose.generation_records import GenerationRecords
from gateway.compose.keys import first_key, joined
from gateway.compose.ledger import journal_ledger, ledger_of, places_of, ship_the_last
from gateway.compose.providers import AccessFor, egress, sandboxed
from gateway.compose.services import Correctors, open_services
from gateway.compose.sibling_health import SiblingHealth
from gateway.core.errors import Json
from gateway.exchange.services import InForce, Services
from gateway.http.deadlines import HttpLimits
from gateway.http.drain import Drain
from gateway.http.listeners import Listener, bind_tcp, bind_unix
from gateway.http.server import serve as listen
from gateway.identity.key_desk import KeyDesk
from gateway.identity.operators import SIGNAL, Operator
from gateway.reports.health import SharedReports
from gateway.reports.policies import PolicyCards
from gateway.sandbox.app import app as sandbox_app
from gateway.settings import Settings
from gateway.stores.books.disk import Disk, SparingBooks, free_on
from gateway.stores.journal.documents import Documents
from gateway.stores.keys.keys import KeyStore
from gateway.stores.keys.shared_keys import SharedKeys
from gateway.stores.ledger.shipping import Shipper
from gateway.telemetry.events import DiskFree, DiskLow, Started
from gateway.telemetry.library import LoopHandler
from gateway.telemetry.log import Log
from gateway.upstream.tokens.renewals import Renewals
from gateway.views.health import health_view
from gateway.views.store_health import store_names

_COLLECTIONS: Final = (10_000, 20, 20)
"""Thresholds of garbage collection: an exchange leaves few cycles, and Python's default looks after every tenth one."""
ADMIN_SOCKET: Final = "admin.sock"
_MB: Final = 2**20


@dataclass(frozen=True, slots=True)
class Ready:
    """The port, the secret of a first key if one was created, and the path of the pages, which signs in the user who
    started the gateway with a first key; empty where the pages are off. Known once requests are accepted."""

    port: int
    secret: str = ""
    pages: str = ""


@dataclass(frozen=True, slots=True)
class WorkerPlace:
    """The place of a process in its gateway. `home`: the state directory of the first worker, which keeps the keys."""

    home: Path
    listening: socket.socket | None = None
    """The socket that all workers accept from; None for a single process."""
    first_key: str = ""
    """The policy of a key to create at start; "" for none."""


async def serve(
    settings: Settings, opened: AccessFor, log: Log, *, ready: Callable[[Ready], None], post: WorkerPlace
) -> None:
    """Run the gateway, or one worker of it, until it is told to end. The state directory of `settings` is its own.

    Raises DocumentsRefused, SettingsRefused, StoreRefused and OSError (an address
    that is taken) before anything is served.
    """
    began, clock, drain = monotonic(), SystemClock(), Drain(settings.grace_s, settings.drain_s)
    asyncio.get_running_loop().set_exception_handler(LoopHandler(log))
    public = post.listening or bind_tcp(settings.host, settings.port)
    bench, opened = _bench(settings, opened)
    ledger, shipper = ledger_of(settings, post.home, clock, log)
    renewals = Renewals(egress(settings))
    documented = DocumentSet(settings, opened, Documents(settings.state), log, renewals)
    disk = Disk(lambda: free_on(settings.state), settings.disk_reserve_mb * _MB)
    async with open_services(settings, post.home, documented, clock, log) as (services, keys, correctors):
        disk.look()
        sparing = replace(services, books=SparingBooks(services.books, disk))
        gate = Gate(sparing, documented.current, ledger, drain, _body_limits(settings))
        books = BookRoom(lambda: places_of(settings, post.home, documented.snapshot()), log.emit)
        desk = KeyDesk(keys, documented.snapshot, clock.now, default_policy(settings), log.emit)
        records = GenerationRecords(services, documented.current, journal_ledger(settings), correctors.settler)
        reload = _renewing(documented, services)
        process = ProcessRoom(documented.current, reload, log.metrics.text, partial(_health, services))
        outages = SiblingHealth(post.home, settings.state, partial(_health, services), ADMIN_SOCKET)
        reports = SharedReports(PolicyCards(Documents(settings.state).load), outages)
        names = store_names(redis=bool(settings.counters_url), postgres=bool(settings.postgres_url))
        sources = ReportSources(sparing, ledger, keys, desk, disk, reports, names)
        pages = open_console(settings, post.home, documented, sources, drain)
        health = HealthRoom(health_for(documented, sources))
        links = ConsoleRoom(pages.link if pages else None, origin_here(settings.host, public.getsockname()[1]))
        rooms = [*_admin_rooms(documented, log, keys, desk, correctors), process, books, links, health]
        rooms.append(GenerationRoom(records.now, documented.current))
        admin = admin_application(rooms, operator_by_peer)
        office = Listener(admin, bind_unix(settings.state / ADMIN_SOCKET), render_error)
        clients = application(gate, pages.application if pages else None, reports)
        listeners = [Listener(clients, public, render_error), office, *bench]
        secret = await first_key(keys, documented.snapshot(), post.first_key, log) if post.first_key else ""
        await joined(keys)

        def accepted() -> None:
            _tend_garbage()
            log.emit(_started(documented.now, settings, listeners[0].port, began))
            ready(Ready(listeners[0].port, secret, pages.front(secret) if pages else ""))

        async with anyio.create_task_group() as group:
            group.start_soon(run_forever, partial(_reload_on_hangup, reload), log)
            group.start_soon(gate.expire)
            group.start_soon(gate.send_keepalive)
            group.start_soon(disk.watch, partial(_tell_of_disk, log))
            for work in _with_postgres(shipper, keys):
                group.start_soon(run_forever, work, log)
            news = news_of_credentials(services.health, clock, log)
            group.start_soon(run_forever, partial(renewals.run, news), log)
            group.start_soon(run_forever, records.run, log)
            await renewals.first_round()
            await documented.observe()
            await listen(listeners, drain, limits=HttpLimits(keep_alive_s=settings.keep_alive_s), ready=accepted)
            group.cancel_scope.cancel()
        if shipper is not None:
            await ship_the_last(shipper)


def _admin_rooms(
    documented: DocumentSet, log: Log, keys: KeyStore, desk: KeyDesk, correctors: Correctors
) -> Iterator[AdminRoom]:
    """Everything that commands may ask of this process, but for its books."""
    current = documented.current
    yield KeyRoom(keys, desk, SystemClock().now)
    yield PriceRoom(correctors.repricer, current, log.emit)
    yield SettlementRoom(correctors.settler, current, log.emit)


def _bench(settings: Settings, opened: AccessFor) -> tuple[list[Listener], AccessFor]:
    """The bundled provider where it is switched on, at a port of its own, and what opens it."""
    if not settings.sandbox:
        return [], opened
    place, password = bind_tcp("127.0.0.1", 0), secrets.token_urlsafe(24)
    own = sandboxed(opened, place.getsockname()[1], password)
    return [Listener(sandbox_app(settings, password), place, render_error)], own


def _with_postgres(shipper: Shipper | None, keys: KeyStore) -> Iterator[Callable[[], Awaitable[None]]]:
    """The background work of gateways that share a PostgreSQL."""
    if shipper is not None:
        yield shipper.run
    if isinstance(keys, SharedKeys):
        yield keys.run


def _tend_garbage() -> None:
    gc.freeze()  # what start-up built stays; a collection need not look at it again
    gc.set_threshold(*_COLLECTIONS)
    gc.enable()


def _body_limits(settings: Settings) -> BodyLimits:
    return BodyLimits(
        settings.max_body_bytes, settings.request_s, settings.max_arriving_bytes_of_key, settings.max_arriving_bytes
    )


async def serve_sandbox(settings: Settings, password: str, port: int, *, ready: Callable[[int], None]) -> None:
    """Run the bundled provider alone. OSError for an address that is taken."""
    listener = Listener(sandbox_app(settings, password), bind_tcp("127.0.0.1", port), render_error)
    await listen([listener], Drain(0, settings.drain_s), ready=lambda: ready(listener.port))


def _tell_of_disk(log: Log, low: bool, free: int) -> None:
    log.emit(DiskLow(free // _MB) if low else DiskFree(free // _MB))


async def _reload_on_hangup(reload: Reload) -> None:
    with anyio.open_signal_receiver(signal.SIGHUP) as signals:
        async for _ in signals:
            await reload(SIGNAL)


def _renewing(documented: DocumentSet, services: Services) -> Reload:
    """Reloads the documents and credentials; on success every outage of a route ends, since its reason may be gone."""

    async def reload(operator: Operator) -> ReloadResult:
        result = await documented.reload(operator)
        if result.in_force:
            services.health.renew(services.clock.monotonic())
        return result

    return reload


def _health(services: Services) -> list[Json]:
    clock = services.clock
    return health_view(services.health.view(clock.monotonic()), clock.now(), clock.monotonic())


def default_policy(settings: Settings) -> str:
    """A new key needs a policy; only in the sandbox, where nothing leaves the machine, is there a default."""
    return "unrestricted" if settings.sandbox else ""


def _started(now: InForce, settings: Settings, port: int, began: float) -> Started:
    snapshot = now.snapshot
    return Started(
        version=version("safeconduct"),
        address=f"{settings.host}:{port}",
        documents=snapshot.digest,
        routes=len(snapshot.routes),
        models=len(snapshot.models),
        providers=tuple(sorted(now.means.credentials)),
        sandbox=settings.sandbox,
        started_ms=int((monotonic() - began) * 1000),
    )
