"""What one try is held at before, and what the receipt keeps of it afterwards."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from gateway.core.catalog import Billing, Feature
from gateway.core.cost import Rates, Tier
from gateway.core.decision import EligibleRoute
from gateway.core.demand import Demand
from gateway.core.receipt import EXACT
from gateway.dialects import openai_chat
from gateway.dialects.openai.stream import ChatTally
from gateway.dialects.relay import Passed, Stream, Whole, passed_whole
from gateway.dialects.reported_cost import COST_FIGURE
from gateway.dialects.sse import AsIs
from gateway.exchange.attempt import Attempt
from gateway.exchange.decision_cache import Treated
from tests.builders import NO_PRICE, a_demand, a_model, a_price, a_provider, a_route, some_abilities
from tests.exchange.desk import COMPLETION, DONE, STOP, USAGE, WORDS

ONE = Decimal(1)
DEMAND = a_demand(input_tokens=1_000, output_tokens=500)

TREATED = Treated({"training": "no"}, "7" * 64, "2026-11-24", "SE")


def an_attempt(**route: Any) -> Attempt:
    return Attempt(EligibleRoute(a_route(**route), "openai_chat"), "01JDHOLD0000000000000000A1", began_ms=7)


def a_whole(**changed: object) -> Whole:
    return passed_whole(openai_chat, json.dumps({**COMPLETION, **changed}).encode(), DEMAND.input_tokens)


def a_stream(*pieces: bytes) -> Stream:
    stream = Stream(Passed(ChatTally(1, usage_asked=False), AsIs()), DEMAND.input_tokens)
    for piece in pieces:
        stream.feed(piece)
    return stream


def test_a_record_keeps_the_service_tier_that_the_provider_reports() -> None:
    whole, streamed = an_attempt(), an_attempt()
    whole.observed, whole.whole = {"region": "eu-1"}, a_whole(service_tier="priority")
    chunk = json.dumps({"choices": [], "usage": {"prompt_tokens": 9}, "service_tier": "flex"}).encode()
    streamed.stream = a_stream(WORDS, b"data: " + chunk + b"\n\n", STOP, DONE)
    assert whole.record(ONE, TREATED).observed == {"region": "eu-1", "tier": "priority"}
    assert streamed.record(ONE, TREATED).observed == {"tier": "flex"}
    assert an_attempt().record(ONE, TREATED).observed == {}


def test_the_hold_is_the_worst_case_at_the_ledgers_rate() -> None:
    attempt = an_attempt(price=a_price("EUR", input="3", output="6"))
    attempt.price_hold(DEMAND, Decimal("1.1"), 8192)
    assert attempt.hold == (1_000 * 3 + 500 * 6) * 1_000 * 11 // 10


def test_the_hold_of_what_may_be_kept_in_a_cache_for_an_hour_counts_input_twice() -> None:
    attempt = an_attempt(price=a_price(input="3", output="6"))
    attempt.price_hold(a_demand(input_tokens=1_000, output_tokens=500, features={Feature.EXPLICIT_CACHE}), ONE, 8192)
    assert attempt.hold == (1_000 * 6 + 500 * 6) * 1_000


def test_the_hold_counts_every_choice_and_the_dearest_reachable_tier() -> None:
    one, many = an_attempt(), an_attempt()
    one.price_hold(DEMAND, ONE, 8192)
    many.price_hold(a_demand(input_tokens=1_000, output_tokens=500, choices=3), ONE, 8192)
    assert many.hold - one.hold == 2 * 500 * 2 * 1_000
    tiers = (Tier(above=999, rates=Rates(output=Decimal(20))),)
    tiered = an_attempt(price=a_price(tiers=tiers))
    tiered.price_hold(DEMAND, ONE, 8192)
    assert tiered.hold == one.hold + 500 * 18 * 1_000


def test_without_a_stated_limit_the_hold_uses_the_default_within_what_the_route_can_do() -> None:
    unlimited = a_demand(input_tokens=0, output_tokens=None)
    small = an_attempt(model=a_model(abilities=some_abilities(max_output=100)))
    small.price_hold(unlimited, ONE, 8192)
    assert small.hold == 100 * 2 * 1_000
    large = an_attempt()
    large.price_hold(unlimited, ONE, 8192)
    assert large.hold == 8192 * 2 * 1_000


@pytest.mark.parametrize("rate", [ONE, None])
def test_what_has_no_price_in_the_ledgers_currency_is_held_at_nothing(rate: Decimal | None) -> None:
    attempt = an_attempt(price=NO_PRICE if rate else a_price("XYZ"))
    attempt.price_hold(DEMAND, rate, 8192)
    assert attempt.hold == 0
    attempt.whole = a_whole()
    assert attempt.record(rate, TREATED).cost == 0


@pytest.mark.parametrize(
    ("reported", "rate", "currency", "suspect"),
    [
        (15_000, ONE, "USD", ""),
        (17_000, ONE, "USD", "cost_differs"),
        (0, ONE, "USD", "cost_differs"),
        (15_000, Decimal(2), "USD", ""),
        (17_000, Decimal(2), "EUR", ""),
    ],
)
def test_a_cost_that_the_provider_reports_is_compared_with_ours(
    reported: int, rate: Decimal, currency: str, suspect: str
) -> None:
    """9 tokens in at 1 and 3 out at 2 per million are 15,000 nano-units."""
    attempt, whole = an_attempt(price=a_price(currency)), a_whole()
    attempt.whole = replace(whole, metered=replace(whole.metered, reported={COST_FIGURE: reported}))
    record = attempt.record(rate, TREATED)
    assert (record.suspect, record.cost) == (suspect, int(15_000 * rate))


def test_a_tier_without_a_known_price_is_marked_in_the_record() -> None:
    attempt, whole = an_attempt(), a_whole()
    attempt.whole = replace(whole, metered=replace(whole.metered, tier="priority"))
    record = attempt.record(ONE, TREATED)
    assert record.price == f"{attempt.route.price.reference} assumed: priority"
    assert record.cost == 15_000 * 5 // 2


def test_reported_usage_is_charged_and_the_providers_figures_are_kept() -> None:
    attempt = an_attempt()
    attempt.price_hold(DEMAND, ONE, 8192)
    attempt.whole, attempt.outcome, attempt.status, attempt.maybe_billed = a_whole(), "served", 200, True
    record = attempt.record(ONE, TREATED)
    assert (record.usage_source, record.usage) == ("provider", {"input": 9, "output": 3})
    assert record.cost == (9 * 1 + 3 * 2) * 1_000
    assert record.reported == {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}
    assert (record.route, record.hold_id, record.status, record.began_ms) == (
        "alpha/small",
        "01JDHOLD0000000000000000A1",
        200,
        7,
    )
    assert record.price == "price list 2026-11-24 USD"
    assert not record.over_hold


def test_settlements_are_rounded_half_even_and_converted() -> None:
    attempt = an_attempt(price=a_price("EUR", input="0.0005", output="0"))
    attempt.whole = a_whole(usage={"prompt_tokens": 5, "completion_tokens": 0})
    assert attempt.record(ONE, TREATED).cost == 2, "2.5 nano-units"
    assert attempt.record(Decimal("1.08"), TREATED).cost == 3, "2.7 nano-units"


def held_attempt(demand: Demand = DEMAND, **route: Any) -> Attempt:
    attempt = an_attempt(**route)
    attempt.price_hold(demand, ONE, 8192)
    attempt.maybe_billed = True
    return attempt


def test_a_reply_without_usage_costs_the_most_it_can_have_cost() -> None:
    attempt = held_attempt()
    attempt.whole = a_whole(usage=None)
    record = attempt.record(ONE, TREATED)
    assert (record.usage_source, record.usage, record.reported) == ("held", {}, {})
    assert record.cost == attempt.hold == (1_000 + 500 * 2) * 1_000


def test_a_reply_without_usage_is_estimated_from_sizes_where_it_costs_nothing() -> None:
    free = held_attempt(price=a_price(input="0", output="0", free=True))
    free.whole = a_whole(usage=None)
    record = free.record(ONE, TREATED)
    assert (record.cost, record.usage_source, record.usage) == (0, "estimated", {"input": 334, "output": 2})


def test_a_stream_is_metered_from_its_last_report_once_it_has_ended() -> None:
    attempt = held_attempt()
    attempt.stream = a_stream(WORDS, STOP, USAGE, DONE)
    assert attempt.record(ONE, TREATED).usage == {"input": 9, "output": 3}
    attempt.stream = a_stream(WORDS)
    broken_off = attempt.record(ONE, TREATED)
    assert (broken_off.usage_source, broken_off.usage, broken_off.cost) == ("held", {}, attempt.hold)


def test_the_bound_starts_at_running_counts() -> None:
    """The rest of the output limit may have been generated unseen."""
    attempt = held_attempt()
    attempt.stream = a_stream(WORDS, USAGE)
    record = attempt.record(ONE, TREATED)
    assert (record.usage_source, record.usage) == ("held", {"input": 9, "output": 3})
    assert record.cost == (9 + 500 * 2) * 1_000


def test_the_input_reported_is_no_bound_where_the_provider_adds_input_of_its_own() -> None:
    searching = a_demand(
        input_tokens=1_000, output_tokens=500, features={Feature.WEB_SEARCH}, tools=(("server_tool_calls", 10),)
    )
    attempt = held_attempt(searching)
    attempt.stream = a_stream(WORDS, USAGE)
    assert attempt.record(ONE, TREATED).cost == attempt.hold


def test_a_stream_is_heard_before_its_content() -> None:
    attempt = held_attempt()
    attempt.heard = a_stream(USAGE)
    assert attempt.record(ONE, TREATED).cost == (9 + 500 * 2) * 1_000


@pytest.mark.parametrize("bills", [True, None, False])
@pytest.mark.parametrize("streaming", [True, False])
def test_a_provider_that_stops_bills_what_it_can_have_generated_by_then(bills: bool | None, streaming: bool) -> None:
    stops = replace(a_provider(), billing=Billing(bills, source="its page"))
    attempt = held_attempt(replace(DEMAND, streaming=streaming), provider=stops)
    attempt.fastest_tokens_per_s, attempt.ended_ms = 50.0, 2_007
    stopped = bills is False and streaming
    assert attempt.record(ONE, TREATED).cost == ((1_000 + 200 * 2) * 1_000 if stopped else attempt.hold)
    if streaming:
        attempt.stream = a_stream(WORDS, USAGE)
        assert attempt.record(ONE, TREATED).cost == (9 + (200 if stopped else 500) * 2) * 1_000
    attempt.ended_ms = 60_000
    assert attempt.record(ONE, TREATED).cost <= attempt.hold


def test_without_a_known_rate_a_stop_changes_nothing() -> None:
    attempt = held_attempt(replace(DEMAND, streaming=True), provider=replace(a_provider(), billing=Billing(False)))
    attempt.ended_ms = 100
    assert attempt.record(ONE, TREATED).cost == attempt.hold


def test_what_may_be_billed_and_was_not_reported_stays_at_its_hold() -> None:
    attempt = an_attempt()
    attempt.price_hold(DEMAND, ONE, 8192)
    attempt.maybe_billed, attempt.outcome = True, "timeout"
    record = attempt.record(ONE, TREATED)
    assert (record.cost, record.usage_source, record.usage) == (attempt.hold, "held", {})
    assert not record.over_hold


def test_a_stream_whose_content_never_began_says_nothing_about_usage() -> None:
    attempt = an_attempt()
    attempt.price_hold(DEMAND, ONE, 8192)
    attempt.stream, attempt.maybe_billed = a_stream(b": waiting\n\n"), True
    assert attempt.metered() is None
    assert attempt.record(ONE, TREATED).usage_source == "held"


def test_what_cannot_have_been_billed_costs_nothing() -> None:
    attempt = an_attempt()
    attempt.price_hold(DEMAND, ONE, 8192)
    attempt.outcome = "failed"
    record = attempt.record(ONE, TREATED)
    assert (record.cost, record.usage_source, record.hold) == (0, "", attempt.hold)


def test_a_bill_above_the_hold_is_charged_in_full_and_marked() -> None:
    attempt = an_attempt()
    attempt.price_hold(a_demand(input_tokens=1, output_tokens=1), ONE, 8192)
    attempt.whole = a_whole()
    record = attempt.record(ONE, TREATED)
    assert record.cost == 15_000 > record.hold
    assert record.over_hold
    attempt.hold = record.cost
    assert not attempt.record(ONE, TREATED).over_hold, "exactly what was held is within it"


def test_a_count_that_cannot_be_true_is_named_and_costs_the_worst_case() -> None:
    attempt = held_attempt()
    attempt.whole = a_whole(usage={"prompt_tokens": -5, "completion_tokens": 3})
    record = attempt.record(ONE, TREATED)
    assert record.suspect == "out_of_range"
    assert record.reported["prompt_tokens"] == -5
    assert (record.usage, record.usage_source, record.cost) == ({}, "held", attempt.hold)


def test_an_attempt_under_way_has_no_end_and_no_first_event() -> None:
    record = an_attempt().record(ONE, TREATED)
    assert (record.outcome, record.first_event_ms, record.ended_ms) == ("left", -1, -1)


@pytest.mark.parametrize(
    ("price", "said"),
    [
        (a_price(), "price list 2026-11-24 USD"),
        (a_price("EUR", source="", read_on=None), "catalogue EUR"),
        (NO_PRICE, "unpriced"),
    ],
)
def test_the_price_is_named_by_source_day_and_currency(price: object, said: str) -> None:
    assert an_attempt(price=price).record(ONE, TREATED).price == said


def test_a_record_says_in_which_dialect_the_route_was_asked() -> None:
    eligible = EligibleRoute(a_route(), "anthropic_messages")
    assert Attempt(eligible, "hold", 0).record(ONE, TREATED).dialect == "anthropic_messages"


def test_what_was_lost_is_what_the_request_and_the_reply_lost() -> None:
    attempt = an_attempt()
    assert attempt.lost() == ()
    attempt.dropped = ("seed",)
    assert attempt.lost() == ("seed",)
    attempt.stream = a_stream(WORDS)
    assert attempt.lost() == ("seed",), "nothing is lost of a stream that is passed on"
    attempt.whole = Whole(b"", attempt.stream.metered, ("citations",))
    assert attempt.lost() == ("seed", "citations")


def test_speed_is_what_was_generated_since_the_first_event_or_since_asking() -> None:
    streamed, whole, quick = an_attempt(), an_attempt(), an_attempt()
    streamed.stream = a_stream(WORDS, STOP, USAGE)
    streamed.first_event_ms, streamed.ended_ms = 507, 1_007
    assert streamed.tokens_per_s() == 6.0
    whole.whole, whole.first_event_ms, whole.ended_ms = a_whole(), 1_007, 1_007
    assert whole.tokens_per_s() == 3.0
    quick.whole, quick.ended_ms = a_whole(), 7
    assert quick.tokens_per_s() is None
    assert an_attempt().tokens_per_s() is None


def test_where_and_how_content_is_treated_stands_in_every_attempt() -> None:
    attempt = an_attempt()
    assert not attempt.record(ONE, TREATED).left
    attempt.left, attempt.fault, attempt.upstream_code = True, "reset", "content_filter"
    record = attempt.record(ONE, TREATED)
    assert (record.left, record.region, record.posture_digest, record.evidence_from) == (
        *(True, "SE", "7" * 64),
        "2026-11-24",
    )
    assert (record.fault, record.upstream_code, record.observed) == ("reset", "content_filter", {})


def test_counts_that_not_every_reader_reads_exactly_are_cut_and_marked() -> None:
    attempt = an_attempt()
    whole = a_whole()
    usage = replace(whole.metered.usage, input=2**70)
    attempt.whole = replace(whole, metered=replace(whole.metered, usage=usage, reported={"prompt_tokens": 2**70}))
    record = attempt.record(ONE, TREATED)
    assert (record.usage["input"], record.reported, record.cost) == (EXACT, {"prompt_tokens": EXACT}, EXACT)
    assert record.suspect == "beyond_exact_numbers"
