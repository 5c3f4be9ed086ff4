"""What every implementation of `RateLimits` does, whatever keeps it. Limits are per day: no test's own time matters."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from typing import Final

import pytest

from gateway.core.errors import RateLimited
from gateway.core.limits import Concurrent, Limit, Rate, Standing
from gateway.core.receipt import ReceiptId
from gateway.stores.rates.rates import RateDemand, RateLimits, RatesPermit

_IDS = itertools.count(1)
REQUESTS: Final = Rate("requests", 10, "day", 10)
TOKENS: Final = Rate("tokens", 1_000, "day", 1_000)
TEAM, KEY = "team/research", "key/key_1"


def wanted(*limits: Limit, account: str = TEAM, tokens: int = 0) -> RateDemand:
    return RateDemand(ReceiptId(f"01JDRATE{next(_IDS):018d}"), tuple((account, limit) for limit in limits), tokens)


async def admitted(rates: RateLimits, *wants: RateDemand) -> list[RatesPermit]:
    """The permits of those that were admitted, all asked at once."""
    found = await asyncio.gather(*(rates.admit(want) for want in wants), return_exceptions=True)
    assert all(isinstance(each, RatesPermit | RateLimited) for each in found)
    return [each for each in found if isinstance(each, RatesPermit)]


async def refused(rates: RateLimits, want: RateDemand) -> RateLimited:
    with pytest.raises(RateLimited) as refusal:
        await rates.admit(want)
    return refusal.value


def only(standings: tuple[Standing, ...]) -> Standing:
    (standing,) = standings
    return standing


async def a_burst_is_admitted_and_not_one_more(rates: RateLimits) -> None:
    permits = await admitted(rates, *(wanted(REQUESTS) for _ in range(50)))
    assert sorted(only(p.standings).remaining for p in permits) == list(range(10))
    await refused(rates, wanted(REQUESTS))


async def accounts_do_not_share(rates: RateLimits) -> None:
    assert len(await admitted(rates, *(wanted(REQUESTS, account=f"key/{n % 3}") for n in range(99)))) == 30


async def a_refusal_takes_nothing_from_the_limits_that_had_room(rates: RateLimits) -> None:
    few = Rate("requests", 2, "day", 2)
    both = RateDemand(ReceiptId("01JDBOTH"), ((TEAM, REQUESTS), (TEAM, Concurrent(9)), (KEY, few)), 0)
    assert len(await admitted(rates, *[both] * 40)) == 2
    (permit,) = await admitted(rates, wanted(REQUESTS))
    assert only(permit.standings).remaining == 7


async def a_refusal_says_which_limit_and_where_all_stand(rates: RateLimits) -> None:
    limits = ((TEAM, REQUESTS), (KEY, TOKENS))
    await admitted(rates, RateDemand(ReceiptId("01JDFIRST"), limits, 1_000))
    refusal = await refused(rates, RateDemand(ReceiptId("01JDSECOND"), limits, 500))
    assert refusal.details["limit"] == {
        "account": KEY,
        "counts": "tokens",
        "amount": 1_000,
        "per": "day",
        "burst": 1_000,
    }
    assert refusal.retry_after_s is not None
    assert 43_000 < refusal.retry_after_s <= 43_200, "half a day"
    assert {(s.counts, s.limit, s.remaining) for s in refusal.standings} == {("requests", 10, 9), ("tokens", 1_000, 0)}
    assert "01JD" not in refusal.message


async def tokens_that_were_not_used_are_given_back(rates: RateLimits) -> None:
    (permit,) = await admitted(rates, wanted(TOKENS, tokens=900))
    await refused(rates, wanted(TOKENS, tokens=200))
    await rates.settle(permit, 100)
    assert only(permit.standings).remaining in (899, 900)
    assert len(await admitted(rates, wanted(TOKENS, tokens=899))) == 1


async def tokens_that_were_used_besides_are_a_debt(rates: RateLimits) -> None:
    (permit,) = await admitted(rates, wanted(TOKENS, tokens=100))
    await rates.settle(permit, 3_000)
    assert only(permit.standings).remaining == 0
    refusal = await refused(rates, wanted(TOKENS, tokens=1))
    assert refusal.retry_after_s is not None
    assert refusal.retry_after_s > 2 * 86_400 - 60, "what was used beyond has to flow back first"


async def what_is_settled_twice_counts_once(rates: RateLimits) -> None:
    (permit,) = await admitted(rates, wanted(TOKENS, Concurrent(2), tokens=500))
    for _ in range(3):
        await rates.settle(permit, 100)
    (again,) = await admitted(rates, wanted(TOKENS, Concurrent(2), tokens=0))
    assert only(again.standings).remaining in (899, 900)
    assert len(await admitted(rates, *(wanted(Concurrent(2)) for _ in range(9)))) == 1


async def more_than_the_burst_is_admitted_when_all_of_it_is_there(rates: RateLimits) -> None:
    (permit,) = await admitted(rates, wanted(TOKENS, tokens=70_000))
    await refused(rates, wanted(TOKENS, tokens=1))
    await rates.settle(permit, 600)
    assert only(permit.standings).remaining in (399, 400)


async def whoever_wants_no_tokens_needs_none(rates: RateLimits) -> None:
    assert len(await admitted(rates, wanted(TOKENS, tokens=1_000), wanted(TOKENS), wanted(TOKENS))) == 3


async def so_many_are_under_way_and_not_one_more_until_one_ends(rates: RateLimits) -> None:
    permits = await admitted(rates, *(wanted(Concurrent(3)) for _ in range(20)))
    assert len(permits) == 3
    refusal = await refused(rates, wanted(Concurrent(3)))
    assert refusal.details["limit"] == {"account": TEAM, "amount": 3, "counts": "concurrent"}
    assert (refusal.retry_after_s, refusal.standings) == (1.0, ())
    await rates.settle(permits[0], 0)
    assert len(await admitted(rates, *(wanted(Concurrent(3)) for _ in range(20)))) == 1


CONTRACT: Final[tuple[Callable[[RateLimits], Awaitable[None]], ...]] = (
    a_burst_is_admitted_and_not_one_more,
    accounts_do_not_share,
    a_refusal_takes_nothing_from_the_limits_that_had_room,
    a_refusal_says_which_limit_and_where_all_stand,
    tokens_that_were_not_used_are_given_back,
    tokens_that_were_used_besides_are_a_debt,
    what_is_settled_twice_counts_once,
    more_than_the_burst_is_admitted_when_all_of_it_is_there,
    whoever_wants_no_tokens_needs_none,
    so_many_are_under_way_and_not_one_more_until_one_ends,
)
