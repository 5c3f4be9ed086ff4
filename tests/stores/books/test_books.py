from __future__ import annotations

import hashlib
import sqlite3
import threading
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import anyio
import pytest

from gateway.core.errors import BudgetExceeded, Unavailable
from gateway.core.organisation import Budget
from gateway.core.principal import KeyId
from gateway.core.receipt import Receipt, ReceiptId
from gateway.stores.books.books import SqliteBooks
from gateway.stores.books.windows import WINDOWS
from gateway.stores.journal.files import JOURNAL_FILE, Durability
from gateway.stores.journal.intents import kept
from gateway.stores.journal.journal import Journal
from gateway.stores.ledger.ledger import SqliteLedger
from tests.builders import NOW
from tests.stores.books_in import ACCOUNTS, an_intent, balance, books_in, run, served


@pytest.mark.parametrize("durability", ["power", "process"])
def test_a_hold_is_released_and_the_cost_is_spent_in_every_window(tmp_path: Path, durability: Durability) -> None:
    with books_in(tmp_path, durability=durability) as books:
        intent = an_intent(amount=100)
        run(lambda: books.hold(intent))
        assert [(b.spent, b.held) for b in run(lambda: books.balances(ACCOUNTS, NOW))] == [(0, 100)] * 15
        run(lambda: books.settle(served(intent, cost=40)))
        assert [(b.spent, b.held) for b in run(lambda: books.balances(ACCOUNTS, NOW))] == [(40, 0)] * 15


def test_receipts_are_linked_in_the_order_of_their_commits(tmp_path: Path) -> None:
    with books_in(tmp_path, chain="one") as books:
        for name in ("A", "B"):
            run(lambda name=name: books.settle(an_intent(name).draft))  # type: ignore[misc]
        second, first = SqliteLedger(tmp_path / JOURNAL_FILE).newest(2)
        assert [(r["chain"], r["sequence"]) for r in (first, second)] == [("one", 1), ("one", 2)]
        assert second["previous"] not in ("", first["previous"])


def test_a_refusal_separates_spent_held_and_limit(tmp_path: Path) -> None:
    budgets = (("organisation/acme", Budget(10**12, "total")), ("team/research", Budget(250, "day")))
    with books_in(tmp_path) as books:
        spent, held = an_intent("A", budgets=budgets), an_intent("B", budgets=budgets)
        run(lambda: books.hold(spent))
        run(lambda: books.settle(served(spent, cost=60)))
        run(lambda: books.hold(held))
        with pytest.raises(BudgetExceeded) as refused:
            run(lambda: books.hold(an_intent("C", amount=91, budgets=budgets)))
        assert refused.value.details == {
            "budget": {"account": "team/research", "window": "day"},
            "spent": "0.00000006",
            "held": "0.0000001",
            "limit": "0.00000025",
            "resets_at": "2026-11-25T00:00:00Z",
        }
        run(lambda: books.hold(an_intent("C", amount=90, budgets=budgets)))


def test_a_budget_opens_again_with_its_next_window(tmp_path: Path) -> None:
    budgets = (("key/key_1", Budget(100, "hour")),)
    with books_in(tmp_path) as books:
        intent = an_intent("A", budgets=budgets)
        run(lambda: books.hold(intent))
        run(lambda: books.settle(served(intent, cost=100)))
        with pytest.raises(BudgetExceeded):
            run(lambda: books.hold(an_intent("B", budgets=budgets, at=NOW + timedelta(minutes=59))))
        run(lambda: books.hold(an_intent("B", budgets=budgets, at=NOW + timedelta(minutes=60))))


def test_what_was_spent_is_known_after_a_restart(tmp_path: Path) -> None:
    with books_in(tmp_path, chain="one") as books:
        intent = an_intent("A")
        run(lambda: books.hold(intent))
        run(lambda: books.settle(served(intent, cost=40)))
    with books_in(tmp_path, chain="two") as books:
        assert [balance(books, window=w).spent for w in WINDOWS] == [40] * len(WINDOWS)
        assert books.interrupted == 0


def test_a_closed_journal_refuses_and_holds_nothing(tmp_path: Path) -> None:
    with books_in(tmp_path) as books:
        pass
    with pytest.raises(Unavailable) as refused:
        run(lambda: books.hold(an_intent()))
    assert refused.value.code == "books_unavailable"
    assert balance(books).held == 0


def test_a_receipt_that_met_a_fault_is_committed_when_the_journal_works_again(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path, "process")
    books = SqliteBooks(journal, "one")
    intent = an_intent("A")
    run(lambda: books.hold(intent))
    journal.write_now(lambda c: c.execute("ALTER TABLE receipts RENAME TO elsewhere").fetchall())
    with pytest.raises(Unavailable):
        run(lambda: books.settle(served(intent, cost=40)))
    assert (balance(books).spent, balance(books).held) == (0, 100)
    journal.write_now(lambda c: c.execute("ALTER TABLE elsewhere RENAME TO receipts").fetchall())
    run(lambda: books.hold(an_intent("B")))
    journal.write_now(lambda _: None)
    assert (balance(books).spent, balance(books).held) == (40, 100)
    journal.close()


def test_a_receipt_that_met_a_fault_is_committed_at_the_latest_at_the_end(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path, "process")
    books = SqliteBooks(journal, "one")
    intent = an_intent("A")
    run(lambda: books.hold(intent))
    journal.write_now(lambda c: c.execute("ALTER TABLE receipts RENAME TO elsewhere").fetchall())
    with pytest.raises(Unavailable):
        run(lambda: books.settle(served(intent, cost=40)))
    journal.write_now(lambda c: c.execute("ALTER TABLE elsewhere RENAME TO receipts").fetchall())
    journal.close()
    with books_in(tmp_path, chain="two") as again:
        assert again.interrupted == 0
        assert (balance(again).spent, balance(again).held) == (40, 0)


