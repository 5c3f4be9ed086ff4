"""Where things stand: what is declared on disk, and what could be called with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.commands.access.running import Status, status
from gateway.commands.terminal.context import CommandContext
from gateway.commands.terminal.printing import Printer
from gateway.commands.terminal.stop import Stop
from gateway.core.evaluation import Capabilities
from gateway.core.snapshot import Snapshot

if TYPE_CHECKING:
    from gateway.settings import Settings


@dataclass(frozen=True, slots=True)
class CurrentState:
    """`running` is None where no gateway runs with this state directory; then the environment's credentials count."""

    settings: Settings
    snapshot: Snapshot
    means: Capabilities
    running: Status | None


def declared(settings: Settings, out: Printer) -> Snapshot:
    """The documents these settings name. Stop, with every fault, if they cannot be read.

    A policy that does not do what its cases expect can be looked at all the same: that is how one finds out why.
    """
    from gateway.compose import read

    loaded = read(settings)
    faults = [str(fault) for fault in loaded.faults]
    if loaded.snapshot is None:
        raise Stop(
            "the documents are not in order",
            "correct them; `safeconduct check` lists their faults again",
            faults=faults,
        )
    for fault in faults:
        out.note(f"fault    {fault}")
    if faults:
        out.note("These documents would not be put in force before that is corrected.")
    return loaded.snapshot


def standing(asked: CommandContext) -> CurrentState:
    """The documents as they are on disk, seen with the means of the running gateway, if one runs."""
    settings = asked.settings()
    now = status(settings.state)
    if now is not None and now.sandbox:
        settings = settings.model_copy(update={"sandbox": True})
    snapshot = declared(settings, asked.out)
    if now is not None and now.snapshot != snapshot.digest:
        asked.out.note(
            "The running gateway serves other documents. If it reads these directories, `safeconduct reload` puts them "
            "in force; else name its own with --config and --policies."
        )
    return CurrentState(settings, snapshot, means(settings, snapshot, asked.environ, now), now)


def means(settings: Settings, snapshot: Snapshot, environ: Mapping[str, str], now: Status | None) -> Capabilities:
    """What could be called: with the environment's credentials, the sandbox's own, and the running gateway's."""
    from gateway.compose import access, in_force

    own = in_force(snapshot, access(snapshot, environ), settings).means
    return (
        own
        if now is None
        else Capabilities(
            credentials=own.credentials | now.providers,
            spoken=own.spoken,
            unset={name: missing for name, missing in own.unset.items() if name not in now.providers},
            default_max_output=own.default_max_output,
        )
    )
