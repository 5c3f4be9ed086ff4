from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path

import pytest

from gateway.core.errors import Unavailable
from gateway.core.receipt import Broken, Receipt, as_json, digest
from gateway.stores.books import UsageRow
from gateway.stores.journal import JournalRefused
from gateway.stores.ledger import SqliteLedger
from tests.builders import a_receipt, an_attempt
from tests.stores.books_in import books_in, run

USED = {"input": 1_000, "output": 20}
RECEIPTS = (
    a_receipt("A", cost=5),
    a_receipt("B", cost=7, key="key_2", route="beta/small", began_at="2026-11-25T08:00:00.000Z"),
    a_receipt("C", cost=0, key="key_2", route="", outcome="refused", attempts=(), began_at="2026-11-25T09:00:00.000Z"),
)


def ledger_of(folder: Path, *receipts: Receipt, chain: str = "one") -> SqliteLedger:
    """The ledger of a gateway that wrote these receipts and has ended."""
    with books_in(folder, chain=chain) as books:
        for receipt in receipts:
            run(partial(books.settle, receipt))
    return SqliteLedger(folder / "journal.sqlite")


def tamper(folder: Path, statement: str) -> None:
    connection = sqlite3.connect(folder / "journal.sqlite")
    assert connection.execute(statement).rowcount > 0
    connection.commit()
    connection.close()


def test_a_receipt_is_found_by_its_id(tmp_path: Path) -> None:
    ledger = ledger_of(tmp_path, *RECEIPTS)
    found = ledger.receipt("B")
    assert found is not None
    assert found == as_json(replace(RECEIPTS[1], chain="one", sequence=2, previous=str(found["previous"])))
    assert ledger.receipt("Z") is None


def test_the_newest_come_first(tmp_path: Path) -> None:
    ledger = ledger_of(tmp_path, *RECEIPTS)
    assert [r["id"] for r in ledger.newest(2)] == ["C", "B"]
    assert [r["id"] for r in ledger.newest(10, key="key_1")] == ["A"]


@pytest.mark.parametrize(
    ("by", "rows"),
    [
        ((), [UsageRow((), 3, {"input": 2_000, "output": 40}, 12)]),
        (("day",), [UsageRow(("2026-11-24",), 1, USED, 5), UsageRow(("2026-11-25",), 2, USED, 7)]),
        (
            ("key", "provider"),
            [
                UsageRow(("key_1", "alpha"), 1, USED, 5),
                UsageRow(("key_2", ""), 1, {}, 0),
                UsageRow(("key_2", "beta"), 1, USED, 7),
            ],
        ),
        (("policy", "team", "model"), [UsageRow(("open", "research", "small"), 3, {"input": 2_000, "output": 40}, 12)]),
        (
            ("route",),
            [UsageRow(("",), 1, {}, 0), UsageRow(("alpha/small",), 1, USED, 5), UsageRow(("beta/small",), 1, USED, 7)],
        ),
    ],
)
def test_usage_is_added_up_per_group(tmp_path: Path, by: tuple[str, ...], rows: list[UsageRow]) -> None:
    assert ledger_of(tmp_path, *RECEIPTS).usage(by, None, None, None) == rows


def test_usage_is_bounded_by_days_and_key(tmp_path: Path) -> None:
    ledger = ledger_of(tmp_path, *RECEIPTS)
    assert [row.exchanges for row in ledger.usage((), since=date(2026, 11, 25))] == [2]
    assert [row.exchanges for row in ledger.usage((), until=date(2026, 11, 24))] == [1]
    assert [row.cost for row in ledger.usage((), key="key_1")] == [5]
    assert ledger.usage((), since=date(2027, 1, 1)) == []


def test_usage_is_grouped_by_known_words_only(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="day, team, key"):
        ledger_of(tmp_path).usage(("data",), None, None, None)


def test_failed_attempts_count_in_the_usage(tmp_path: Path) -> None:
    twice = a_receipt(attempts=(an_attempt(outcome="failed", usage={"input": 5}), an_attempt(usage={"input": 7})))
    assert ledger_of(tmp_path, twice).usage((), None, None, None)[0].usage == {"input": 12}


def test_a_ledger_is_read_beside_a_running_gateway(tmp_path: Path) -> None:
    with books_in(tmp_path) as books:
        ledger = SqliteLedger(tmp_path / "journal.sqlite")
        assert ledger.newest(1) == []
        run(lambda: books.settle(RECEIPTS[0]))
        assert [r["id"] for r in ledger.newest(1)] == ["A"]
        run(lambda: books.settle(RECEIPTS[1]))
        assert [r["id"] for r in ledger.newest(1)] == ["B"]
        assert [state.broken for state in ledger.verify_chains()] == [None]


def test_without_a_journal_there_is_no_ledger(tmp_path: Path) -> None:
    with pytest.raises(JournalRefused, match="no gateway has run"):
        SqliteLedger(tmp_path / "journal.sqlite").newest(1)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_journal_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "journal.sqlite").write_bytes(b"x" * 10_000)
    with pytest.raises(Unavailable) as refused:
        SqliteLedger(tmp_path / "journal.sqlite").newest(1)
    assert refused.value.code == "books_unavailable"


def test_untouched_chains_hold(tmp_path: Path) -> None:
    ledger_of(tmp_path, *RECEIPTS[:2], chain="one")
    states = ledger_of(tmp_path, RECEIPTS[2], chain="two").verify_chains()
    assert [(s.chain, s.receipts, s.broken) for s in states] == [("one", 2, None), ("two", 1, None)]


@pytest.mark.parametrize(
    ("statement", "sequence"),
    [
        ("UPDATE receipts SET data = CAST(replace(data, '\"cost\":7', '\"cost\":6') AS BLOB) WHERE id = 'B'", 2),
        ("DELETE FROM receipts WHERE id = 'A'", 1),
        ("DELETE FROM receipts WHERE id = 'B'", 2),
        ("DELETE FROM receipts WHERE id = 'C'", 3),
        ("DELETE FROM receipts", 1),
        ("UPDATE receipts SET row = row + 100 WHERE id = 'A'", 1),
        ("UPDATE receipts SET digest = 'd' WHERE id = 'C'", 3),
    ],
)
def test_a_changed_moved_or_missing_receipt_is_noticed(tmp_path: Path, statement: str, sequence: int) -> None:
    ledger = ledger_of(tmp_path, *RECEIPTS)
    tamper(tmp_path, statement)
    (state,) = ledger.verify_chains()
    assert state.broken is not None
    assert state.broken.sequence == sequence


def test_a_forged_receipt_breaks_the_link_after_it(tmp_path: Path) -> None:
    """Whoever recomputes the digest of what he changed has to recompute every one after it."""
    ledger = ledger_of(tmp_path, *RECEIPTS)
    connection = sqlite3.connect(tmp_path / "journal.sqlite")
    connection.create_function("sha", 1, digest)
    forged = "CAST(replace(data, '\"cost\":7', '\"cost\":6') AS BLOB)"
    connection.execute(f"UPDATE receipts SET data = {forged}, digest = sha({forged}) WHERE id = 'B'")
    connection.commit()
    connection.close()
    (state,) = ledger.verify_chains()
    assert state.broken == Broken(3, "the receipt before this one was changed or removed")


def test_a_chain_that_was_never_begun_is_noticed(tmp_path: Path) -> None:
    ledger = ledger_of(tmp_path, *RECEIPTS)
    tamper(tmp_path, "DELETE FROM chains")
    (state,) = ledger.verify_chains()
    assert state.broken == Broken(1, "the chain is not in the register of chains")
