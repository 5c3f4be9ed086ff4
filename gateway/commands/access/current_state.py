"""The documents on disk, and the providers that can be called under them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.commands.access.documents import declared_snapshot
from gateway.commands.access.running import GatewayStatus, status
from gateway.commands.terminal.context import CommandContext
from gateway.commands.terminal.stop import Stop
from gateway.core.evaluation import Capabilities
from gateway.core.health import Health
from gateway.core.snapshot import Snapshot

if TYPE_CHECKING:
    from gateway.settings import Settings


@dataclass(frozen=True, slots=True)
class CurrentState:
    """`running` is None where no gateway runs with this state directory; then the environment's credentials count."""

    settings: Settings
    snapshot: Snapshot
    means: Capabilities
    running: GatewayStatus | None

    @property
    def health(self) -> Health:
        """Outages of the running gateway; none where no gateway runs."""
        return self.running.health if self.running is not None else Health()


def current_state(context: CommandContext) -> CurrentState:
    """The documents as they are on disk, seen with the means of the running gateway, if one runs."""
    settings = context.settings()
    now = status(settings.state)
    if getattr(context.options, "state", None) and not settings.state.is_dir():
        raise Stop(f"the state directory {settings.state} does not exist", "correct --state, or leave it out")
    if now is not None and now.sandbox:
        settings = settings.model_copy(update={"sandbox": True})
    snapshot = declared_snapshot(settings, context.out)
    if now is not None and now.snapshot != snapshot.digest:
        context.out.note(
            "The running gateway serves other documents. If it reads these directories, `safeconduct reload` puts them "
            "in force; else name its own with --config and --policies."
        )
    return CurrentState(settings, snapshot, means(settings, snapshot, context.environ, now), now)


def means(
    settings: Settings, snapshot: Snapshot, environ: Mapping[str, str], now: GatewayStatus | None
) -> Capabilities:
    """Capabilities by the credentials of the environment, the sandbox and the running gateway."""
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
