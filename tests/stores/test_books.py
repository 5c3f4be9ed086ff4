from __future__ import annotations

import hashlib
import sqlite3
import tempfile
import threading
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import anyio
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from gateway.core.catalog import Budget
from gateway.core.errors import BudgetExceeded, Unavailable
from gateway.core.principal import KeyId
from gateway.core.receipt import Receipt, ReceiptId
from gateway.stores.books import Intent, SqliteBooks
from gateway.stores.counters import MOST
from gateway.stores.journal import Durability, Journal
from gateway.stores.ledger import SqliteLedger
from tests.builders import NOW, an_attempt
from tests.stores.books_in import ACCOUNTS, an_intent, balance, books_in, run, served


@pytest.mark.parametrize("durability", ["power", "process"])
def test_a_hold_is_released_and_the_cost_is_spent_in_every_window(tmp_path: Path, durability: Durability) -> None:
    with books_in(tmp_path, durability=durability) as books:
        intent = an_intent(amount=100)
        run(lambda: books.hold(intent))
        assert [(b.spent, b.held) for b in run(lambda: books.balances(ACCOUNTS, NOW))] == [(0, 100)] * 12
        run(lambda: books.settle(served(intent, cost=40)))
        assert [(b.spent, b.held) for b in run(lambda: books.balances(ACCOUNTS, NOW))] == [(40, 0)] * 12


def test_settling_twice_charges_once(tmp_path: Path) -> None:
    with books_in(tmp_path) as books:
        intent = an_intent()
        run(lambda: books.hold(intent))
        first = run(lambda: books.settle(served(intent, cost=40)))
        again = run(lambda: books.settle(served(intent, cost=99)))
        assert again == first
        assert balance(books).spent == 40


def test_settling_at_the_same_time_charges_once(tmp_path: Path) -> None:
    async def settle_ten_times(books: SqliteBooks, intent: Intent) -> list[Receipt]:
        await books.hold(intent)
        found: list[Receipt] = []

        async def settle() -> None:
            found.append(await books.settle(served(intent, cost=40)))

        async with anyio.create_task_group() as tasks:
            for _ in range(10):
                tasks.start_soon(settle)
        return found

    with books_in(tmp_path) as books:
        receipts = run(lambda: settle_ten_times(books, an_intent()))
        assert len(receipts) == 10
        assert len({r.sequence for r in receipts}) == 1
        assert balance(books) == replace(balance(books), spent=40, held=0)
        assert len(SqliteLedger(tmp_path / "journal.sqlite").newest(10)) == 1


def test_a_hold_is_charged_by_one_receipt_only(tmp_path: Path) -> None:
    with books_in(tmp_path) as books:
        intent = an_intent("A")
        run(lambda: books.hold(intent))
        run(lambda: books.settle(served(intent, cost=40)))
        run(lambda: books.settle(replace(served(intent, cost=40), id=ReceiptId("B"))))
        assert balance(books).spent == 40


def test_holding_twice_holds_once(tmp_path: Path) -> None:
    with books_in(tmp_path) as books:
        run(lambda: books.hold(an_intent(amount=100)))
        run(lambda: books.hold(an_intent(amount=100)))
        assert balance(books).held == 100


def test_every_attempt_of_an_exchange_is_charged_and_released(tmp_path: Path) -> None:
    with books_in(tmp_path) as books:
        first, second = an_intent("1", receipt="A"), an_intent("2", receipt="A")
        run(lambda: books.hold(first))
        run(lambda: books.hold(second))
        attempts = (an_attempt(hold_id="hold-1", cost=3), an_attempt(hold_id="hold-2", cost=5))
        run(lambda: books.settle(replace(first.draft, attempts=attempts, cost=8)))
        assert (balance(books).spent, balance(books).held) == (8, 0)


def test_a_receipt_of_a_refusal_needs_no_hold(tmp_path: Path) -> None:
    with books_in(tmp_path) as books:
        refusal = replace(an_intent().draft, outcome="refused", attempts=(), cost=0)
        assert run(lambda: books.settle(refusal)).sequence == 1
        assert balance(books).spent == 0


def test_receipts_are_linked_in_the_order_of_their_commits(tmp_path: Path) -> None:
    with books_in(tmp_path, chain="one") as books:
        first = run(lambda: books.settle(an_intent("A").draft))
        second = run(lambda: books.settle(an_intent("B").draft))
        assert [(r.chain, r.sequence) for r in (first, second)] == [("one", 1), ("one", 2)]
        assert second.previous not in ("", first.previous)


def test_concurrent_holds_never_pass_the_limit(tmp_path: Path) -> None:
    budgets = (("team/research", Budget(500, "month")),)

    async def ask(books: SqliteBooks) -> int:
        admitted = 0

        async def one(number: int) -> None:
            nonlocal admitted
            try:
                await books.hold(an_intent(str(number), amount=10, budgets=budgets))
            except BudgetExceeded:
                return
            admitted += 1
            await books.settle(served(an_intent(str(number), amount=10), cost=10))

        async with anyio.create_task_group() as tasks:
            for number in range(200):
                tasks.start_soon(one, number)
        return admitted

    with books_in(tmp_path) as books:
        assert run(lambda: ask(books)) == 50
        assert (balance(books).spent, balance(books).held) == (500, 0)


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


