"""Whole processes: what ends them before they serve, and a sandbox alone."""

from __future__ import annotations

import io
import os
import signal
import socket

import pytest

from gateway.compose.process import run_sandbox, start_workers
from gateway.settings import read
from gateway.telemetry.log import Log


def test_the_sandbox_is_served_until_the_process_is_interrupted() -> None:
    ports: list[int] = []

    def ready(port: int) -> None:
        with socket.create_connection(("127.0.0.1", port), timeout=5):
            ports.append(port)
        os.kill(os.getpid(), signal.SIGINT)

    run_sandbox(read({}), "a-password", 0, ready=ready)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", ports[0]), timeout=5)


def test_workers_are_not_started_on_an_address_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = read({"SAFECONDUCT_PORT": str(taken.getsockname()[1]), "SAFECONDUCT_WORKERS": "2"})
        with pytest.raises(OSError, match="in use"):
            start_workers(settings, Log(io.BytesIO()))
