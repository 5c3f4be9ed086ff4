"""Gateways that share a Redis share their budgets; without it they admit nothing, and do not start."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.processes import PATIENCE_S, ROOT, Process, documents, edit, environment, running
from tests.stores.servers import Server, a_server

BUDGET = '\n[[budgets]]\nlimit = "0.00002"\nwindow = "total"\n'
ASK = {"model": "sandbox-small", "messages": [{"role": "user", "content": "count"}], "max_tokens": 5}


@pytest.fixture
def server() -> Iterator[Server]:
    with a_server() as running_server:
        yield running_server


def asked(gateway: Process) -> httpx.Response:
    headers = {"authorization": f"Bearer {gateway.key}"}
    return httpx.post(f"{gateway.url}/chat/completions", json=ASK, headers=headers, timeout=PATIENCE_S)


def readiness(gateway: Process) -> tuple[int, str | None]:
    """The status of `/readyz` and its reason, beside a `/livez` that stays 200."""
    assert httpx.get(gateway.url.removesuffix("/v1") + "/livez", timeout=PATIENCE_S).status_code == 200
    answer = httpx.get(gateway.url.removesuffix("/v1") + "/readyz", timeout=PATIENCE_S)
    return answer.status_code, answer.json().get("reason")


def test_what_one_gateway_spends_the_other_cannot(tmp_path: Path, server: Server) -> None:
    named = documents(tmp_path)
    edit(tmp_path / "config" / "organisation.toml", lambda text: text + BUDGET)
    with (
        running(tmp_path / "one", *named, SAFECONDUCT_REDIS_URL=server.url) as one,
        running(tmp_path / "two", *named, SAFECONDUCT_REDIS_URL=server.url) as two,
    ):
        answers = [asked(one)]
        while answers[-1].status_code == 200:
            answers.append(asked(one))
        assert len(answers) > 1
        assert [answers[-1].status_code, asked(two).status_code] == [402, 402]
        assert len(two.receipts()) == 1
        assert one.end()[0] == two.end()[0] == 0
        assert one.event("counters_joined")["level"] == "info"


def test_without_redis_nothing_is_admitted(tmp_path: Path, server: Server) -> None:
    with running(tmp_path, SAFECONDUCT_REDIS_URL=server.url) as gateway:
        assert asked(gateway).status_code == 200
        server.kill()
        refused = asked(gateway)
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "books_unavailable")
        assert gateway.event("counters_away")["level"] == "warning"
        assert readiness(gateway) == (503, "counters_unavailable")
        server.start()
        gateway.event("counters_joined", since=len(gateway.events))
        assert asked(gateway).status_code == 200
        assert readiness(gateway) == (200, None)


def test_a_redis_that_is_not_there_stops_the_start_and_says_so(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "gateway", "serve", "--sandbox", "--port", "0", "--state", str(tmp_path)]
    environ = environment({"SAFECONDUCT_REDIS_URL": f"unix://{tmp_path}/nobody?password=MARKER"})
    done = subprocess.run(
        command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    assert done.returncode != 0
    assert "Redis cannot be reached" in done.stderr.replace("redis", "Redis")
    assert "MARKER" not in done.stdout + done.stderr
