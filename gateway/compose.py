"""The composition root: settings and documents in, a running gateway out. Owns every open resource, and closes it."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import secrets
import signal
import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from time import monotonic
from typing import Final

import anyio
from ulid import ULID

from gateway import sandbox
from gateway.asgi.admin import Admin
from gateway.asgi.app import application
from gateway.asgi.drain import Drain
from gateway.asgi.gate import Gate
from gateway.asgi.server import Listener, bind_tcp, bind_unix
from gateway.asgi.server import serve as listen
from gateway.core.catalog import Auth, Provider, Snapshot
from gateway.core.decision import Means
from gateway.core.errors import Unavailable
from gateway.core.principal import Key
from gateway.declarations.load import Loaded, load
from gateway.dialects.translation import SPOKEN
from gateway.exchange.parts import Deadlines, InForce, Services
from gateway.sandbox.app import app as sandbox_app
from gateway.settings import Settings, SettingsRefused, provider_access
from gateway.stores.books import Ledger, SqliteBooks
from gateway.stores.counting import open_counting
from gateway.stores.disk import Disk, SparingBooks, free_on
from gateway.stores.documents import Documents
from gateway.stores.followed_keys import open_keys
from gateway.stores.health import Patience, RouteHealth
from gateway.stores.journal import JOURNAL_FILE, Journal
from gateway.stores.keys import Keys, digest_of, new_key_id, new_secret
from gateway.stores.limiting import open_rates
from gateway.stores.months import Keeping
from gateway.stores.parcels import Source
from gateway.stores.postgres import PostgresAway, checked
from gateway.stores.postgres_ledger import PostgresLedger, SharedLedger
from gateway.stores.pseudonyms import Pseudonyms, key_in
from gateway.stores.repricing import Repricer
from gateway.stores.shipping import Away, Back, News, Shipper
from gateway.stores.workers import WorkersLedger
from gateway.telemetry.events import (
    DiskFree,
    DiskLow,
    Fault,
    LedgerAway,
    LedgerBack,
    LedgerConflict,
    Recovered,
    Reloaded,
    Started,
    of_counters,
    of_rates,
)
from gateway.telemetry.faults import reduce
from gateway.telemetry.library import LoopHandler
from gateway.telemetry.log import Log
from gateway.upstream.client import HttpxUpstream
from gateway.upstream.engine import Engine
from gateway.upstream.targets import plain_origins, target

_COLLECTIONS: Final = (10_000, 20, 20)
"""Thresholds of garbage collection: an exchange leaves few cycles, and Python's default looks after every tenth one."""
ADMIN_SOCKET: Final = "admin.sock"
_MB: Final = 2**20
_LAST_SHIPMENT_S: Final = 5.0
_LEASE_BEYOND_S: Final = 60
"""After the longest exchange: what a dead process had under way counts no longer than so."""
_SHIP_AGAIN_S: Final = 60.0


class DocumentsRefused(Exception):
    """The documents hold faults; nothing was started. `faults` says each with its file, its key and what to do."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__(f"{len(faults)} faults in the documents")
        self.faults = tuple(faults)


class SystemClock:
    """Time of this machine."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def today(self) -> date:
        return datetime.now(UTC).date()

    def monotonic(self) -> float:
        return monotonic()

    def ulid(self) -> str:
        return str(ULID())


@dataclass(frozen=True, slots=True)
class Access:
    """What opens providers to this process: credentials and the settings their addresses need, by provider id."""

    credentials: Mapping[str, str]
    settings: Mapping[str, Mapping[str, str]]


def read(settings: Settings) -> Loaded:
    """The documents that these settings name, with the sandbox's own where it is switched on."""
    extra = (sandbox.DOCUMENTS,) if settings.sandbox else ()
    return load(settings.config, settings.policies, extra=extra, today=SystemClock().today())


Opened = Callable[[Snapshot], Access]
"""What is open once the providers are known. Raises SettingsRefused for credentials of providers that are not."""


def access(snapshot: Snapshot, environ: Mapping[str, str]) -> Access:
    """What the environment opens, and the sandbox's personas with a placeholder until it runs."""
    declared = [p for p in snapshot.providers.values() if not p.sandbox]
    given = provider_access(environ, {p.id: p.connection.settings for p in declared})
    # A server of our own that asks for no credential is open without one.
    free = {p.id: "" for p in declared if p.connection.auth is Auth.NONE}
    opened = Access({**free, **{name: key.get_secret_value() for name, key in given.keys.items()}}, given.settings)
    return _with_sandbox(opened, 0, "") if len(declared) < len(snapshot.providers) else opened


def in_force(snapshot: Snapshot, access: Access, settings: Settings) -> InForce:
    """What follows from a snapshot in this process: which providers can be called, and how."""
    unset = {p.id: missing for p in snapshot.providers.values() if (missing := _missing(p, access))}
    callable_ = {
        p.id: p
        for p in snapshot.providers.values()
        if not p.connection.why_not and p.id not in unset and p.id in access.credentials
    }
    targets = {
        name: target(provider, access.credentials[name], access.settings.get(name, {}))
        for name, provider in callable_.items()
    }
    means = Means(
        credentials=frozenset(access.credentials),
        spoken=SPOKEN,
        unset=unset,
        default_max_output=settings.default_max_output,
    )
    return InForce(snapshot, means, targets)


