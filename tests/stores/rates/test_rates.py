"""Rate limits of one process: the contract, and what only a clock of the test's own can show."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.errors import RateLimited
from gateway.core.limits import Concurrent, Limit, Rate
from gateway.core.receipt import ReceiptId
from gateway.stores.rates.rates import SWEEP_AT, LocalRates, RateDemand, RateLimits, RatesPermit
from tests.builders import NOW
from tests.exchange.desk import StillClock
from tests.stores.rates_contract import CONTRACT, TEAM, only, refused, wanted


class Hands(StillClock):
    """A clock that the test moves."""

    def __init__(self) -> None:
        super().__init__()
        self.us = 1_000_000

    def now(self) -> datetime:
        return NOW + timedelta(microseconds=self.us)

    def monotonic(self) -> float:
        return self.us / 1_000_000


@pytest.mark.parametrize("law", CONTRACT, ids=lambda law: str(law.__name__))
def test_rates_of_one_process(law: Callable[[RateLimits], Awaitable[None]]) -> None:
    asyncio.run(law(LocalRates(Hands())))  # type: ignore[arg-type]  # a law is a coroutine


amounts = st.integers(1, 200)
waits = st.integers(0, 3_000_000)


@given(
    st.lists(st.tuples(waits, st.integers(0, 60), st.integers(0, 90), st.booleans()), max_size=30),
    st.tuples(amounts, amounts, amounts, amounts, st.integers(1, 4)),
)
async def test_nobody_gets_more_than_any_of_its_limits_lets_through(
    steps: list[tuple[int, int, int, bool]], declared: tuple[int, int, int, int, int]
) -> None:
    """Requests and tokens since the beginning, and what is under way at once, whatever happens in which order."""
    requests = Rate("requests", declared[0], "minute", declared[1])
    tokens = Rate("tokens", declared[2], "second", declared[3])
    limits: tuple[tuple[str, Limit], ...] = ((TEAM, requests), ("key/1", tokens), (TEAM, Concurrent(declared[4])))

    hands = Hands()
    rates, began = LocalRates(hands), hands.us
    served = used = 0
    under_way: list[tuple[RatesPermit, int]] = []
    for pause, asks, really, settles in steps:
        hands.us += pause
        if settles and under_way:
            permit, reserved = under_way.pop(0)
            await rates.settle(permit, really)
            used += really - reserved
        want = RateDemand(ReceiptId("01JD"), limits, asks)
        try:
            under_way.append((await rates.admit(want), want.share(tokens)))
        except RateLimited:
            continue
        served, used = served + 1, used + want.share(tokens)
        since = Fraction(hands.us - began, 1_000_000)
        assert served <= requests.burst + since * requests.amount / 60
        assert not want.share(tokens) or used <= tokens.burst + since * tokens.amount
        assert len(under_way) <= declared[4]


@given(st.lists(st.tuples(waits, st.integers(1, 60)), min_size=1, max_size=20), amounts, amounts)
async def test_who_waits_as_long_as_the_refusal_says_is_admitted_and_not_before(
    steps: list[tuple[int, int]], amount: int, burst: int
) -> None:
    rate = Rate("tokens", amount, "minute", burst)

    hands = Hands()
    rates = LocalRates(hands)
    for pause, asks in steps:
        hands.us += pause
        with suppress(RateLimited):
            await rates.admit(wanted(rate, tokens=asks))
            continue
        wait_s = (await refused(rates, wanted(rate, tokens=asks))).retry_after_s
        assert wait_s is not None
        hands.us += round(wait_s * 1_000_000) - 1_001
        await refused(rates, wanted(rate, tokens=asks))
        hands.us += 1_001
        await rates.admit(wanted(rate, tokens=asks))


@given(st.lists(st.tuples(waits, st.integers(1, 60)), min_size=1, max_size=20), amounts, amounts)
async def test_what_a_permit_says_remains_is_what_is_admitted_next(
    steps: list[tuple[int, int]], amount: int, burst: int
) -> None:
    rate = Rate("tokens", amount, "minute", burst)

    hands = Hands()
    rates = LocalRates(hands)
    for pause, asks in steps:
        hands.us += pause
        try:
            standing = only((await rates.admit(wanted(rate, tokens=asks))).standings)
        except RateLimited as refusal:
            standing = only(refusal.standings)
        if standing.remaining < burst:
            await refused(rates, wanted(rate, tokens=standing.remaining + 1))
        assert standing.at == hands.now()
        now_empty = only((await rates.admit(wanted(rate, tokens=standing.remaining))).standings)
        assert now_empty.remaining == 0
        if pause % 2:
            hands.us += now_empty.reset_us
            assert only((await rates.admit(wanted(rate))).standings).remaining == burst, "what the reset said"


async def test_a_limit_that_is_changed_begins_anew() -> None:
    rates = LocalRates(Hands())
    await rates.admit(wanted(Rate("requests", 1, "day", 1)))
    await rates.admit(wanted(Rate("requests", 2, "day", 2)))
    await refused(rates, wanted(Rate("requests", 1, "day", 1)))


async def test_what_is_untouched_by_now_is_forgotten() -> None:
    """Memory does not grow with every key that ever called."""
    rate, slow = Rate("requests", 1, "second", 1), Rate("requests", 1, "day", 1)

    hands = Hands()
    rates = LocalRates(hands)
    await rates.admit(wanted(slow))
    for number in range(3 * SWEEP_AT):
        hands.us += 1_000
        await rates.admit(wanted(rate, account=f"key/{number}"))
    assert len(rates._horizons) < 2 * SWEEP_AT
    await refused(rates, wanted(slow))
