"""The documents on disk, as a command reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.commands.terminal.printing import Printer
from gateway.commands.terminal.stop import Stop
from gateway.core.snapshot import Snapshot

if TYPE_CHECKING:
    from gateway.settings import Settings


def declared_snapshot(settings: Settings, out: Printer) -> Snapshot:
    """The documents that these settings name. Stop, with every fault, for documents that cannot be read.

    A policy that fails its own cases is still shown, so that `explain` can say why; its faults are printed as notes.
    """
    from gateway.compose import read

    loaded = read(settings)
    faults = [str(fault) for fault in loaded.faults]
    if loaded.snapshot is None:
        do = "correct them; `safeconduct check` lists the faults again"
        raise Stop("the configuration has errors", do, faults=faults)
    for fault in faults:
        out.note(f"fault    {fault}")
    if faults:
        out.note("A gateway puts these documents in force only after these faults are corrected.")
    return loaded.snapshot
