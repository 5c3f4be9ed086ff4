"""The documents that settings name: read at start, and again on request."""

from __future__ import annotations

from collections.abc import Sequence

import anyio

from gateway import sandbox
from gateway.compose.clock import SystemClock
from gateway.compose.providers import AccessFor, in_force
from gateway.core.snapshot import Snapshot
from gateway.declarations.load import Loaded, load
from gateway.exchange.services import InForce
from gateway.settings import Settings, SettingsRefused
from gateway.stores.journal.documents import Documents
from gateway.telemetry.events import Reloaded
from gateway.telemetry.log import Log


class DocumentsRefused(Exception):
    """The documents hold faults; nothing was started. `faults` says each with its file, its key and what to do."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__(f"{len(faults)} faults in the documents")
        self.faults = tuple(faults)


def read(settings: Settings) -> Loaded:
    """The documents that these settings name, with the sandbox's own where it is switched on."""
    extra = (sandbox.DOCUMENTS,) if settings.sandbox else ()
    return load(settings.config, settings.policies, extra=extra, today=SystemClock().today())


class DocumentSet:
    """The documents in force: read at start, and again on request; a bad set keeps the old one."""

    def __init__(self, settings: Settings, opened: AccessFor, kept: Documents, log: Log) -> None:
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
