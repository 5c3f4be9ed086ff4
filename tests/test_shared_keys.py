"""Gateways that share a PostgreSQL share their keys; without it each goes on with those that it knows."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from gateway.commands.terminal.stop import FAILED
from tests.commands.calling import Called, call
from tests.processes import PATIENCE_S, Process, running
from tests.stores.postgres_server import PostgresServer, a_postgres, fresh_database
from tests.stores.servers import a_server
from tests.test_shared_workers import TWO, asked_of, both_started, pid_of

ASK = {"model": "sandbox-small", "messages": [{"role": "user", "content": "count"}], "max_tokens": 5}
KEY = ("--team", "everyone", "--policy", "unrestricted")


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    with a_postgres() as started:
        yield started


def asked(gateway: Process, secret: str) -> httpx.Response:
    headers = {"authorization": f"Bearer {secret}"}
    return httpx.post(f"{gateway.url}/chat/completions", json=ASK, headers=headers, timeout=PATIENCE_S)


def status(gateway: Process, secret: str) -> int:
    return asked(gateway, secret).status_code


def keys(gateway: Process, *words: str) -> Called:
    return call("keys", *words, "--state", str(gateway.state), json=True)


def until(gateway: Process, secret: str, wanted: int) -> None:
    """Ask until the answer is that one."""
    began = time.monotonic()
    while status(gateway, secret) != wanted:
        assert time.monotonic() - began < PATIENCE_S


def test_a_key_made_rotated_or_revoked_at_one_gateway_is_so_at_the_other(tmp_path: Path) -> None:
    url = fresh_database()
    with (
        running(tmp_path / "one", SAFECONDUCT_LEDGER_URL=url) as one,
        running(tmp_path / "two", SAFECONDUCT_LEDGER_URL=url) as two,
    ):
        made = keys(one, "create", *KEY).json
        assert status(one, made["secret"]) == 200
        until(two, made["secret"], 200)
        until(one, two.key, 200)  # what each had before it joined, too
        assert {key["id"] for key in keys(one, "list").json["keys"]} == {
            key["id"] for key in keys(two, "list").json["keys"]
        }
        rotated = keys(one, "rotate", made["id"], "--overlap", "0").json
        until(two, rotated["secret"], 200)
        assert status(two, made["secret"]) == 401
        keys(two, "revoke", made["id"])
        assert status(two, rotated["secret"]) == 401
        until(one, rotated["secret"], 401)
        assert status(one, one.key) == status(two, one.key) == 200


def test_known_keys_work_while_postgres_is_away_and_nothing_is_changed(tmp_path: Path, server: PostgresServer) -> None:
    url = server.database()
    with (
        running(tmp_path / "one", SAFECONDUCT_LEDGER_URL=url) as one,
        running(tmp_path / "two", SAFECONDUCT_LEDGER_URL=url) as two,
    ):
        until(one, two.key, 200)
        assert status(two, two.key) == 200
        (of_two,) = {receipt["key"] for receipt in two.receipts()}
        server.stop()
        one.event("keys_alone")
        assert status(one, one.key) == status(one, two.key) == 200
        until(one, "sc_unknown", 503)
        assert asked(one, "sc_unknown").json()["error"]["code"] == "keys_unavailable"
        refused = keys(one, "create", *KEY)
        assert refused.code == FAILED
        assert refused.stop is not None
        assert "PostgreSQL" in refused.stop.what
        assert keys(one, "revoke", of_two).code == FAILED
        assert (status(one, two.key), status(two, two.key)) == (401, 200), "closed where it was said, and only there"
        server.start()
        one.event("keys_shared")
        until(two, two.key, 401)
        until(one, "sc_unknown", 401)


def test_a_postgres_that_hangs_is_away(tmp_path: Path, server: PostgresServer) -> None:
    with running(tmp_path, SAFECONDUCT_LEDGER_URL=server.database()) as gateway:
        until(gateway, "sc_unknown", 401)
        server.freeze()
        until(gateway, "sc_unknown", 503)
        assert status(gateway, gateway.key) == 200
        assert keys(gateway, "create", *KEY).code == FAILED
        server.thaw()
        until(gateway, "sc_unknown", 401)
        assert keys(gateway, "create", *KEY).code == 0


def test_a_gateway_that_never_saw_a_key_does_not_call_it_unknown(tmp_path: Path, server: PostgresServer) -> None:
    url = server.database()
    with running(tmp_path / "one", SAFECONDUCT_LEDGER_URL=url) as one:
        server.stop()
        with running(tmp_path / "two", SAFECONDUCT_LEDGER_URL=url) as two:
            assert status(two, one.key) == 503
            assert status(two, two.key) == 200
            server.start()
            until(two, one.key, 200)
        assert two.popen.wait(PATIENCE_S) != 0
    with running(tmp_path / "two", SAFECONDUCT_LEDGER_URL=url) as again:
        server.stop()
        assert status(again, one.key) == 200, "the last good snapshot is in its own store"


def test_workers_know_the_keys_of_other_gateways_and_whether_they_know_all(
    tmp_path: Path, server: PostgresServer
) -> None:
    url = server.database()
    with (
        a_server() as redis,
        running(tmp_path / "one", SAFECONDUCT_LEDGER_URL=url, SAFECONDUCT_REDIS_URL=redis.url) as one,
        running(tmp_path / "two", *TWO, SAFECONDUCT_LEDGER_URL=url, SAFECONDUCT_REDIS_URL=redis.url) as two,
    ):
        both_started(two)
        made = keys(one, "create", *KEY).json
        until(two, made["secret"], 200)
        assert [asked_of(two, number, made["secret"]) for number in (2, 1)] == [200, 200]
        os.kill(pid_of(two, 1), signal.SIGSTOP)  # the one that listens to others
        until(two, "sc_unknown", 503)
        assert status(two, made["secret"]) == 200
        os.kill(pid_of(two, 1), signal.SIGCONT)
        until(two, "sc_unknown", 401)
        keys(one, "revoke", made["id"])
        until(two, made["secret"], 401)
        assert [asked_of(two, number, made["secret"]) for number in (2, 1)] == [401, 401]


def test_commands_without_a_gateway_change_the_keys_of_all(tmp_path: Path) -> None:
    url = fresh_database()
    with running(tmp_path / "one", SAFECONDUCT_LEDGER_URL=url) as one:
        away = ("--state", str(tmp_path / "two"), "--sandbox")
        environ = {"SAFECONDUCT_LEDGER_URL": url}
        (tmp_path / "two").mkdir(mode=0o700)
        made = call("keys", "create", *KEY, *away, environ=environ, json=True).json
        listed = call("keys", "list", *away, environ=environ, json=True).json["keys"]
        assert sorted(key["label"] for key in listed) == ["", "first run"]
        until(one, made["secret"], 200)
        call("keys", "revoke", made["id"], *away, environ=environ)
        until(one, made["secret"], 401)


def test_a_key_opens_until_the_moment_it_expires_in_every_worker(tmp_path: Path) -> None:
    with a_server() as redis, running(tmp_path, *TWO, SAFECONDUCT_REDIS_URL=redis.url) as gateway:
        both_started(gateway)
        ends = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=4)
        made = keys(gateway, "create", *KEY, "--expires", ends.isoformat()).json
        open_in, closed_in = set[int](), set[int]()
        while closed_in < {1, 2}:
            for number in (1, 2):
                before, answer, after = datetime.now(UTC), asked_of(gateway, number, made["secret"]), datetime.now(UTC)
                assert answer == 200 or after >= ends
                assert answer == 401 or before < ends
                (open_in if answer == 200 else closed_in).add(number)
        assert open_in == {1, 2}
