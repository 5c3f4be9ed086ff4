from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gateway.core.errors import BudgetExceeded
from gateway.core.organisation import Budget
from gateway.core.receipt import ReceiptId
from gateway.stores.books.counters import Counter, Counters
from gateway.stores.books.windows import windows_around
from gateway.stores.holds import Charge, Hold

AT = int(datetime(2026, 11, 24, 12, 30, tzinfo=UTC).timestamp())
HOUR, DAY = 3600, 86400


def a_hold(name: str = "A", amount: int = 10, at: int = AT) -> Hold:
    return Hold(name, ReceiptId(f"receipt-{name}"), amount, ("team/a",), at, 1)


def test_a_hold_is_held_against_the_day_of_its_own_time_zone() -> None:
    late = AT + 11 * HOUR  # 23:30 in UTC, half past midnight in Stockholm
    counters, budgets = Counters(), (("team/a", Budget(10, "day")),)
    counters.hold(replace(a_hold("A"), zone="Europe/Stockholm"), budgets)
    counters.hold(replace(a_hold("B", at=late), zone="Europe/Stockholm"), budgets)
    with pytest.raises(BudgetExceeded) as refused:
        counters.hold(replace(a_hold("C", at=late), zone="Europe/Stockholm"), budgets)
    assert refused.value.details["resets_at"] == "2026-11-25T23:00:00Z"
    counters.settle(ReceiptId("receipt-A"), [Charge(AT, ("team/a",), 4, zone="Europe/Stockholm")])
    assert counters.balance("team/a", "day", AT, "Europe/Stockholm") == Counter(4, 0)


def test_threads_that_ask_at_once_never_pass_the_limit() -> None:
    counters, admitted = Counters(), []
    together = threading.Barrier(8)

    def ask(thread: int) -> None:
        together.wait()
        for number in range(200):
            try:
                counters.hold(a_hold(f"{thread}.{number}"), (("team/a", Budget(1_000, "day")),))
            except BudgetExceeded:
                return
            admitted.append(number)

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(admitted) == 100
    assert counters.balance("team/a", "day", AT) == Counter(0, 1_000)


def test_a_refused_hold_leaves_nothing_behind() -> None:
    counters = Counters()
    with pytest.raises(BudgetExceeded):
        counters.hold(a_hold(amount=11), (("team/a", Budget(10, "day")),))
    assert counters.balance("team/a", "day", AT) == Counter(0, 0)
    assert counters.holds(ReceiptId("receipt-A")) == ()


def test_a_hold_is_given_back_once() -> None:
    counters = Counters()
    counters.hold(a_hold(), ())
    counters.release(a_hold())
    counters.release(a_hold())
    assert counters.balance("team/a", "total", AT) == Counter(0, 0)


def test_a_charge_counts_in_the_windows_of_its_hold() -> None:
    counters = Counters()
    counters.settle(ReceiptId("A"), [Charge(AT - HOUR, ("team/a",), 7)])
    assert counters.balance("team/a", "hour", AT).spent == 0
    assert counters.balance("team/a", "hour", AT - HOUR).spent == 7
    assert counters.balance("team/a", "day", AT).spent == 7


def test_a_checkpoint_gives_back_what_was_spent() -> None:
    counters = Counters()
    counters.settle(ReceiptId("A"), [Charge(AT, ("team/a", "key/b"), 7)])
    counters.hold(a_hold(), ())
    again = Counters(counters.checkpoint())
    assert again.balance("team/a", "month", AT) == Counter(7, 0)
    assert again.balance("key/b", "total", AT) == Counter(7, 0)


def test_what_is_charged_late_to_a_forgotten_window_is_counted_from_nothing() -> None:
    counters = Counters()
    for day in range(5):
        counters.settle(ReceiptId("X"), [Charge(AT + day * DAY, ("team/a",), 10)])
    counters.checkpoint()
    assert counters.balance("team/a", "day", AT) == Counter()
    counters.settle(ReceiptId("X"), [Charge(AT, ("team/a",), 7)])
    assert counters.balance("team/a", "day", AT) == Counter(spent=7)
    assert counters.balance("team/a", "total", AT) == Counter(spent=57)


def test_a_correction_brings_no_forgotten_window_back_and_begins_a_new_one() -> None:
    counters = Counters()
    for day in range(5):
        counters.settle(ReceiptId("X"), [Charge(AT + day * DAY, ("team/a",), 10)])
    counters.checkpoint()
    counters.correct([Charge(AT, ("team/a",), 7), Charge(AT + 4 * DAY, ("team/a",), -3), Charge(AT, ("team/b",), 5)])
    days = [counters.balance("team/a", "day", AT + day * DAY).spent for day in range(5)]
    assert days == [0, 0, 10, 10, 7]
    assert counters.balance("team/a", "total", AT) == Counter(spent=54)
    assert counters.balance("team/b", "day", AT) == Counter(spent=5), "it had no counter: nobody had charged it"
    assert counters.checkpoint() == Counters(counters.checkpoint()).checkpoint()


def test_a_checkpoint_forgets_old_windows_but_no_open_hold() -> None:
    counters = Counters()
    counters.hold(a_hold(at=AT - 9 * HOUR), ())
    for hours in reversed(range(10)):
        counters.settle(ReceiptId("A"), [Charge(AT - hours * HOUR, ("team/a",), 1)])
    counters.checkpoint()
    assert [counters.balance("team/a", "hour", AT - h * HOUR).spent for h in range(10)] == [1, 1, 1, *[0] * 6, 1]
    assert counters.balance("team/a", "hour", AT - 9 * HOUR).held == 10
    assert counters.balance("team/a", "day", AT).spent == 10


def test_what_stands_at_one_moment_is_what_was_spent_and_what_is_open() -> None:
    counters = Counters()
    counters.settle(ReceiptId("A"), [Charge(AT, ("team/a",), 7)])
    counters.hold(a_hold(), ())
    spent, holds = counters.standing()
    assert spent == {("team/a", window): 7 for window in windows_around(AT).values()}
    assert holds == [a_hold()]


def test_a_charge_that_ends_no_hold_is_booked_and_may_lower_what_was_spent_to_nothing() -> None:
    counters = Counters()
    counters.settle(ReceiptId("A"), [Charge(AT, ("team/a",), 7)])
    counters.hold(a_hold(), ())
    counters.correct([Charge(AT, ("team/a",), -7)])
    spent, holds = counters.standing()
    assert spent == dict.fromkeys((("team/a", window) for window in windows_around(AT).values()), 0)
    assert holds == [a_hold()]


def test_a_clock_that_ran_ahead_and_came_back_refills_no_window() -> None:
    day, now = 86_400, 1_764_547_200
    counters = Counters()
    counters.settle(ReceiptId("X"), [Charge(now + days * day, ("key/key_1",), 1) for days in (365, 366, 367, 400, 430)])
    counters.settle(ReceiptId("X"), [Charge(now, ("key/key_1",), 100)])
    for _ in range(3):
        counters = Counters(counters.checkpoint())
        assert {w: counters.balance("key/key_1", w, now).spent for w in ("hour", "day", "week", "month")} == {
            "hour": 100,
            "day": 100,
            "week": 100,
            "month": 100,
        }
