"""What every kind of books promises: counters in this process alone, or shared in Redis or Valkey."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

import anyio
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from gateway.core.errors import BudgetExceeded
from gateway.core.organisation import Budget
from gateway.core.receipt import Receipt, ReceiptId
from gateway.stores.books.books import Intent, SqliteBooks
from gateway.stores.books.windows import WINDOWS
from gateway.stores.holds import LARGEST_AMOUNT
from gateway.stores.journal.files import Durability
from gateway.stores.ledger.ledger import SqliteLedger
from tests.builders import an_attempt
from tests.stores.books_in import ACCOUNTS, an_intent, balance, books_in, run, served, shared_books_in
from tests.stores.servers import SERVERS, a_server
from tests.strategies import examples

Opened = Callable[..., AbstractContextManager[SqliteBooks]]
"""Of a folder and the name of a chain."""

KINDS = ("embedded", *SERVERS)
UNIT = 10**9


@pytest.fixture(scope="module", params=KINDS)
def kind(request: pytest.FixtureRequest) -> Iterator[Opened]:
    if request.param == "embedded":
        yield books_in
        return
    with a_server(name=request.param) as server:

        def opened(
            folder: Path, chain: str = "one", durability: Durability = "process"
        ) -> AbstractContextManager[SqliteBooks]:
            return shared_books_in(folder, server.url, chain, durability=durability)

        opened.flush = lambda: server.ask("FLUSHALL")  # type: ignore[attr-defined]
        yield opened


@pytest.fixture
def books_of(kind: Opened) -> Opened:
    getattr(kind, "flush", lambda: None)()
    return kind


def test_settling_twice_charges_once(books_of: Opened, tmp_path: Path) -> None:
    with books_of(tmp_path) as books:
        intent = an_intent()
        run(lambda: books.hold(intent))
        first = run(lambda: books.settle(served(intent, cost=40)))
        again = run(lambda: books.settle(served(intent, cost=99)))
        assert again == first
        assert balance(books).spent == 40


def test_settling_at_the_same_time_charges_once(books_of: Opened, tmp_path: Path) -> None:
    async def settle_ten_times(books: SqliteBooks, intent: Intent) -> list[Receipt]:
        await books.hold(intent)
        found: list[Receipt] = []

        async def settle() -> None:
            found.append(await books.settle(served(intent, cost=40)))

        async with anyio.create_task_group() as tasks:
            for _ in range(10):
                tasks.start_soon(settle)
        return found

    with books_of(tmp_path) as books:
        receipts = run(lambda: settle_ten_times(books, an_intent()))
        assert len(receipts) == 10
        assert all(r == receipts[0] for r in receipts)
        assert balance(books) == replace(balance(books), spent=40, held=0)
        assert len(SqliteLedger(tmp_path / "journal.sqlite").newest(10)) == 1


def test_a_hold_is_charged_by_one_receipt_only(books_of: Opened, tmp_path: Path) -> None:
    with books_of(tmp_path) as books:
        intent = an_intent("A")
        run(lambda: books.hold(intent))
        run(lambda: books.settle(served(intent, cost=40)))
        run(lambda: books.settle(replace(served(intent, cost=40), id=ReceiptId("B"))))
        assert balance(books).spent == 40


def test_holding_twice_holds_once(books_of: Opened, tmp_path: Path) -> None:
    with books_of(tmp_path) as books:
        run(lambda: books.hold(an_intent(amount=100)))
        run(lambda: books.hold(an_intent(amount=100)))
        assert balance(books).held == 100


def test_every_attempt_of_an_exchange_is_charged_and_released(books_of: Opened, tmp_path: Path) -> None:
    with books_of(tmp_path) as books:
        first, second = an_intent("1", receipt="A"), an_intent("2", receipt="A")
        run(lambda: books.hold(first))
        run(lambda: books.hold(second))
        attempts = (an_attempt(hold_id="hold-1", cost=3), an_attempt(hold_id="hold-2", cost=5))
        run(lambda: books.settle(replace(first.draft, attempts=attempts, cost=8)))
        assert (balance(books).spent, balance(books).held) == (8, 0)


def test_a_receipt_of_a_refusal_needs_no_hold(books_of: Opened, tmp_path: Path) -> None:
    with books_of(tmp_path) as books:
        refusal = replace(an_intent().draft, outcome="refused", attempts=(), cost=0)
        run(lambda: books.settle(refusal))
        (kept,) = SqliteLedger(tmp_path / "journal.sqlite").newest(10)
        assert (kept["outcome"], kept["sequence"]) == ("refused", 1)
        assert balance(books).spent == 0


def test_concurrent_holds_never_pass_the_limit(books_of: Opened, tmp_path: Path) -> None:
    budgets = (("team/research", Budget(500, "total")),)

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

    with books_of(tmp_path) as books:
        assert run(lambda: ask(books)) == 50
        assert (balance(books).spent, balance(books).held) == (500, 0)


def test_a_bill_above_its_hold_is_charged_and_the_next_request_is_refused(books_of: Opened, tmp_path: Path) -> None:
    budgets = (("key/key_1", Budget(100, "total")),)
    with books_of(tmp_path) as books:
        intent = an_intent("A", amount=100, budgets=budgets)
        run(lambda: books.hold(intent))
        run(lambda: books.settle(served(intent, cost=130)))
        assert balance(books, "key/key_1").spent == 130
        with pytest.raises(BudgetExceeded):
            run(lambda: books.hold(an_intent("B", amount=0, budgets=budgets)))


def test_a_hold_that_is_cancelled_before_it_is_durable_holds_nothing(books_of: Opened, tmp_path: Path) -> None:
    async def cancel(books: SqliteBooks) -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(books.hold, an_intent("A"))
            await anyio.lowlevel.checkpoint()
            tasks.cancel_scope.cancel()

    with books_of(tmp_path, durability="power") as books:
        run(lambda: cancel(books))
        run(lambda: books.settle(an_intent("B").draft))  # in order: what was cancelled is done by now
        assert balance(books).held == 0
    with books_of(tmp_path, "two") as books:
        assert books.interrupted == 0


def test_a_cancelled_settle_still_charges(books_of: Opened, tmp_path: Path) -> None:
    async def cancel(books: SqliteBooks) -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(books.settle, served(an_intent("A"), cost=40))
            await anyio.lowlevel.checkpoint()
            tasks.cancel_scope.cancel()

    with books_of(tmp_path) as books:
        run(lambda: books.hold(an_intent("A")))
        run(lambda: cancel(books))
        run(lambda: books.settle(an_intent("B").draft))
        assert (balance(books).spent, balance(books).held) == (40, 0)


def test_a_nonsensical_sum_is_booked_as_the_most_there_is(books_of: Opened, tmp_path: Path) -> None:
    with books_of(tmp_path) as books:
        intent = an_intent(amount=10**30)
        run(lambda: books.hold(intent))
        receipt = run(lambda: books.settle(served(intent, cost=10**30)))
        assert receipt.cost == 10**30
        assert (balance(books).spent, balance(books).held) == (LARGEST_AMOUNT, 0)


@pytest.mark.parametrize("units", [100_000, 8_999_999, 9_007_199])
def test_a_budget_is_exact_to_its_last_nano_unit(books_of: Opened, tmp_path: Path, units: int) -> None:
    """A double can no longer tell one such sum from the next, and writes the smallest as 1e+14."""
    budgets = (("team/research", Budget(units * UNIT, "total")),)
    with books_of(tmp_path) as books:
        for name, amount in (("A", units * UNIT - 3), ("B", 2)):
            run(partial(books.hold, an_intent(name, amount=amount, budgets=budgets)))
        with pytest.raises(BudgetExceeded):
            run(lambda: books.hold(an_intent("C", amount=2, budgets=budgets)))
        run(lambda: books.hold(an_intent("D", amount=1, budgets=budgets)))
        assert balance(books).held == units * UNIT
        with pytest.raises(BudgetExceeded):
            run(lambda: books.hold(an_intent("E", amount=1, budgets=budgets)))
        run(lambda: books.hold(an_intent("F", amount=0, budgets=budgets)))


def test_money_beyond_every_budget_is_counted_exactly(books_of: Opened, tmp_path: Path) -> None:
    with books_of(tmp_path) as books:
        for number in range(4):
            run(partial(books.hold, an_intent(str(number), amount=LARGEST_AMOUNT)))
            run(partial(books.settle, served(an_intent(str(number)), cost=LARGEST_AMOUNT - 1)))
        assert balance(books).spent == 4 * (LARGEST_AMOUNT - 1)


def test_a_refusal_separates_spent_held_and_limit(books_of: Opened, tmp_path: Path) -> None:
    budgets = (("organisation/acme", Budget(10**12, "day")), ("team/research", Budget(250, "total")))
    with books_of(tmp_path) as books:
        spent, held = an_intent("A", budgets=budgets), an_intent("B", budgets=budgets)
        run(lambda: books.hold(spent))
        run(lambda: books.settle(served(spent, cost=60)))
        run(lambda: books.hold(held))
        with pytest.raises(BudgetExceeded) as refused:
            run(lambda: books.hold(an_intent("C", amount=91, budgets=budgets)))
        assert refused.value.details == {
            "budget": {"account": "team/research", "window": "total"},
            "spent": "0.00000006",
            "held": "0.0000001",
            "limit": "0.00000025",
            "resets_at": None,
        }
        run(lambda: books.hold(an_intent("C", amount=90, budgets=budgets)))


def test_a_refused_hold_leaves_nothing_behind(books_of: Opened, tmp_path: Path) -> None:
    with books_of(tmp_path) as books:
        with pytest.raises(BudgetExceeded):
            run(lambda: books.hold(an_intent(amount=11, budgets=(("team/research", Budget(10, "total")),))))
        assert (balance(books).spent, balance(books).held) == (0, 0)


def test_what_was_thought_to_be_free_is_charged_all_the_same(books_of: Opened, tmp_path: Path) -> None:
    with books_of(tmp_path) as books:
        run(lambda: books.hold(an_intent(amount=0)))
        run(lambda: books.settle(served(an_intent(amount=0), cost=3)))
        assert (balance(books).spent, balance(books).held) == (3, 0)


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_a_charge_counts_in_every_window_and_for_everybody_who_pays(
    books_of: Opened, tmp_path: Path, zone: str
) -> None:
    budgets = tuple(
        (account, Budget(100, window))
        for account in ("organisation/acme", "team/research", "key/key_1")
        for window in WINDOWS
    )
    with books_of(tmp_path) as books:
        for budget in budgets:
            run(
                partial(books.hold, an_intent(f"{budget[0]}{budget[1].window}", amount=0, budgets=(budget,), zone=zone))
            )
        run(lambda: books.hold(an_intent("A", amount=100, budgets=budgets, zone=zone)))
        run(lambda: books.settle(served(an_intent("A"), cost=100)))
        for budget in budgets:
            with pytest.raises(BudgetExceeded):
                run(partial(books.hold, an_intent("B", amount=1, budgets=(budget,), zone=zone)))


def test_what_a_model_costs_everybody_counts_beside_what_each_may_spend(books_of: Opened, tmp_path: Path) -> None:
    paid = (*ACCOUNTS, "model/small", "class/personal")
    budgets = (("key/key_1", Budget(10**6, "day")), ("model/small", Budget(150, "week")))
    with books_of(tmp_path) as books:
        run(lambda: books.hold(replace(an_intent("A", amount=100, budgets=budgets), accounts=paid)))
        run(lambda: books.settle(served(an_intent("A"), cost=60)))
        run(lambda: books.hold(replace(an_intent("B", amount=90, budgets=budgets), accounts=paid)))
        with pytest.raises(BudgetExceeded) as refused:
            run(lambda: books.hold(replace(an_intent("C", amount=1, budgets=budgets), accounts=paid)))
        assert refused.value.details["budget"] == {"account": "model/small", "window": "week"}
        assert balance(books, "class/personal").spent == 60


def test_a_soft_budget_refuses_nothing_and_is_named_once_it_is_spent(books_of: Opened, tmp_path: Path) -> None:
    soft, other = ("team/research", Budget(100, "month", soft=True)), ("key/key_1", Budget(10, "day", soft=True))
    hard = ("organisation/acme", Budget(300, "total"))
    budgets = (soft, hard, other)
    with books_of(tmp_path) as books:
        assert run(lambda: books.hold(an_intent("A", amount=150, budgets=budgets))) == (), "held is not spent"
        run(lambda: books.settle(served(an_intent("A"), cost=10)))
        assert run(lambda: books.hold(an_intent("B", amount=150, budgets=budgets))) == ((*other, 100),)
        run(lambda: books.settle(served(an_intent("B"), cost=90)))
        assert run(lambda: books.hold(an_intent("C", amount=1, budgets=budgets))) == ((*soft, 100), (*other, 100))
        assert run(lambda: books.hold(an_intent("C", amount=1, budgets=budgets))) == ()  # held already
        with pytest.raises(BudgetExceeded) as refused:
            run(lambda: books.hold(an_intent("D", amount=200, budgets=budgets)))
        assert refused.value.details["budget"] == {"account": "organisation/acme", "window": "total"}
        assert balance(books).held == 1


def test_a_refusal_says_for_what_there_is_room_and_the_same_hold_may_ask_for_that(
    books_of: Opened, tmp_path: Path
) -> None:
    budget = ("team/research", Budget(100, "week", floor=1))
    with books_of(tmp_path) as books:
        run(lambda: books.hold(an_intent("A", amount=30)))
        run(lambda: books.settle(served(an_intent("A"), cost=20)))
        run(lambda: books.hold(an_intent("B", amount=15)))
        with pytest.raises(BudgetExceeded) as refused:
            run(lambda: books.hold(an_intent("C", amount=66, budgets=(budget,))))
        assert (refused.value.floor, refused.value.room) == (1, 65)
        run(lambda: books.hold(an_intent("C", amount=65, budgets=(budget,))))
        assert (balance(books).spent, balance(books).held) == (20, 80)


@pytest.mark.parametrize(
    ("limit", "percent"), [(9, 100), (10, 100), (11, 80), (12, 80), (13, 0), (0, 100), (9_007_199 * UNIT - 1, 0)]
)
def test_a_soft_budget_is_measured_to_the_last_unit(books_of: Opened, tmp_path: Path, limit: int, percent: int) -> None:
    budget = ("team/research", Budget(limit, "total", soft=True))
    with books_of(tmp_path) as books:
        run(lambda: books.hold(an_intent("A", amount=10)))
        run(lambda: books.settle(served(an_intent("A"), cost=10)))
        found = run(lambda: books.hold(an_intent("B", amount=10, budgets=(budget,))))
        assert found == (((*budget, percent),) if percent else ())


def test_what_was_spent_and_what_was_left_open_is_known_after_a_restart(books_of: Opened, tmp_path: Path) -> None:
    with books_of(tmp_path, "one") as books:
        run(lambda: books.hold(an_intent("A")))
        run(lambda: books.settle(served(an_intent("A"), cost=40)))
        run(lambda: books.hold(an_intent("B", amount=100)))
    with books_of(tmp_path, "two") as books:
        assert books.interrupted == 1
        assert (balance(books).spent, balance(books).held) == (140, 0)


class BooksAsAWhole(RuleBasedStateMachine):
    """Holds, settles in any order and number, restarts: nothing is held but what is open, every cent is spent once."""

    books_of: Opened

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.stack = ExitStack()
        self.starts, self.names = 0, 0
        self.open: dict[str, Intent] = {}
        self.done: list[Receipt] = []
        self.spent = 0
        self.start()

    def start(self) -> None:
        self.starts += 1
        opened = type(self).books_of(Path(self.folder.name), f"chain {self.starts}")
        self.books = self.stack.enter_context(opened)

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
        self.stack.close()
        self.start()
        assert self.books.interrupted == len(self.open)
        self.spent += sum(i.amount for i in self.open.values())
        self.open.clear()

    @invariant()
    def nothing_is_lost(self) -> None:
        now = balance(self.books)
        assert (now.spent, now.held) == (self.spent, sum(i.amount for i in self.open.values()))

    def teardown(self) -> None:
        self.stack.close()
        ledger = SqliteLedger(Path(self.folder.name) / "journal.sqlite")
        assert all(state.broken is None for state in ledger.verify_chains())
        self.folder.cleanup()


def test_books_as_a_whole(books_of: Opened) -> None:
    def flushed(folder: Path, chain: str) -> AbstractContextManager[SqliteBooks]:
        if chain == "chain 1":
            getattr(books_of, "flush", lambda: None)()
        return books_of(folder, chain)

    machine = type("Machine", (BooksAsAWhole,), {"books_of": staticmethod(flushed)})
    often = settings(max_examples=examples(15), stateful_step_count=20, deadline=None, database=None)
    run_state_machine_as_test(machine, settings=often)