def _missing(provider: Provider, access: Access) -> tuple[str, ...]:
    given = access.settings.get(provider.id, {})
    return tuple(name for name in provider.connection.settings if name not in given)


class Documented:
    """The documents in force: read at start, and again on request; a bad set keeps the old one."""

    def __init__(self, settings: Settings, opened: Opened, kept: Documents, log: Log) -> None:
        """Raises DocumentsRefused and SettingsRefused."""
        self._settings, self._opened, self._kept, self._log = settings, opened, kept, log
        loaded = read(settings)
        if loaded.snapshot is None or loaded.faults:
            raise DocumentsRefused([str(fault) for fault in loaded.faults])
        self.now = self._put_in_force(loaded, loaded.snapshot)

    def _put_in_force(self, loaded: Loaded, snapshot: Snapshot) -> InForce:
        now = in_force(snapshot, self._opened(snapshot), self._settings)
        self._kept.keep(snapshot.digest, loaded.documents)
        return now

    def current(self) -> InForce:
        return self.now

    def snapshot(self) -> Snapshot:
        return self.now.snapshot

    async def reload(self) -> list[str]:
        """Check the whole set, then swap it at once. Returns the faults; with any, the old set serves on."""
        loaded = await anyio.to_thread.run_sync(read, self._settings)
        faults = [str(fault) for fault in loaded.faults]
        if loaded.snapshot is not None and not faults:
            try:
                self.now = self._put_in_force(loaded, loaded.snapshot)
            except SettingsRefused as refused:  # a provider is gone whose credential is set
                faults = [str(fault) for fault in refused.faults]
        digest = self.now.snapshot.digest
        self._log.emit(Reloaded("kept" if faults else "swapped", digest, len(faults), len(loaded.warnings)))
        return faults


@dataclass(frozen=True, slots=True)
class Ready:
    """What a person needs once requests are accepted: the port, and the first key's secret if one was asked for."""

    port: int
    secret: str = ""


@dataclass(frozen=True, slots=True)
class Post:
    """The place of a process in its gateway. `home`: the state directory of the first worker, which keeps the keys."""

    home: Path
    listening: socket.socket | None = None
    """What all workers accept from; None for the only one."""
    first_key: str = ""
    """The policy of a key to create at start; "" for none."""


async def serve(settings: Settings, opened: Opened, log: Log, *, ready: Callable[[Ready], None], post: Post) -> None:
    """Run the gateway, or one worker of it, until it is told to end. The state directory of `settings` is its own.

    Raises DocumentsRefused, SettingsRefused, JournalRefused, CountersRefused, PostgresRefused and OSError (an address
    that is taken) before anything is served.
    """
    began, clock, drain = monotonic(), SystemClock(), Drain()
    asyncio.get_running_loop().set_exception_handler(LoopHandler(log))
    public = post.listening or bind_tcp(settings.host, settings.port)
    bench = bind_tcp("127.0.0.1", 0) if settings.sandbox else None
    password = secrets.token_urlsafe(24)
    if bench is not None:
        opened = _sandboxed(opened, bench.getsockname()[1], password)
    ledger, shipper = _ledger(settings, post.home, clock, log)
    documented = Documented(settings, opened, Documents(settings.state), log)
    disk = Disk(lambda: free_on(settings.state), settings.disk_reserve_mb * _MB)
    async with _services(settings, post.home, documented, clock, log) as (services, keys, repricer):
        disk.look()
        gate = Gate(
            replace(services, books=SparingBooks(services.books, disk)),
            documented.current,
            ledger,
            drain,
            (settings.max_body_bytes, settings.request_s),
        )
        default = _default_policy(settings)
        admin = Admin(keys, documented.current, documented.reload, clock.now, default, log.emit, repricer)
        listeners = [
            Listener(application(gate), public),
            Listener(admin.app(), bind_unix(settings.state / ADMIN_SOCKET)),
        ]
        if bench is not None:
            listeners.append(Listener(sandbox_app(settings, password), bench))
        secret = await _first_key(keys, documented.snapshot(), post.first_key, clock) if post.first_key else ""

        def accepted() -> None:
            gc.freeze()  # what start-up built stays; a collection need not look at it again
            gc.set_threshold(*_COLLECTIONS)
            gc.enable()
            log.emit(_started(documented.now, settings, listeners[0].port, began))
            ready(Ready(listeners[0].port, secret))

        async with anyio.create_task_group() as group:
            group.start_soon(_reload_on_hangup, documented)
            group.start_soon(gate.expire)
            group.start_soon(gate.breathe)
            group.start_soon(disk.watch, partial(_tell_of_disk, log))
            if shipper is not None:
                group.start_soon(_ship, shipper, log)
            await listen(listeners, drain, grace_s=settings.grace_s, drain_s=settings.drain_s, ready=accepted)
            group.cancel_scope.cancel()
        if shipper is not None:
            await _ship_the_last(shipper)