def test_receipts_that_met_a_fault_do_not_block_a_budget_once_the_journal_works_again(tmp_path: Path) -> None:
    budgets = (("team/research", Budget(300, "total")),)
    journal = Journal.open(tmp_path, "process")
    books = SqliteBooks(journal, "one")
    intents = [an_intent(name, budgets=budgets) for name in ("A", "B", "C")]
    for intent in intents:
        run(partial(books.hold, intent))
    journal.write_now(lambda c: c.execute("ALTER TABLE receipts RENAME TO elsewhere").fetchall())
    for intent in intents:
        with pytest.raises(Unavailable):
            run(partial(books.settle, served(intent, cost=40)))
    journal.write_now(lambda c: c.execute("ALTER TABLE elsewhere RENAME TO receipts").fetchall())
    with pytest.raises(BudgetExceeded):
        run(lambda: books.hold(an_intent("D", budgets=budgets)))
    run(lambda: books.settle(a_refusal("D")))
    journal.write_now(lambda _: None)
    assert (balance(books).spent, balance(books).held) == (120, 0)
    journal.close()


def test_of_what_meets_a_fault_all_is_kept_that_was_sent_and_not_every_refusal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.stores.books.books._MOST_REFUSALS", 2)
    monkeypatch.setattr("gateway.stores.books.books._CAUGHT_UP_AT_ONCE", 1)
    journal = Journal.open(tmp_path, "process")
    books = SqliteBooks(journal, "one")
    run(lambda: books.hold(an_intent("A")))
    journal.write_now(lambda c: c.execute("ALTER TABLE receipts RENAME TO elsewhere").fetchall())
    for receipt in (*map(a_refusal, "BCDE"), served(an_intent("A"))):
        with pytest.raises(Unavailable):
            run(partial(books.settle, receipt))
    journal.write_now(lambda c: c.execute("ALTER TABLE elsewhere RENAME TO receipts").fetchall())
    run(lambda: books.settle(a_refusal("F")))
    for _ in range(3):  # one leads to the next
        journal.write_now(lambda _: None)
    assert sorted(str(r["id"]) for r in SqliteLedger(journal.path).newest(9)) == ["A", "B", "C", "F"]
    journal.close()


def a_refusal(name: str) -> Receipt:
    return replace(an_intent(name).draft, outcome="refused", attempts=(), cost=0)


def test_an_exchange_that_has_ended_leaves_no_intent(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path, "process")
    books = SqliteBooks(journal, "one")
    run(lambda: books.hold(an_intent("A")))
    run(lambda: books.hold(an_intent("B")))
    run(lambda: books.settle(served(an_intent("A"))))
    assert [intent.hold for intent in kept(tmp_path)] == ["hold-B"]
    journal.close()


def test_counters_are_checkpointed_on_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.stores.books.books._CHECKPOINT_EVERY", 2)
    journal = Journal.open(tmp_path, "process")
    books = SqliteBooks(journal, "one")
    for name in ("A", "B", "C"):
        run(partial(books.hold, an_intent(name)))
        run(partial(books.settle, served(an_intent(name), cost=40)))
    spent = "SELECT spent FROM counters WHERE account = 'key/key_1' AND window = 'total'"
    assert journal.write_now(lambda c: c.execute(spent).fetchone()) == (80,)
    assert journal.write_now(lambda c: c.execute("SELECT row FROM folded").fetchone()) == (2,)
    journal.close()
    with books_in(tmp_path, chain="two") as again:
        assert balance(again).spent == 120


def test_a_receipt_beside_work_that_fails_keeps_its_place_in_the_chain(tmp_path: Path) -> None:
    """One batch: the receipt is linked, undone with the batch, and linked again."""
    journal = Journal.open(tmp_path, "process")
    books, gate = SqliteBooks(journal, "one"), threading.Event()

    def fail(_: sqlite3.Connection) -> None:
        raise LookupError

    async def together() -> Receipt:
        journal.post(lambda _: gate.wait())
        async with anyio.create_task_group() as tasks:
            for name in ("A", "B"):
                tasks.start_soon(books.settle, an_intent(name).draft)
            await anyio.wait_all_tasks_blocked()
            journal.post(fail)
            gate.set()
        return await books.settle(an_intent("C").draft)

    run(together)
    journal.close()
    assert SqliteLedger(journal.path).newest(1)[0]["sequence"] == 3
    assert [state.broken for state in SqliteLedger(journal.path).verify_chains()] == [None]


def test_an_idempotency_key_stands_for_its_first_exchange_for_a_day(tmp_path: Path) -> None:
    key, other = KeyId("key_1"), KeyId("key_2")
    first, second = ReceiptId("A"), ReceiptId("B")
    with books_in(tmp_path) as books:
        assert run(lambda: books.claim(key, "again", first, NOW)) is None
        assert run(lambda: books.claim(key, "again", second, NOW + timedelta(hours=23))) == first
        assert run(lambda: books.claim(other, "again", second, NOW)) is None
    with books_in(tmp_path, chain="two") as books:
        assert run(lambda: books.claim(key, "again", second, NOW + timedelta(hours=23))) == first
        assert run(lambda: books.claim(key, "again", second, NOW + timedelta(hours=24))) is None


def test_what_a_client_wrote_as_idempotency_key_is_nowhere_in_the_files(tmp_path: Path) -> None:
    with books_in(tmp_path) as books:
        run(lambda: books.claim(KeyId("key_1"), "something private", ReceiptId("A"), NOW))
        kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"CREATE TABLE claims" in kept
    assert b"something private" not in kept
    assert hashlib.sha256(b"key_1\0something private").digest() not in kept
