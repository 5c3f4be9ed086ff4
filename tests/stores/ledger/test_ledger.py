from __future__ import annotations

import json
import sqlite3
from functools import partial
from pathlib import Path

import pytest

from gateway.core.errors import Unavailable
from gateway.core.receipt import ChainBreak, Receipt, canonical, digest, genesis
from gateway.core.selection import Selection
from gateway.stores.errors import StoreRefused
from gateway.stores.ledger.ledger import SqliteLedger
from tests.stores.books_in import books_in, run
from tests.stores.ledger_contract import RECEIPTS, LedgerContract


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


class TestSqliteLedger(LedgerContract):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path

    def ledger_of(self, *receipts: Receipt) -> SqliteLedger:
        return ledger_of(self.folder, *receipts)


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
    with pytest.raises(StoreRefused, match="no gateway has run"):
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
        ("UPDATE receipts SET data = CAST(replace(data, '2026', '2025') AS BLOB) WHERE id = 'B'", 2),
        ("UPDATE receipts SET went = CAST(substr(went, 1, 16) || X'7B7D' AS BLOB) WHERE id = 'B'", 2),
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
    forged = "CAST(replace(data, '2026', '2025') AS BLOB)"
    connection.execute(f"UPDATE receipts SET data = {forged}, digest = sha({forged}) WHERE id = 'B'")
    connection.commit()
    connection.close()
    (state,) = ledger.verify_chains()
    assert state.broken == ChainBreak(3, "the receipt before this one was changed or removed")


def test_erased_sections_are_counted_and_break_nothing(tmp_path: Path) -> None:
    ledger = ledger_of(tmp_path, *RECEIPTS)
    tamper(tmp_path, "UPDATE receipts SET who = NULL WHERE id <> 'A'")
    tamper(tmp_path, "UPDATE receipts SET asked = NULL WHERE id = 'B'")
    assert [(state.broken, state.erased) for state in ledger.verify_chains()] == [(None, 3)]
    found = ledger.receipt("B")
    assert found is not None
    assert found["erased"] == ["asked", "who"]
    assert "key" not in found


OF_BEFORE = b'{"attempts":[],"began_at":"2026-11-24T12:00:00.000Z","chain":"old","code":"","cost":5,"currency":"EUR"}'


def test_a_journal_of_before_is_read_and_continued(tmp_path: Path) -> None:
    """Receipts of schema 0 stay as they are, in chains that hold."""
    ledger = ledger_of(tmp_path, RECEIPTS[0], chain="new")
    plain = {"id": "0", "endpoint": "chat", "snapshot": "5" * 64, "region": "declared:SE", "end_user": "sc_9"}
    old = canonical({**json.loads(OF_BEFORE), **plain, "sequence": 1, "previous": genesis("old")})
    names = "id, chain, sequence, digest, day, organisation, team, key, model, provider, route, policy, outcome, cost"
    values = ("0", "old", 1, digest(old), "2026-11-24", *["acme", "a", "k", "small", "alpha", "alpha/small", "open"])
    connection = sqlite3.connect(tmp_path / "journal.sqlite")
    connection.execute(
        f"INSERT INTO receipts ({names}, usage, charges, data) VALUES ({', '.join('?' * 17)})",
        (*values, "served", 5, "{}", "[]", old),
    )
    connection.execute("INSERT INTO chains VALUES ('old', 9, ?)", (digest(old),))
    connection.commit()
    connection.close()
    assert [(s.chain, s.broken, s.erased) for s in ledger.verify_chains()] == [("new", None, 0), ("old", None, 0)]
    found = ledger.receipt("0")
    assert found is not None
    assert (found["schema"], found["operation"], found["region"]) == (0, "chat", "declared:SE")
    (row,) = ledger.usage(["region", "currency", "end_user"], Selection(where={"key": "k"}))
    assert row.group == ("declared:SE", "EUR", "sc_9")
    tamper(
        tmp_path, "UPDATE receipts SET data = CAST(replace(data, '\"cost\":5', '\"cost\":4') AS BLOB) WHERE id = '0'"
    )
    assert ledger.verify_chains()[1].broken == ChainBreak(1, "the receipt was changed after it was written")


def test_a_chain_that_was_never_begun_is_noticed(tmp_path: Path) -> None:
    ledger = ledger_of(tmp_path, *RECEIPTS)
    tamper(tmp_path, "DELETE FROM chains")
    (state,) = ledger.verify_chains()
    assert state.broken == ChainBreak(1, "the chain is not in the register of chains")