def _ledger(settings: Settings, home: Path, clock: SystemClock, log: Log) -> tuple[Ledger, Shipper | None]:
    """Whence reports come, and what brings receipts there; the journals, and nothing, if they are their own ledger."""
    journal, near = settings.state / JOURNAL_FILE, WorkersLedger(home)
    if not settings.postgres_url:
        return near, None
    postgres, keeping = checked(settings.postgres_url), Keeping(settings.ledger_months, clock.today)
    shipper = Shipper(Source(journal), postgres, keeping, lambda news: log.emit(_of_ledger(news)))
    return SharedLedger(near, PostgresLedger(postgres)), shipper


def _of_ledger(news: News) -> LedgerAway | LedgerBack | LedgerConflict:
    match news:
        case Away(reason, since_s, waiting):
            return LedgerAway(reason, since_s, waiting)
        case Back(receipts):
            return LedgerBack(receipts)
        case _:
            return LedgerConflict(news.receipts)


async def _ship(shipper: Shipper, log: Log) -> None:
    """For as long as the gateway serves, whatever happens: nobody who is served may suffer from it."""
    while True:
        try:
            await shipper.run()
        except Exception as fault:  # noqa: BLE001  # said, and tried again
            log.emit(Fault(reduce(fault), where="loop"))
            await anyio.sleep(_SHIP_AGAIN_S)


async def _ship_the_last(shipper: Shipper) -> None:
    """What the last exchanges left, if PostgreSQL takes it at once; the next start ships the rest."""
    with contextlib.suppress(PostgresAway, Unavailable), anyio.move_on_after(_LAST_SHIPMENT_S):
        await shipper.ship()


def _tell_of_disk(log: Log, low: bool, free: int) -> None:
    log.emit(DiskLow(free // _MB) if low else DiskFree(free // _MB))


async def serve_sandbox(settings: Settings, password: str, port: int, *, ready: Callable[[int], None]) -> None:
    """Run the bundled provider alone. OSError for an address that is taken."""
    listener = Listener(sandbox_app(settings, password), bind_tcp("127.0.0.1", port))
    await listen([listener], Drain(), grace_s=0, drain_s=settings.drain_s, ready=lambda: ready(listener.port))


@asynccontextmanager
async def _services(
    settings: Settings, home: Path, documented: Documented, clock: SystemClock, log: Log
) -> AsyncIterator[tuple[Services, Keys, Repricer]]:
    """Everything that is open while the gateway runs, closed in the opposite order."""
    journal = Journal.open(settings.state, settings.durability)
    try:
        organisation = documented.snapshot().organisation.id
        counting = open_counting(
            settings.counters_url, organisation, journal, lambda *said: log.emit(of_counters(*said))
        )
        books = SqliteBooks(journal, clock.ulid(), counting)
        if books.interrupted:
            log.emit(Recovered(books.interrupted))
        upstream = HttpxUpstream(Engine(), plain_origins(documented.now.targets))
        try:
            deadlines = Deadlines(
                settings.connect_s, settings.first_event_s, settings.idle_s, settings.total_s, whole_s=settings.whole_s
            )
            health = RouteHealth(Patience(first_s=settings.cooldown_s))
            pseudonyms = Pseudonyms(key_in(home), organisation)
            lease_s = int(settings.total_s) + _LEASE_BEYOND_S
            with (
                open_keys(journal, home / JOURNAL_FILE) as keys,
                open_rates(
                    settings.counters_url, organisation, clock, lease_s, lambda *said: log.emit(of_rates(*said))
                ) as rates,
            ):
                services = Services(keys, books, health, upstream, log, clock, deadlines, pseudonyms, rates)
                yield services, keys, Repricer(journal)
        finally:
            await upstream.close()
            await anyio.to_thread.run_sync(counting.close)
    finally:
        await anyio.to_thread.run_sync(journal.close)


async def _reload_on_hangup(documented: Documented) -> None:
    with anyio.open_signal_receiver(signal.SIGHUP) as signals:
        async for _ in signals:
            await documented.reload()


async def _first_key(keys: Keys, snapshot: Snapshot, policy: str, clock: SystemClock) -> str:
    """A key of the first declared team, for whoever just started the gateway at a terminal; returns its secret."""
    secret = new_secret()
    team = next(iter(snapshot.teams))
    key = Key(new_key_id(), digest_of(secret), team, policy, label="first run", created_at=clock.now())
    await keys.create(key)
    return secret


def _sandboxed(opened: Opened, port: int, password: str) -> Opened:
    return lambda snapshot: _with_sandbox(opened(snapshot), port, password)


def _with_sandbox(access: Access, port: int, password: str) -> Access:
    """The bundled provider's personas open with a password of this process, at a port of this process."""
    personas = sandbox.PERSONAS
    return Access(
        {**access.credentials, **dict.fromkeys(personas, password)},
        {**access.settings, **{name: {"port": str(port)} for name in personas}},
    )


def _default_policy(settings: Settings) -> str:
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
