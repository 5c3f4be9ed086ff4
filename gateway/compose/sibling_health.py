"""Outages of every worker of this gateway: those of this process, and those that the others answer at their sockets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from gateway.core.errors import Json
from gateway.stores.ledger.workers import states
from gateway.views.provider_health import WorkerOutages

_PATIENCE_S: Final = 1.0
_QUESTION: Final = b"GET /status HTTP/1.1\r\nhost: gateway\r\nconnection: close\r\n\r\n"


class SiblingHealth:
    """Reads the outages of all workers. `state`: the directory of this one, within or equal to `home`; `own`: the
    outages of this process as `health_view` shows them; `socket`: the name of the socket for commands."""

    def __init__(self, home: Path, state: Path, own: Callable[[], list[Json]], socket: str) -> None:
        self._home, self._state, self._own, self._socket = home, state.resolve(), own, socket

    async def __call__(self) -> Sequence[WorkerOutages | None]:
        """One value for each worker that runs, this one first; None for one that does not answer within a second."""
        others = [path for path in states(self._home) if path.resolve() != self._state]
        answers = await asyncio.gather(*(_outages_at(path / self._socket) for path in others))
        own = WorkerOutages([row for row in self._own() if isinstance(row, dict)])
        return [own, *(rows for runs, rows in answers if runs)]


async def _outages_at(path: Path) -> tuple[bool, WorkerOutages | None]:
    """Whether a worker listens there, and its outages."""
    try:
        async with asyncio.timeout(_PATIENCE_S):
            reader, writer = await asyncio.open_unix_connection(str(path))
    except TimeoutError:
        return True, None
    except OSError:
        return False, None  # it has ended, or was one of more workers once
    try:
        async with asyncio.timeout(_PATIENCE_S):
            writer.write(_QUESTION)
            _, _, body = (await reader.read()).partition(b"\r\n\r\n")
            return True, WorkerOutages(json.loads(body)["health"])
    except (OSError, TimeoutError, ValueError, KeyError):
        return True, None
    finally:
        writer.close()
