from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from gateway.core.limits import PERIODS, Rate, Standing, tightest
from tests.builders import NOW

rates = st.builds(
    Rate,
    counts=st.sampled_from(["requests", "tokens"]),
    amount=st.integers(1, 50) | st.integers(1, 10**9),
    per=st.sampled_from(sorted(PERIODS)),
    burst=st.integers(1, 50) | st.integers(1, 10**9),
)
moments = st.integers(0, 10**15)
pauses = st.integers(0, 10**8) | st.integers(0, 10**11)
steps = st.lists(st.tuples(pauses, st.integers(1, 60)), max_size=40)
A_MINUTE = Rate("requests", 60, "minute", 60)


def flowed(rate: Rate, microseconds: int) -> Fraction:
    """How many flow back in that time."""
    return Fraction(microseconds * rate.amount, PERIODS[rate.per] * 1_000_000)


def admitted(rate: Rate, began: int, asked: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """(when, how many) of what was admitted; `asked`: after which pause, and how many."""
    found, horizon, now = [], 0, began
    for pause, asks in asked:
        now, units = now + pause, rate.share(asks)
        if not rate.wait_us(horizon, now, units):
            horizon = rate.taken(horizon, now, units)
            found.append((now, units))
    return found


@given(rates, moments, steps)
def test_no_span_of_time_admits_more_than_the_burst_and_what_flows_back_in_it(
    rate: Rate, began: int, asked: list[tuple[int, int]]
) -> None:
    found = admitted(rate, began, asked)
    for first, (since, _) in enumerate(found):
        for last in range(first, len(found)):
            total = sum(units for _, units in found[first : last + 1])
            assert total <= rate.burst + flowed(rate, found[last][0] - since)


@given(rates, moments, st.integers(1, 30))
def test_who_asks_at_the_pace_of_the_rate_is_never_refused(rate: Rate, began: int, times: int) -> None:
    pace = -(-PERIODS[rate.per] * 1_000_000 // rate.amount)
    assert len(admitted(rate, began, [(pace, 1)] * times)) == times


@given(rates, moments, steps, pauses)
def test_what_is_said_to_remain_is_what_is_admitted(
    rate: Rate, began: int, asked: list[tuple[int, int]], pause: int
) -> None:
    horizon, now = 0, began
    for paused, units in asked:  # used without asking, as a settlement does
        now += paused
        horizon = rate.taken(horizon, now, units)
    now += pause
    remaining = rate.remaining(horizon, now)
    assert 0 <= remaining <= rate.burst
    assert rate.wait_us(horizon, now, remaining) == 0
    assert rate.wait_us(horizon, now, remaining + 1) > 0
    assert rate.remaining(rate.taken(horizon, now, remaining), now) == 0


@given(rates, moments, steps)
def test_the_wait_is_exact(rate: Rate, began: int, asked: list[tuple[int, int]]) -> None:
    horizon, now = 0, began
    for pause, asks in asked:
        now, units = now + pause, rate.share(asks)
        if wait := rate.wait_us(horizon, now, units):
            assert rate.wait_us(horizon, now + wait, units) == 0
            assert rate.wait_us(horizon, now + wait - 1, units) > 0
        horizon = rate.taken(horizon, now, units)


@given(rates, moments, steps)
def test_after_the_reset_all_of_it_is_there_and_not_before(
    rate: Rate, began: int, asked: list[tuple[int, int]]
) -> None:
    horizon, now = 0, began
    for pause, units in asked:
        now += pause
        horizon = rate.taken(horizon, now, units)
        reset = rate.reset_us(horizon, now)
        assert rate.remaining(horizon, now + reset) == rate.burst
        assert reset == 0 or rate.remaining(horizon, now + reset - 1) < rate.burst


@given(rates, moments, st.lists(st.tuples(pauses, st.integers(1, 60), st.integers(0, 120), st.booleans()), max_size=30))
def test_what_was_really_used_stays_within_the_burst_and_what_flowed_back_since_the_beginning(
    rate: Rate, began: int, asked: list[tuple[int, int, int, bool]]
) -> None:
    """Each takes a share, and most give back later what they did not use, or take what they used besides."""
    horizon, now, net = 0, began, 0
    open_: list[tuple[int, int, int]] = []
    for pause, asks, used, settles in asked:
        now += pause
        if settles and open_:
            share, own, really = open_.pop(0)
            if really > share:
                horizon = rate.taken(horizon, now, really - share)
            else:
                horizon = rate.given_back(horizon, now, share - really, own)
            net += really - share
        share = rate.share(asks)
        if not rate.wait_us(horizon, now, share):
            horizon = rate.taken(horizon, now, share)
            net += share
            open_.append((share, horizon, used))
            assert net <= rate.burst + flowed(rate, now - began)


def test_what_is_given_back_is_there_at_once() -> None:
    horizon = A_MINUTE.taken(0, 0, 60)
    assert A_MINUTE.remaining(horizon, 0) == 0
    assert A_MINUTE.remaining(A_MINUTE.given_back(horizon, 0, 40, horizon), 0) == 40


def test_what_has_flowed_back_by_itself_is_not_given_back_again() -> None:
    """Else a reservation that is settled a minute late would double what the next minute has."""
    minute = 60_000_000
    own = A_MINUTE.taken(0, 0, 60)
    horizon = A_MINUTE.taken(own, minute, 60)
    assert A_MINUTE.remaining(A_MINUTE.given_back(horizon, minute, 60, own), minute) == 0
    half = A_MINUTE.given_back(own, minute // 2, 60, own)
    assert A_MINUTE.remaining(half, minute // 2) == 60


def test_a_debt_is_paid_before_anything_is_admitted_again() -> None:
    horizon = A_MINUTE.taken(0, 0, 90)
    assert A_MINUTE.remaining(horizon, 0) == 0
    assert A_MINUTE.wait_us(horizon, 0, 1) == 31_000_000


def test_nothing_is_always_admitted() -> None:
    assert A_MINUTE.wait_us(A_MINUTE.taken(0, 0, 90), 0, 0) == 0


def test_what_no_burst_could_admit_asks_for_the_whole_burst() -> None:
    assert (A_MINUTE.share(61), A_MINUTE.share(60), A_MINUTE.share(1)) == (60, 60, 1)


def test_the_tightest_is_shown_of_each_that_is_counted() -> None:
    def at(counts: str, remaining: int, reset_us: int = 0) -> Standing:
        assert counts in ("requests", "tokens")
        return Standing("requests" if counts == "requests" else "tokens", 100, remaining, reset_us, NOW)

    few, more, late = at("requests", 3, 5), at("requests", 9, 9), at("requests", 3, 7)
    refusing, tokens = at("requests", 50), at("tokens", 4)
    assert tightest([(0, more), (0, few), (0, tokens)]) == (few, tokens)
    assert tightest([(0, few), (0, late)]) == (late,)
    assert tightest([(0, few), (1, refusing)]) == (refusing,)
    assert tightest([]) == ()


def test_a_standing_says_when_it_resets() -> None:
    assert Standing("tokens", 10, 3, 1_500_000, NOW).resets_at == NOW + timedelta(seconds=1.5)
