from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from gateway.stores.audit.journal_audit import audit, is_written
from gateway.stores.books import books as module
from gateway.stores.books.books import SqliteBooks
from gateway.stores.errors import StoreRefused
from tests.stores.books_in import an_intent, books_in, run, served

ONE_OUTCOME = "every intent has one outcome"
AT_REST = "held is zero at rest"
EVEN = "what receipts cost was charged"
PER_TEAM = "what teams were charged is what their receipts cost"
COUNTERS = "counters are the sum of charges"
CHAINS = "sequence numbers have no gap"
COLUMNS = "columns are those of the receipts"
DAYS = "sums by day are those of the receipts"


def exchange(books: SqliteBooks, name: str, cost: int = 40) -> None:
    intent = an_intent(name)
    run(partial(books.hold, intent))
    run(partial(books.settle, served(intent, cost)))


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """Of a gateway that ran twice and ended in order."""
    for chain in ("one", "two"):
        with books_in(tmp_path, chain=chain) as books:
            for name in "AB":
                exchange(books, f"{chain}-{name}")
    return tmp_path / "journal.sqlite"


def broken(journal: Path) -> list[str]:
    return [check.name for check in audit(journal) if not check.holds]


def change(journal: Path, *statements: str) -> None:
    connection = sqlite3.connect(journal)
    for statement in statements:
        assert connection.execute(statement).rowcount > 0
    connection.commit()
    connection.close()


def test_untouched_books_add_up(journal: Path) -> None:
    assert broken(journal) == []
    found = {check.name: check.finding for check in audit(journal)}
    assert found[ONE_OUTCOME] == "4 holds in 4 receipts"
    assert found[EVEN] == "receipts 0.00000016, attempts 0.00000016, charges 0.00000016"
    assert found[CHAINS] == "2 chains, 4 receipts"


@pytest.mark.parametrize("cost", [2**53 + 1, 2**63, 2**64, 10**22, 10**400])
def test_a_bill_beyond_all_counters_adds_up_as_the_most_there_is(tmp_path: Path, cost: int) -> None:
    with books_in(tmp_path) as books:
        exchange(books, "A", cost)
    found = {check.name: check for check in audit(tmp_path / "journal.sqlite")}
    assert found[EVEN].finding == "receipts 9007199.254740992, attempts 9007199.254740992, charges 9007199.254740992"
    assert all(check.holds for check in found.values())


@pytest.mark.parametrize(
    ("statement", "names"),
    [
        ("UPDATE receipts SET cost = cost + 1 WHERE id = 'one-A'", [EVEN, PER_TEAM, COLUMNS, DAYS]),
        ("UPDATE receipts SET provider = 'other' WHERE id = 'one-A'", [COLUMNS, DAYS]),
        ("UPDATE receipts SET region = NULL WHERE id = 'one-A'", [COLUMNS, DAYS]),
        ("UPDATE receipts SET sent = 7 WHERE id = 'one-A'", [COLUMNS, DAYS]),
        ("UPDATE receipts SET usage = '{}' WHERE id = 'one-A'", [COLUMNS, DAYS]),
        ("UPDATE receipts SET places = '[]' WHERE id = 'one-A'", [COLUMNS, DAYS]),
        ("UPDATE receipts SET team = 'others' WHERE id = 'one-A'", [PER_TEAM, COLUMNS, DAYS]),
        ("UPDATE receipts SET charges = '[]' WHERE id = 'one-A'", [EVEN, PER_TEAM, COUNTERS, COLUMNS]),
        ("UPDATE receipts SET went = X'FF' WHERE id = 'one-A'", [EVEN, CHAINS]),
        ("UPDATE receipts SET data = X'FF' WHERE id = 'one-A'", [CHAINS]),
        ("DELETE FROM receipts WHERE id = 'one-B'", [COUNTERS, CHAINS, DAYS]),
        ("UPDATE counters SET spent = spent - 1 WHERE account = 'team/research' AND window = 'total'", [COUNTERS]),
        ("UPDATE usage_days SET sent = sent + 1", [DAYS]),
        ("DELETE FROM counters WHERE account = 'key/key_1'", [COUNTERS]),
        ("DELETE FROM counters WHERE account = 'key/key_1' AND length(window) = 7", [COUNTERS]),
    ],
)
def test_what_does_not_add_up_is_found(journal: Path, statement: str, names: list[str]) -> None:
    change(journal, statement)
    assert broken(journal) == names


def test_a_hold_that_ended_in_two_receipts_is_found(journal: Path) -> None:
    with closing(sqlite3.connect(journal)) as connection:
        (went,) = connection.execute("SELECT went FROM receipts WHERE id = 'two-A'").fetchone()
    change(
        journal, f"UPDATE receipts SET went = X'{went.replace(b'hold-two-A', b'hold-one-A').hex()}' WHERE id = 'two-A'"
    )
    (check,) = [check for check in audit(journal) if check.name == ONE_OUTCOME]
    assert not check.holds
    assert check.finding == "3 holds in 4 receipts; 1 in several receipts: hold-one-A"


def test_an_intent_whose_receipt_is_written_is_not_open(journal: Path) -> None:
    """Its process had no time to forget it."""
    change(journal, "INSERT INTO intents VALUES (99, 'hold-one-A', 'one-A', 7, 0, '[]', X'', 'UTC')")
    assert broken(journal) == []
    change(journal, "INSERT INTO intents VALUES (100, 'hold-X', 'X', 7, 0, '[]', X'', 'UTC')")
    assert broken(journal) == [AT_REST]


def test_what_is_under_way_in_a_running_gateway_is_counted(tmp_path: Path) -> None:
    with books_in(tmp_path) as books:
        run(partial(books.hold, an_intent("A", amount=100)))
        exchange(books, "B")
        (check,) = [check for check in audit(tmp_path / "journal.sqlite") if check.name == AT_REST]
        assert check.holds
        assert check.finding == "1 holds open, 0.0000001; a gateway runs, so this is under way"
        assert broken(tmp_path / "journal.sqlite") == []


def test_what_a_dead_gateway_left_open_is_found_and_the_next_start_settles_it(tmp_path: Path) -> None:
    with books_in(tmp_path) as books:
        run(partial(books.hold, an_intent("A", amount=100)))
    assert broken(tmp_path / "journal.sqlite") == [AT_REST]
    with books_in(tmp_path, chain="two"):
        pass
    assert broken(tmp_path / "journal.sqlite") == []


def test_counters_that_were_not_noted_yet_do_not_disturb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_CHECKPOINT_EVERY", 3)
    with books_in(tmp_path) as books:
        for number in range(7):
            exchange(books, f"{number}")
        assert broken(tmp_path / "journal.sqlite") == []


def test_what_does_not_add_up_is_listed_up_to_five(tmp_path: Path) -> None:
    with books_in(tmp_path) as books:
        for name in "ABCDEF":
            exchange(books, name)
    change(tmp_path / "journal.sqlite", "UPDATE receipts SET cost = 1")
    (check,) = [check for check in audit(tmp_path / "journal.sqlite") if check.name == EVEN]
    assert check.finding.endswith("; 6 that do not agree with themselves: A, B, C, D, E, …")


def test_who_writes_a_journal_is_seen_and_not_disturbed(tmp_path: Path) -> None:
    assert not is_written(tmp_path)
    with books_in(tmp_path):
        assert is_written(tmp_path)
    assert not is_written(tmp_path)
    with books_in(tmp_path):
        pass


def test_without_a_journal_there_is_nothing_to_audit(tmp_path: Path) -> None:
    with pytest.raises(StoreRefused):
        audit(tmp_path / "journal.sqlite")
