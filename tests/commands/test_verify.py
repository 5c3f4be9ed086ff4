"""`safeconduct verify`."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from gateway.commands.terminal.stop import FAILED
from tests.commands.calling import call
from tests.commands.conftest import Running
from tests.stores.audit.test_ledger_audit import journal_of
from tests.stores.postgres_server import fresh_database
from tests.stores.shipped import asked, ship


def test_untouched_chains_hold(running: Running) -> None:
    running.ask()
    called = call("verify", *running.options[:2], json=True)
    assert called.code == 0
    assert called.json["in_order"] is True
    assert called.json["chains"][0]["receipts"] >= 1


@pytest.mark.parametrize(
    ("tampering", "what"),
    [
        (
            "UPDATE receipts SET who = CAST(substr(who, 1, 16) || X'7B7D' AS BLOB) WHERE sequence = 1",
            "changed",
        ),
        ("DELETE FROM receipts WHERE sequence = 1", "missing"),
    ],
)
def test_a_changed_or_deleted_receipt_is_found(running: Running, tmp_path: Path, tampering: str, what: str) -> None:
    running.ask()
    running.ask()
    with (
        closing(sqlite3.connect(running.state / "journal.sqlite")) as kept,
        closing(sqlite3.connect(tmp_path / "journal.sqlite")) as copy,
    ):
        kept.backup(copy)
        copy.execute(tampering)
        copy.commit()
    called = call("verify", "--state", str(tmp_path))
    assert called.code == FAILED
    assert what in called.out
    assert "NOT in order" in called.out


def test_every_decision_of_a_running_gateway_is_replayed_from_what_it_keeps(running: Running, tmp_path: Path) -> None:
    running.ask()
    running.ask(**{"x-safeconduct-policy": '{"max_price": {"prompt": 1000}}'})
    called = call("verify", "--replay", "--state", str(running.state), json=True)
    assert called.code == 0
    replay = called.json["replay"]
    assert (replay["missing"], replay["differing"]) == ({}, [])
    assert replay["replayed"] >= 2
    with (
        closing(sqlite3.connect(running.state / "journal.sqlite")) as kept,
        closing(sqlite3.connect(tmp_path / "journal.sqlite")) as copy,
    ):
        kept.backup(copy)
    lost = call("verify", "--replay", "--state", str(tmp_path))
    assert lost.code == 0
    assert "nothing readable is kept under" in lost.out


@pytest.mark.parametrize(
    ("tampering", "check"),
    [
        ("SELECT 1", ""),
        ("UPDATE receipts SET provider = 'other'", "ledger: columns are those of the receipts"),
        ("UPDATE receipts SET digest = 'another'", "ledger: each receipt names the digest of the one before"),
        ("UPDATE usage_days SET region = 'declared:NO'", "ledger: sums are those of the receipts"),
    ],
)
def test_the_shared_ledger_is_verified_beside_the_journal(tmp_path: Path, tampering: str, check: str) -> None:
    url = fresh_database()
    ship(journal_of(tmp_path, "one", 2), url)
    asked(url, tampering)
    called = call("verify", "--state", str(tmp_path), environ={"SAFECONDUCT_LEDGER_URL": url}, json=True)
    assert called.code == (FAILED if check else 0)
    assert called.json["in_order"] is not bool(check)
    broken = [name for name, state in called.json["ledger"].items() if not state["in_order"]]
    assert (check in broken) if check else broken == []
