"""The documents that settings name: read at start, and again on request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import anyio

from gateway import sandbox
from gateway.asgi.admin_process import ReloadResult
from gateway.compose import destinations
from gateway.compose.clock import SystemClock
from gateway.compose.providers import AccessFor, egress, in_force
from gateway.core.snapshot import Snapshot
from gateway.declarations.faults import DocumentFault
from gateway.declarations.load import Loaded, load
from gateway.exchange.services import InForce
from gateway.identity.operators import SIGNAL, Operator
from gateway.settings import Settings, SettingsRefused
from gateway.stores.journal.documents import CAPABILITIES_FILE, Documents
from gateway.telemetry.events import DocumentFaults, Reloaded, ReloadRefused
from gateway.telemetry.log import Log
from gateway.upstream.tokens.endpoint import TokenEndpoint
from gateway.upstream.tokens.renewals import Renewals

_PLACES_MOST: Final = 16
"""Faults that the log names; the answer to the operator has all."""


class DocumentsRefused(Exception):
    """The documents have faults. `faults` has a line for each: file, key, fault and remedy."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__(f"{len(faults)} faults in the documents")
        self.faults = tuple(faults)


def read(settings: Settings, observed: bytes | None = None) -> Loaded:
    """The documents that these settings name, and those of the sandbox where it is switched on.

    `observed`: the answers of control planes; those that are kept in the state directory, where None is given.
    """
    extra = (sandbox.DOCUMENTS,) if settings.sandbox else ()
    observed = destinations.kept(settings.state) if observed is None else observed
    return load(settings.config, settings.policies, extra=extra, observed=observed, today=SystemClock().today())


class DocumentSet:
    """The documents in force: read at start, and again on request."""

    def __init__(
        self, settings: Settings, opened: AccessFor, kept: Documents, log: Log, renewals: Renewals | None = None
    ) -> None:
        """`renewals`: as in `providers.in_force`. Raises DocumentsRefused and SettingsRefused."""
        self._settings, self._opened, self._kept, self._log = settings, opened, kept, log
        self._renewals = renewals
        loaded = read(settings)
        if loaded.snapshot is None or loaded.faults:
            raise DocumentsRefused([str(fault) for fault in loaded.faults])
        self.since = SystemClock().now()
        """The time since when the documents are in force."""
        self.now = self._put_in_force(loaded, loaded.snapshot)

    def _put_in_force(self, loaded: Loaded, snapshot: Snapshot) -> InForce:
        now = in_force(snapshot, self._opened(snapshot), self._settings, self._renewals)
        self._kept.keep(snapshot.digest, loaded.documents)
        self._keep_capabilities(now)
        return now

    def _keep_capabilities(self, now: InForce) -> None:
        for digest, record in now.capabilities.items():
            self._kept.keep(digest, {CAPABILITIES_FILE: record})

    def current(self) -> InForce:
        """The documents in force, with everything that follows from them."""
        return self.now

    def snapshot(self) -> Snapshot:
        """The snapshot in force."""
        return self.now.snapshot

    async def observe(self) -> None:
        """Ask the control planes for the places of the documents in force, and put in force what they answer."""
        self.now = await self._observed(self.now)

    async def _observed(self, now: InForce) -> InForce:
        """`now`, or what follows from newer answers of control planes. On failure: earlier answers stand."""
        questions = destinations.questions(now.snapshot, self._opened(now.snapshot))
        if not questions and not destinations.kept(self._settings.state):
            return now
        heard = await destinations.answers(now, questions, TokenEndpoint(egress(self._settings)), self._log.emit)
        content = destinations.document(
            destinations.kept(self._settings.state), questions, heard, SystemClock().today()
        )
        if not destinations.keep(self._settings.state, content):
            return now
        loaded = await anyio.to_thread.run_sync(read, self._settings, content)
        if loaded.snapshot is None or loaded.faults:  # somebody edits the documents at this moment
            places = tuple(_place(fault) for fault in loaded.faults)
            self._log.emit(ReloadRefused(now.snapshot.digest, len(places), places[:_PLACES_MOST], (), SIGNAL.subject))
            return self._without(now, frozenset(question.provider for question in questions))
        return self._put_in_force(loaded, loaded.snapshot)

    def _without(self, now: InForce, providers: frozenset[str]) -> InForce:
        """`now` without the records whose places are not what their statements say."""
        narrowed = InForce(
            now.snapshot,
            replace(now.means, credentials=now.means.credentials - providers),
            {name: target for name, target in now.targets.items() if name not in providers},
            now.version,
        )
        self._keep_capabilities(narrowed)
        return narrowed

    async def reload(self, operator: Operator) -> ReloadResult:
        """Check the whole set, then swap it at once. On failure: the old set stays in force."""
        loaded = await anyio.to_thread.run_sync(read, self._settings)
        faults, places = [str(fault) for fault in loaded.faults], [_place(fault) for fault in loaded.faults]
        restart = _needs_restart(self.now.snapshot, loaded.snapshot, self._settings) if not faults else ()
        if loaded.snapshot is not None and not faults and not restart:
            try:
                now = self._put_in_force(loaded, loaded.snapshot)
                if self._renewals is not None:
                    await self._renewals.first_round()  # a record whose source is new begins with a secret
                now = await self._observed(now)
                self.now, self.since = now, SystemClock().now()
            except SettingsRefused as refused:  # a credential is set for a provider that is no longer declared
                faults = [str(fault) for fault in refused.faults]
                places = [fault.variable for fault in refused.faults]
            except OSError as error:  # a disk that is full: documents that serve must be kept first
                unkept = _unkept(self._settings, error)
                faults, places = [str(unkept)], [_place(unkept)]
        digest, actor = self.now.snapshot.digest, operator.subject
        if faults or restart:
            needs = tuple(_place(fault) for fault in restart)
            words = DocumentFaults((*faults, *map(str, restart))[:_PLACES_MOST])
            self._log.emit(ReloadRefused(digest, len(faults), tuple(places[:_PLACES_MOST]), needs, actor, words))
        else:
            self._log.emit(Reloaded(digest, len(loaded.warnings), actor))
        return ReloadResult(tuple(faults), tuple(map(str, restart)))


def _needs_restart(before: Snapshot, after: Snapshot | None, settings: Settings) -> tuple[DocumentFault, ...]:
    """The changes that this process cannot follow: shared stores are opened under the organisation's id."""
    if after is None or before.organisation.id == after.organisation.id:
        return ()
    if not settings.counters_url and not settings.postgres_url:
        return ()
    change = f"changed from {before.organisation.id} to {after.organisation.id}"
    do = "restart the gateway: shared budgets, limits and keys are opened under the id"
    return (DocumentFault("config/organisation.toml", "id", change, do),)


def _unkept(settings: Settings, error: OSError) -> DocumentFault:
    what = f"the documents cannot be kept here ({error.strerror})"
    return DocumentFault(str(settings.state), "", what, "make room or correct the permissions")


def _place(fault: DocumentFault) -> str:
    return f"{fault.file}:{fault.key}" if fault.key else fault.file
