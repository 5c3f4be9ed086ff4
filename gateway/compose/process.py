"""A whole process: its event loop around the gateway, or around the sandbox alone; and the workers of one port."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from gateway.compose.providers import AccessFor
from gateway.compose.serving import Ready, WorkerPlace, serve, serve_sandbox
from gateway.compose.supervisor import Supervisor, Worker
from gateway.http.listeners import bind_tcp
from gateway.http.server import run
from gateway.settings import Settings
from gateway.telemetry.events import WorkerDied
from gateway.telemetry.log import Log


def run_gateway(
    settings: Settings, opened: AccessFor, log: Log, *, ready: Callable[[Ready], None], place: WorkerPlace
) -> None:
    """Serve until the process is told to end. Raises what `serving.serve` raises."""
    run(partial(serve, settings, opened, log, ready=ready, post=place))


def run_sandbox(settings: Settings, password: str, port: int, *, ready: Callable[[int], None]) -> None:
    """Serve the bundled provider until the process is told to end. OSError for an address that is taken."""
    run(partial(serve_sandbox, settings, password, port, ready=ready))


def start_workers(settings: Settings, log: Log) -> Worker | int:
    """In each worker: its place. In the process that started them: their exit code, once all have ended.

    OSError for an address that is taken.
    """
    listening = bind_tcp(settings.host, settings.port)
    return Supervisor(settings.workers, listening, lambda *died: log.emit(WorkerDied(*died))).run()
