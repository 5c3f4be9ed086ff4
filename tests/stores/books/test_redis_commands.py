"""What becomes of an errand: an answer, a refusal, or nobody who waits for it any more."""

from __future__ import annotations

from collections.abc import Callable

import anyio
import pytest

from gateway.core.errors import BudgetExceeded, Unavailable
from gateway.core.organisation import Budget
from gateway.core.receipt import ReceiptId
from gateway.stores.books.counters import Counter
from gateway.stores.books.redis_commands import BalancesCommand, HoldCommand, SettleCommand, unavailable
from gateway.stores.books.redis_member import CounterKeys, CounterMemory, Member
from gateway.stores.books.redis_scripts import SCRIPTS
from gateway.stores.books.windows import WINDOWS
from gateway.stores.holds import Hold
from gateway.stores.redis.connection import CallRefused, RedisConnection, ScriptAnswer
from tests.stores.books_in import run

AT = 1_795_000_000
HOLD = Hold("h", ReceiptId("r"), 10, ("team/a",), AT, 1)


def answer(word: str, *rest: str) -> ScriptAnswer:
    return ScriptAnswer(word, AT, 7, 1, rest)


def ended(word: str, *rest: str, before: Callable[[HoldCommand], None] = lambda _: None) -> tuple[object, list[Hold]]:
    """What a hold that was sent comes to, and what was put into the fold."""
    fold: list[Hold] = []

    async def main() -> object:
        asked = HoldCommand(HOLD, (("team/a", Budget(15, "day")),), fold.append)
        assert asked.leaves()
        before(asked)
        asked.answered(answer(word, *rest))
        with anyio.move_on_after(0.05):
            return await asked.future
        return "nothing"

    return run(main), fold


def test_a_granted_hold_is_in_the_fold_before_anybody_learns_of_it() -> None:
    assert ended("held") == (HOLD, [HOLD])


def test_a_hold_that_is_open_already_is_held_once() -> None:
    assert ended("open") == (None, [])


def test_a_hold_that_was_given_up_is_not_put_into_the_fold() -> None:
    assert ended("held", before=lambda asked: _check(asked.give_up() == "sent")) == ("nothing", [])


def test_a_refusal_names_the_budget_and_what_fills_it() -> None:
    with pytest.raises(BudgetExceeded) as refused:
        ended("full", "1", "12", "5")
    assert refused.value.details["budget"] == {"account": "team/a", "window": "day"}
    assert (refused.value.details["spent"], refused.value.details["held"]) == ("0.000000007", "0.000000005")


@pytest.mark.parametrize("word", ["done", "rebuilding", "anything else"])
def test_every_other_answer_admits_nothing(word: str) -> None:
    with pytest.raises(Unavailable):
        ended(word, "2")


@pytest.mark.parametrize("word", ["time", "generation", "older", "lapsed"])
def test_what_can_be_helped_is_asked_again_a_few_times(word: str) -> None:
    async def main() -> tuple[list[bool], BaseException | None]:
        asked = HoldCommand(HOLD, (), lambda _: None)
        again = [asked.answered(answer(word)) for _ in range(4)]
        await anyio.lowlevel.checkpoint()
        return again, asked.future.exception()

    again, fault = run(main)
    assert again == [True, True, True, False]
    assert isinstance(fault, Unavailable)


def test_a_hold_that_nobody_waits_for_does_not_leave() -> None:
    async def main() -> bool:
        asked = HoldCommand(HOLD, (), lambda _: None)
        assert asked.give_up() == "new"
        return asked.leaves()

    assert run(main) is False


def test_a_hold_is_dated_and_limited_by_the_servers_clock() -> None:
    """And what it may add at most to a budget is computed here, where integers have no end."""
    member = Member(RedisConnection("redis://nowhere", "k", 1), CounterKeys("acme"), CounterMemory("me"))

    async def main() -> tuple[tuple[str | int, ...], int, int]:
        asked = HoldCommand(HOLD, (("team/a", Budget(2**60 + 1, "total")),), lambda _: None)
        before = member.now()
        call = asked.call(member)
        return call.arguments[3:], before, asked.hold.at

    (name, record, begin, until, room), before, at = run(main)
    assert name == "h"
    assert room == str(2**60 - 9)
    assert before <= at <= before + 2
    assert int(begin) == at - at % 900
    assert at < int(until) <= min(int(begin) + 900, at + 10)
    assert str(record).splitlines()[0] == "10"
    assert len(str(record).splitlines()) == 1 + len(WINDOWS)


def test_balances_tell_spent_from_held() -> None:
    async def main() -> list[Counter]:
        asked = BalancesCommand(("a", "b"))
        asked.answered(answer("balances", "12", "5", "0", "0"))
        return await asked.future

    assert run(main) == [Counter(7, 5), Counter(0, 0)]


@pytest.mark.parametrize("why", [answer("rebuilding", "1"), CallRefused("OOM")])
def test_balances_that_cannot_be_told_are_not_guessed(why: ScriptAnswer | CallRefused) -> None:
    async def main() -> list[Counter]:
        asked = BalancesCommand(("a",))
        asked.answered(why)
        return await asked.future

    with pytest.raises(Unavailable):
        run(main)


@pytest.mark.parametrize(
    ("why", "said"),
    [(CallRefused("OOM"), "OOM"), ("timeout", "timeout"), (answer("rebuilding", "3"), "3"), (answer("x"), "x")],
)
def test_a_refusal_says_why(why: ScriptAnswer | CallRefused | str, said: str) -> None:
    refused = unavailable(why)
    assert refused.code == "books_unavailable"
    assert said in refused.message


def test_the_end_of_a_hold_says_what_it_cost() -> None:
    member = Member(RedisConnection("redis://nowhere", "k", 1), CounterKeys("acme"), CounterMemory("me"))
    call = SettleCommand("h", 2**53 + 1).call(member)
    assert (call.script, call.arguments[3:]) == (SCRIPTS["settle"], ("h", 2**53 + 1))


def test_a_loop_that_is_gone_is_nobody_who_waits() -> None:
    asked: list[BalancesCommand] = []

    async def main() -> None:
        asked.append(BalancesCommand(("a",)))

    run(main)
    assert asked[0].answered(answer("balances", "1", "0")) is False


def _check(holds: bool) -> None:
    assert holds
