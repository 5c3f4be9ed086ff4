"""Workers of one gateway: one port, one set of keys, one budget, and books that lose nothing when one is killed."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from gateway.stores.journal.files import LOCK_FILE
from gateway.stores.ledger.workers import WorkersLedger, state_of
from tests.commands.calling import call
from tests.processes import PATIENCE_S, Process, documents, edit, running
from tests.stores.servers import Server, a_server

LIMIT = 20_000
"""Of the budget below, in nano-units."""
BUDGET = '\n[[budgets]]\nlimit = "0.00002"\nwindow = "total"\n'
ASK = {"model": "sandbox-small", "messages": [{"role": "user", "content": "count"}], "max_tokens": 5}
TWO = ("--workers", "2")


@pytest.fixture
def server() -> Iterator[Server]:
    with a_server() as running_server:
        yield running_server


@contextmanager
def two_workers(state: Path, server: Server, *words: str, **environ: str) -> Iterator[Process]:
    with running(state, *TWO, *words, SAFECONDUCT_REDIS_URL=server.url, **environ) as gateway:
        both_started(gateway)
        yield gateway


def both_started(gateway: Process) -> None:
    gateway.event("started", since=1 + gateway.events.index(gateway.event("started")))


def pid_of(gateway: Process, number: int) -> int:
    return int((state_of(gateway.state, number) / LOCK_FILE).read_text())


@contextmanager
def only(gateway: Process, number: int) -> Iterator[None]:
    """The other worker stands still, so that this one accepts every connection."""
    other = pid_of(gateway, 3 - number)
    os.kill(other, signal.SIGSTOP)
    try:
        while Path(f"/proc/{other}/stat").read_text().rpartition(") ")[2][0] != "T":
            pass
        yield
    finally:
        os.kill(other, signal.SIGCONT)


def asked(gateway: Process, key: str = "") -> httpx.Response:
    headers = {"authorization": f"Bearer {key or gateway.key}"}
    return httpx.post(f"{gateway.url}/chat/completions", json=ASK, headers=headers, timeout=PATIENCE_S)


def asked_of(gateway: Process, number: int, key: str = "") -> int:
    with only(gateway, number):
        return asked(gateway, key).status_code


def test_workers_share_one_budget_to_the_last_request(tmp_path: Path, server: Server) -> None:
    named = documents(tmp_path)
    edit(tmp_path / "config" / "organisation.toml", lambda text: text + BUDGET)
    with running(tmp_path / "alone", *named) as alone:
        affordable = 0
        while asked(alone).status_code == 200:
            affordable += 1
    assert affordable > 1
    with two_workers(tmp_path / "two", server, *named) as gateway:
        answers = [asked_of(gateway, 1 + turn % 2) for turn in range(affordable + 2)]
        assert answers == [200] * affordable + [402, 402]
        assert gateway.end()[0] == 0
    assert [row.exchanges for row in WorkersLedger(tmp_path / "two").usage(())] == [affordable + 2]


def test_requests_that_come_at_once_spend_no_more_than_there_is(tmp_path: Path, server: Server) -> None:
    named = documents(tmp_path)
    edit(tmp_path / "config" / "organisation.toml", lambda text: text + BUDGET)
    state = tmp_path / "state"
    with two_workers(state, server, *named) as gateway, ThreadPoolExecutor(16) as clients:
        answers = [answer.status_code for answer in clients.map(lambda _: asked(gateway), range(48))]
        assert set(answers) == {200, 402}
        assert gateway.end()[0] == 0
    (total,) = WorkersLedger(state).usage(())
    assert total.exchanges == 48
    assert 0 < total.cost <= LIMIT
    assert call("books", "verify", "--state", str(state)).code == 0


def test_a_key_opens_and_a_revoked_one_closes_every_worker_at_once(tmp_path: Path, server: Server) -> None:
    state = str(tmp_path)
    with two_workers(tmp_path, server) as gateway:
        (team,) = {row["team"] for row in gateway.admin("GET", "/keys").json()["keys"]}
        made = call("keys", "create", "--team", team, "--policy", "unrestricted", "--state", state, json=True).json
        assert [asked_of(gateway, number, made["secret"]) for number in (2, 1)] == [200, 200]
        call("keys", "revoke", made["id"], "--state", state)
        assert [asked_of(gateway, number, made["secret"]) for number in (2, 1)] == [401, 401]
        assert [asked_of(gateway, number) for number in (2, 1)] == [200, 200]


def test_a_killed_worker_is_replaced_and_its_exchange_is_in_the_books(tmp_path: Path, server: Server) -> None:
    with two_workers(tmp_path, server, SAFECONDUCT_SANDBOX_PACE_MS="10000") as gateway:
        headers = {"authorization": f"Bearer {gateway.key}"}
        asking = {**ASK, "stream": True}
        with (
            only(gateway, 2),
            httpx.stream(
                "POST", f"{gateway.url}/chat/completions", json=asking, headers=headers, timeout=PATIENCE_S
            ) as reply,
        ):
            lines = reply.iter_lines()
            next(lines)  # the first content has come: the intent was committed before
            os.kill(pid_of(gateway, 2), signal.SIGKILL)
            with pytest.raises(httpx.RemoteProtocolError):
                list(lines)
        died = gateway.event("worker_died")
        assert (died["worker"], died["code"]) == (2, -9)
        assert gateway.event("recovered")["exchanges"] == 1
        gateway.event("started", since=1 + gateway.events.index(died))
        assert pid_of(gateway, 2) != pid_of(gateway, 1)
        (interrupted,) = WorkersLedger(tmp_path).newest(5)
        assert interrupted["outcome"] == "interrupted"
        assert gateway.end()[0] == 0
    for command in (("verify",), ("books", "verify")):
        assert call(*command, "--state", str(tmp_path)).code == 0


def test_reports_and_checks_see_what_every_worker_did(tmp_path: Path, server: Server) -> None:
    named = ("--state", str(tmp_path))
    with two_workers(tmp_path, server) as gateway:
        assert [asked_of(gateway, number) for number in (1, 2, 2)] == [200, 200, 200]
        headers = {"authorization": f"Bearer {gateway.key}"}
        for number in (1, 2):
            with only(gateway, number):
                usage = httpx.get(f"{gateway.url}/usage", headers=headers, timeout=PATIENCE_S).json()
                assert [row["exchanges"] for row in usage["data"]] == [3]
        listed = call("receipts", *named, json=True).json
        assert len(listed) == 3
        assert call("receipts", listed[0]["id"], *named).code == 0
        assert [row["exchanges"] for row in call("usage", *named, json=True).json["data"]] == [3]
        assert [chain["receipts"] for chain in call("verify", *named, json=True).json["chains"]] == [1, 2]
        checks = call("books", "verify", *named, json=True).json
        assert checks["in_order"]
        assert {check["name"].partition(":")[0] for check in checks["checks"]} == {tmp_path.name, "worker-2", "redis"}


def test_documents_are_put_in_force_in_every_worker(tmp_path: Path, server: Server) -> None:
    named = documents(tmp_path)
    with two_workers(tmp_path / "state", server, *named) as gateway:
        edit(tmp_path / "config" / "organisation.toml", lambda text: text + BUDGET)
        answer = call("reload", "--state", str(tmp_path / "state"), json=True).json
        first = gateway.event("reloaded")
        second = gateway.event("reloaded", since=1 + gateway.events.index(first))
        assert first["documents"] == second["documents"] == answer["snapshot"]
        (tmp_path / "config" / "organisation.toml").write_text("[nothing]\n")
        assert call("reload", "--state", str(tmp_path / "state")).code != 0