def test_a_bill_above_its_hold_is_charged_and_the_next_request_is_refused(tmp_path: Path) -> None:
    budgets = (("key/key_1", Budget(100, "total")),)
    with books_in(tmp_path) as books:
        intent = an_intent("A", amount=100, budgets=budgets)
        run(lambda: books.hold(intent))
        run(lambda: books.settle(served(intent, cost=130)))
        assert balance(books, "key/key_1").spent == 130
        with pytest.raises(BudgetExceeded):
            run(lambda: books.hold(an_intent("B", amount=0, budgets=budgets)))


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
        assert [balance(books, window=w).spent for w in ("hour", "day", "month", "total")] == [40] * 4
        assert books.interrupted == 0


def test_a_cancelled_hold_holds_nothing(tmp_path: Path) -> None:
    async def cancel(books: SqliteBooks) -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(books.hold, an_intent("A"))
            await anyio.lowlevel.checkpoint()
            tasks.cancel_scope.cancel()

    with books_in(tmp_path) as books:
        run(lambda: cancel(books))
        run(lambda: books.settle(an_intent("B").draft))  # in order: what was cancelled is done by now
        assert balance(books).held == 0
    with books_in(tmp_path, chain="two") as books:
        assert books.interrupted == 0


def test_a_cancelled_settle_still_charges(tmp_path: Path) -> None:
    async def cancel(books: SqliteBooks) -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(books.settle, served(an_intent("A"), cost=40))
            await anyio.lowlevel.checkpoint()
            tasks.cancel_scope.cancel()

    with books_in(tmp_path) as books:
        run(lambda: books.hold(an_intent("A")))
        run(lambda: cancel(books))
        run(lambda: books.settle(an_intent("B").draft))
        assert (balance(books).spent, balance(books).held) == (40, 0)


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


def test_an_exchange_that_has_ended_leaves_no_intent(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path, "process")
    books = SqliteBooks(journal, "one")
    run(lambda: books.hold(an_intent("A")))
    run(lambda: books.hold(an_intent("B")))
    run(lambda: books.settle(served(an_intent("A"))))
    assert journal.write_now(lambda c: c.execute("SELECT hold FROM intents").fetchall()) == [("hold-B",)]
    journal.close()


def test_counters_are_checkpointed_on_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.stores.books._CHECKPOINT_EVERY", 2)
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

    assert run(together).sequence == 3
    journal.close()
    assert [state.broken for state in SqliteLedger(journal.path).verify_chains()] == [None]


def test_a_nonsensical_sum_is_booked_as_the_most_there_is(tmp_path: Path) -> None:
    with books_in(tmp_path) as books:
        intent = an_intent(amount=10**30)
        run(lambda: books.hold(intent))
        receipt = run(lambda: books.settle(served(intent, cost=10**30)))
        assert receipt.cost == 10**30
        assert (balance(books).spent, balance(books).held) == (MOST, 0)


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


class BooksAsAWhole(RuleBasedStateMachine):
    """Holds, settles in any order and number, restarts: nothing is held but what is open, every cent is spent once."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.starts, self.names = 0, 0
        self.open: dict[str, Intent] = {}
        self.done: list[Receipt] = []
        self.spent = 0
        self.start()

    def start(self) -> None:
        self.starts += 1
        self.journal = Journal.open(Path(self.folder.name), "process")
        self.books = SqliteBooks(self.journal, f"chain {self.starts}")

    @rule(amount=st.integers(0, 60))
    def hold(self, amount: int) -> None:
        self.names += 1
        intent = an_intent(str(self.names), amount, (("team/research", Budget(200, "total")),))
        fits = self.spent + sum(i.amount for i in self.open.values()) + amount <= 200
        try:
            run(lambda: self.books.hold(intent))
        except BudgetExceeded:
            assert not fits
        else:
            assert fits
            self.open[str(self.names)] = intent

    @precondition(lambda self: self.open)
    @rule(cost=st.integers(0, 80), data=st.data())
    def settle(self, cost: int, data: st.DataObject) -> None:
        intent = self.open.pop(data.draw(st.sampled_from(sorted(self.open))))
        self.done.append(served(intent, cost))
        run(lambda: self.books.settle(self.done[-1]))
        self.spent += cost

    @precondition(lambda self: self.done)
    @rule(data=st.data())
    def settle_late_and_again(self, data: st.DataObject) -> None:
        receipt = data.draw(st.sampled_from(self.done))
        run(lambda: self.books.settle(receipt))

    @rule()
    def restart(self) -> None:
        """What is open when a process ends costs what was held."""
        self.journal.close()
        self.start()
        assert self.books.interrupted == len(self.open)
        self.spent += sum(i.amount for i in self.open.values())
        self.open.clear()

    @invariant()
    def nothing_is_lost(self) -> None:
        now = balance(self.books)
        assert (now.spent, now.held) == (self.spent, sum(i.amount for i in self.open.values()))

    def teardown(self) -> None:
        self.journal.close()
        ledger = SqliteLedger(Path(self.folder.name) / "journal.sqlite")
        assert all(state.broken is None for state in ledger.verify_chains())
        self.folder.cleanup()


TestBooksAsAWhole = BooksAsAWhole.TestCase
TestBooksAsAWhole.settings = settings(max_examples=15, stateful_step_count=20, deadline=None, database=None)
