"""Hard budgets of a restored gateway are closed while their window holds a part of the unknown time."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from gateway.core.errors import Unavailable
from gateway.core.organisation import Budget
from gateway.stores.books.restored import Loss, RestoredBooks, accept, loss_of, note
from gateway.stores.journal.journal import Journal
from tests.builders import NOW
from tests.stores.books_in import ACCOUNTS, an_intent, books_in, served

LOSS = Loss(NOW - timedelta(hours=3), NOW)
ORGANISATION = ACCOUNTS[0]


def budgets(window: str, *, soft: bool = False) -> tuple[tuple[str, Budget], ...]:
    return ((ORGANISATION, Budget(10**9, window, soft=soft)),)


@pytest.mark.parametrize(
    ("window", "at", "closed"),
    [
        ("day", NOW, True),
        ("day", NOW + timedelta(days=1), False),
        ("month", NOW + timedelta(days=1), True),
        ("month", NOW + timedelta(days=31), False),
        ("total", NOW + timedelta(days=365), True),
    ],
)
async def test_a_hard_budget_is_closed_until_its_window_ends(
    tmp_path: Path, window: str, at: datetime, closed: bool
) -> None:
    with books_in(tmp_path) as inner:
        books, intent = RestoredBooks(inner, LOSS), an_intent(budgets=budgets(window), at=at)
        if closed:
            with pytest.raises(Unavailable) as refused:
                await books.hold(intent)
            assert "is closed until an operator accepts the loss" in refused.value.message
            assert LOSS.known_until.isoformat(timespec="seconds") in refused.value.message
        else:
            await books.hold(intent)
            assert (await books.settle(served(intent))).cost == 40


async def test_a_soft_budget_and_no_budget_are_not_closed(tmp_path: Path) -> None:
    with books_in(tmp_path) as inner:
        books = RestoredBooks(inner, LOSS)
        await books.hold(an_intent("A", budgets=budgets("total", soft=True)))
        await books.hold(an_intent("B"))
        held = {balance.window: balance.held for balance in await books.balances([ORGANISATION], NOW)}
        assert held["total"] == 200


def test_a_loss_stands_until_it_is_accepted(tmp_path: Path) -> None:
    with closing(Journal.open(tmp_path, "process")) as journal:
        assert loss_of(journal) is None
        note(journal, LOSS)
    with closing(Journal.open(tmp_path, "process")) as journal:
        assert loss_of(journal) == LOSS
        assert accept(journal) == LOSS
        assert (loss_of(journal), accept(journal)) == (None, None)


def test_a_second_restoration_keeps_the_earlier_begin(tmp_path: Path) -> None:
    later = Loss(NOW, NOW + timedelta(hours=1))
    with closing(Journal.open(tmp_path, "process")) as journal:
        note(journal, LOSS)
        note(journal, later)
        assert loss_of(journal) == Loss(LOSS.known_until, later.restored_at)
