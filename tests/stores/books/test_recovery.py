from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

import gateway
from gateway.core.receipt import drafted, from_json
from gateway.stores.books.books import SqliteBooks
from gateway.stores.journal.journal import Journal
from gateway.stores.ledger.ledger import SqliteLedger
from tests.builders import NOW
from tests.stores.books_in import ACCOUNTS, an_intent, balance, books_in, run, served

ROOT = Path(gateway.__file__).parents[1]


def killed(folder: Path, chain: str, exchanges: int, lines: int) -> list[list[str]]:
    """Start a process on these books, kill it once it has said so many lines; everything it said."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.stores.dying", str(folder), chain, str(exchanges)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stdout is not None
    said = [process.stdout.readline() for _ in range(lines)]
    process.send_signal(signal.SIGKILL)
    said += process.stdout.readlines()
    process.stdout.close()
    process.wait()
    return [line.split() for line in said if line.endswith("\n")]


@pytest.mark.parametrize("lines", [1, 7, 20, 33, 61])
def test_a_killed_process_leaves_one_receipt_for_each_exchange_it_began(tmp_path: Path, lines: int) -> None:
    said = killed(tmp_path, "dead", exchanges=40, lines=lines)
    held = {name for word, *rest in said if word == "held" for name in rest}
    settled = {name for word, *rest in said if word == "settled" for name in rest}
    with books_in(tmp_path, chain="alive") as books:
        ledger = SqliteLedger(tmp_path / "journal.sqlite")
        receipts = {r.id: r for r in map(from_json, ledger.newest(1_000))}
        served_ = {name for name, r in receipts.items() if r.outcome == "served"}
        left = {name for name, r in receipts.items() if r.outcome == "interrupted"}
        assert held <= receipts.keys()
        assert settled <= served_
        assert books.interrupted == len(left)
        assert (balance(books).spent, balance(books).held) == (40 * len(served_) + 100 * len(left), 0)
        assert {receipts[name].chain for name in left} <= {"alive"}
        assert [state.broken for state in ledger.verify_chains()] == [None, None]


def test_deaths_add_up(tmp_path: Path) -> None:
    """Killed again and again on the same books: each start completes what the one before left, once."""
    for number in range(5):
        killed(tmp_path, f"dead-{number}", exchanges=10, lines=5 + number)
    with books_in(tmp_path, chain="alive") as books:
        ledger = SqliteLedger(tmp_path / "journal.sqlite")
        assert balance(books).spent == sum(from_json(r).cost for r in ledger.newest(1_000))
        assert balance(books).held == 0
        assert len(ledger.verify_chains()) == 6
        assert {state.broken for state in ledger.verify_chains()} == {None}


def test_an_interrupted_attempt_costs_its_hold(tmp_path: Path) -> None:
    with books_in(tmp_path, chain="one") as books:
        run(lambda: books.hold(an_intent("A", amount=100)))
    with books_in(tmp_path, chain="two") as books:
        assert books.interrupted == 1
        found = SqliteLedger(tmp_path / "journal.sqlite").receipt("A")
        assert found is not None
        receipt = from_json(found)
        assert (receipt.outcome, receipt.cost, receipt.chain, receipt.sequence) == ("interrupted", 100, "two", 1)
        (attempt,) = receipt.attempts
        assert (attempt.outcome, attempt.cost, attempt.usage_source) == ("interrupted", 100, "held")
        assert [b.spent for b in run(lambda: books.balances(ACCOUNTS, an_intent().at))] == [100] * 15


def test_attempts_that_had_ended_keep_what_they_cost(tmp_path: Path) -> None:
    """Failover: the newest draft knows how the first attempt ended, and that it cost nothing."""
    first = an_intent("1", amount=100, receipt="A")
    second = an_intent("2", amount=70, receipt="A")
    failed = replace(first.draft.attempts[0], outcome="failed", status=500)
    second = replace(second, draft=replace(second.draft, attempts=(failed, *second.draft.attempts)))
    with books_in(tmp_path, chain="one") as books:
        run(lambda: books.hold(first))
        run(lambda: books.hold(second))
    with books_in(tmp_path, chain="two") as books:
        assert books.interrupted == 1
        (found,) = SqliteLedger(tmp_path / "journal.sqlite").newest(10)
        attempts = from_json(found).attempts
        assert [(a.hold_id, a.outcome, a.cost) for a in attempts] == [
            ("hold-1", "failed", 0),
            ("hold-2", "interrupted", 70),
        ]
        assert (balance(books).spent, balance(books).held) == (70, 0)


def test_an_attempt_that_nobody_saw_ending_costs_its_hold_whatever_its_draft_calls_it(tmp_path: Path) -> None:
    first, second = an_intent("1", amount=100, receipt="A"), an_intent("2", amount=70, receipt="A")
    own = replace(second.draft.attempts[0], outcome="left")
    second = replace(second, draft=replace(second.draft, attempts=(*first.draft.attempts, own)))
    with books_in(tmp_path, chain="one") as books:
        run(lambda: books.hold(first))
        run(lambda: books.hold(second))
    with books_in(tmp_path, chain="two") as books:
        (found,) = SqliteLedger(tmp_path / "journal.sqlite").newest(10)
        assert [(a.outcome, a.cost) for a in from_json(found).attempts] == [("interrupted", 100), ("interrupted", 70)]
        assert balance(books).spent == 170


def test_an_intent_that_its_last_draft_does_not_list_is_listed(tmp_path: Path) -> None:
    with books_in(tmp_path, chain="one") as books:
        run(lambda: books.hold(an_intent("1", amount=100, receipt="A")))
        run(lambda: books.hold(an_intent("2", amount=70, receipt="A")))
        unlisted = an_intent("3", amount=5, receipt="A")
        run(lambda: books.hold(replace(unlisted, draft=replace(unlisted.draft, attempts=()))))
    with books_in(tmp_path, chain="two") as books:
        (found,) = SqliteLedger(tmp_path / "journal.sqlite").newest(10)
        receipt = from_json(found)
        assert {a.hold_id: a.cost for a in receipt.attempts} == {"hold-1": 100, "hold-2": 70, "hold-3": 5}
        assert receipt.cost == balance(books).spent == 175


def test_an_exchange_that_has_its_receipt_gets_no_second_one(tmp_path: Path) -> None:
    with books_in(tmp_path, chain="one") as books:
        run(lambda: books.settle(served(an_intent("A"))))
        run(lambda: books.hold(an_intent("A")))
    with books_in(tmp_path, chain="two") as books:
        assert books.interrupted == 0
        assert len(SqliteLedger(tmp_path / "journal.sqlite").newest(10)) == 1
        assert balance(books).held == 0


def test_intents_of_a_version_that_kept_them_in_the_database_are_recovered(tmp_path: Path) -> None:
    draft = drafted(an_intent("A", amount=100).draft)
    with books_in(tmp_path, chain="one"):
        pass
    with closing(sqlite3.connect(tmp_path / "journal.sqlite", isolation_level=None)) as older:
        accounts = json.dumps(ACCOUNTS)
        older.execute("INSERT INTO intents VALUES (1, 'hold-A', 'A', 100, 0, ?, ?, 'UTC')", (accounts, draft))
    for chain in ("two", "three"):
        with books_in(tmp_path, chain=chain) as books:
            assert books.interrupted == (1 if chain == "two" else 0)
            assert balance(books).spent == 100


def test_recovery_happens_once(tmp_path: Path) -> None:
    with books_in(tmp_path, chain="one") as books:
        run(lambda: books.hold(an_intent("A", amount=100)))
    for chain in ("two", "three"):
        with books_in(tmp_path, chain=chain) as books:
            assert balance(books).spent == 100


def test_counters_are_folded_from_the_receipts_behind_their_checkpoint(tmp_path: Path) -> None:
    """Without an orderly end there is no checkpoint; what was spent is in the receipts."""
    killed(tmp_path, "dead", exchanges=20, lines=31)
    journal = Journal.open(tmp_path, "process")
    assert journal.write_now(lambda c: c.execute("SELECT COUNT(*) FROM counters").fetchone()) == (0,)
    assert balance(SqliteBooks(journal, "alive")).spent == 10 * 40 + 10 * 100
    journal.close()


def test_an_interrupted_attempt_counts_in_the_windows_of_its_own_time_zone(tmp_path: Path) -> None:
    zone, late = "Europe/Stockholm", NOW.replace(hour=23, minute=30)
    with books_in(tmp_path, chain="one") as books:
        run(lambda: books.hold(an_intent("A", amount=100, at=late, zone=zone)))
    with books_in(tmp_path, chain="two") as books:
        found = run(lambda: books.balances(ACCOUNTS[:1], late + timedelta(hours=1), zone))
        assert {b.window: b.spent for b in found} == {"hour": 0, "day": 100, "week": 100, "month": 100, "total": 100}
        own = run(lambda: books.balances(ACCOUNTS[:1], late))
        assert {b.window: b.spent for b in own}["day"] == 0
