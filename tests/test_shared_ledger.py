"""Gateways that share a PostgreSQL report as one; without it they serve all the same, and ship later."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.commands.calling import call
from tests.processes import PATIENCE_S, ROOT, Process, environment, running
from tests.stores.postgres_server import PostgresServer, a_postgres, fresh_database
from tests.stores.shipped import ids
from tests.test_shared_budgets import readiness

ASK = {"model": "sandbox-small", "messages": [{"role": "user", "content": "count"}], "max_tokens": 5}


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    with a_postgres() as started:
        yield started


def served(gateway: Process, stream: bool = False) -> str:
    """The receipt of a request that was served."""
    headers = {"authorization": f"Bearer {gateway.key}"}
    body = {**ASK, "stream": stream}
    answer = httpx.post(f"{gateway.url}/chat/completions", json=body, headers=headers, timeout=PATIENCE_S)
    assert answer.status_code == 200
    return answer.headers["x-safeconduct-receipt"]


def got(gateway: Process, path: str) -> Any:
    headers = {"authorization": f"Bearer {gateway.key}"}
    return httpx.get(f"{gateway.url}{path}", headers=headers, timeout=PATIENCE_S).json()


def test_what_gateways_served_comes_together(tmp_path: Path) -> None:
    url = fresh_database()
    settings = {"SAFECONDUCT_LEDGER_URL": url}
    with running(tmp_path / "one", **settings) as one, running(tmp_path / "two", **settings) as two:
        receipts = sorted([served(one), served(two), served(two)])
        assert got(two, f"/receipts/{receipts[-1]}")["id"] == receipts[-1], "at once, from the journal"
        assert one.end()[0] == two.end()[0] == 0
    assert ids(url) == receipts
    usage = call("usage", "--by", "team", "--state", str(tmp_path / "three"), environ=settings, json=True).json
    assert [row["exchanges"] for row in usage["data"]] == [3]
    listed = call("receipts", "--state", str(tmp_path / "three"), environ=settings, json=True).json
    assert sorted(receipt["id"] for receipt in listed) == receipts
    for state in ("one", "two", "three"):
        verified = call("books", "verify", "--state", str(tmp_path / state), environ=settings, json=True)
        assert (verified.code, verified.json["in_order"]) == (0, True)


def test_while_postgres_is_gone_everything_is_served_and_shipped_when_it_is_back(
    tmp_path: Path, server: PostgresServer
) -> None:
    url = server.database()
    server.stop()
    with running(tmp_path, SAFECONDUCT_LEDGER_URL=url) as gateway:
        receipts = [served(gateway), served(gateway, stream=True)]
        away = gateway.event("ledger_away")
        assert (away["level"], away["reason"]) == ("warning", "OperationalError")
        assert got(gateway, "/usage")["error"]["code"] == "books_unavailable"
        assert got(gateway, f"/receipts/{receipts[0]}")["id"] == receipts[0]
        server.start()
        assert gateway.event("ledger_back")["receipts"] == 2
        assert sorted(receipts) == ids(url)
        assert got(gateway, "/usage")["data"][0]["exchanges"] == 2


def test_the_last_receipts_are_shipped_on_the_way_out(tmp_path: Path) -> None:
    url = fresh_database()
    with running(tmp_path, SAFECONDUCT_LEDGER_URL=url) as gateway:
        receipts = [served(gateway) for _ in range(5)]
        assert gateway.end()[0] == 0
    assert ids(url) == sorted(receipts)


def test_after_a_kill_the_next_start_ships_what_was_left(tmp_path: Path, server: PostgresServer) -> None:
    url = server.database()
    server.stop()
    with running(tmp_path, SAFECONDUCT_LEDGER_URL=url) as gateway:
        receipts = [served(gateway) for _ in range(5)]
        gateway.popen.kill()
    server.start()
    with running(tmp_path, SAFECONDUCT_LEDGER_URL=url) as gateway:
        receipts.append(served(gateway))
        assert gateway.end()[0] == 0
    assert ids(url) == sorted(receipts)


def test_an_address_that_leads_nowhere_stops_the_start_without_being_repeated(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "gateway", "serve", "--sandbox", "--port", "0", "--state", str(tmp_path)]
    environ = environment({"SAFECONDUCT_LEDGER_URL": "postgresql://u:s3cret-marker@/x?nothing=1"})
    ended = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environ, check=False)
    assert ended.returncode == 1
    assert "the address of the ledger must be one of PostgreSQL" in ended.stderr
    assert "s3cret-marker" not in ended.stderr + ended.stdout


def test_a_disk_that_is_nearly_full_admits_nothing(tmp_path: Path) -> None:
    with running(tmp_path, SAFECONDUCT_DISK_RESERVE_MB="1000000") as gateway:
        headers = {"authorization": f"Bearer {gateway.key}"}
        refused = httpx.post(f"{gateway.url}/chat/completions", json=ASK, headers=headers, timeout=PATIENCE_S)
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "books_unavailable")
        assert readiness(gateway) == (503, "disk_reserve")
