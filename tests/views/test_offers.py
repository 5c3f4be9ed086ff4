"""Models as pickers read them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from gateway.core.catalog import Route
from gateway.core.cost import Fx
from gateway.core.posture import Training
from gateway.views.offers import ModelOffer, offer_terms
from tests.builders import (
    NO_PRICE,
    TODAY,
    a_model,
    a_posture,
    a_price,
    a_provider,
    a_route,
    a_snapshot,
    facts_of,
    some_abilities,
)


def terms_of(*routes: Route, **snapshot: Any) -> dict[str, Any]:
    """The terms of the model of these routes under its bare name."""
    return dict(offer_terms(ModelOffer("small", a_model(), routes), a_snapshot(*routes, **snapshot), TODAY))


def test_prices_are_per_token_in_usd_as_decimal_strings() -> None:
    price = a_price(input="0.40", output="1.6", cache_read="0.04", per_request=Decimal("0.001"))
    assert terms_of(a_route(price=price))["pricing"] == {
        "prompt": "0.0000004",
        "completion": "0.0000016",
        "input_cache_read": "0.00000004",
        "request": "0.001",
    }


def test_a_price_in_another_currency_is_converted_and_has_no_usd_price_without_a_rate() -> None:
    route = a_route(price=a_price("EUR", input="1", output="2"))
    fx = Fx("USD", {"EUR": Decimal("1.1")})
    assert terms_of(route, fx=fx)["pricing"]["prompt"] == "0.0000011"
    assert terms_of(route, fx=Fx("USD", {}))["pricing"] is None


def test_the_cheapest_priced_route_states_price_and_limits() -> None:
    dear = a_route("alpha", price=a_price(input="9", output="9"), abilities=some_abilities(context=9))
    cheap = a_route("beta", price=a_price(input="1", output="1"), abilities=some_abilities(context=5, max_output=2))
    unpriced = a_route("gamma", price=NO_PRICE, abilities=some_abilities(context=7))
    terms = terms_of(dear, unpriced, cheap)
    assert terms["pricing"]["prompt"] == "0.000001"
    assert terms["context_length"] == 5
    assert terms["top_provider"] == {"context_length": 5, "max_completion_tokens": 2}
    assert terms_of(unpriced)["pricing"] is None


def test_a_free_route_costs_nothing_and_an_unpriced_one_has_no_price() -> None:
    free = replace(a_price(input="0", output="0"), free=True)
    assert terms_of(a_route(price=free))["pricing"] == {"prompt": "0", "completion": "0", "request": "0"}


def test_abilities_are_named_as_pickers_name_them() -> None:
    able = some_abilities(inputs=frozenset({"pdf", "image", "text"}), structured_output=None)
    terms = terms_of(a_route(abilities=able))
    assert terms["architecture"] == {
        "modality": "text+file+image->text",
        "input_modalities": ["text", "file", "image"],
        "output_modalities": ["text"],
    }
    assert terms["supported_parameters"] == ["tools", "tool_choice", "reasoning"]
    unstated = terms_of(a_route(abilities=some_abilities(inputs=None, outputs=None)))["architecture"]
    assert unstated == {"modality": None, "input_modalities": [], "output_modalities": []}


def test_the_treatment_of_a_bare_name_is_the_worst_of_its_routes() -> None:
    worse = a_posture(training=Training.YES, retention_days=30, processed_in=frozenset({"US"}))
    beta = a_provider("beta", facts=facts_of(worse, read_on=date(2026, 1, 2), verified_on=None))
    terms = terms_of(a_route("alpha"), a_route(beta))["safeconduct"]
    assert terms == {
        "routes": ["alpha/small", "beta/small"],
        "processed_in": ["SE", "US"],
        "retention_days": 30,
        "training": "yes",
        "zero_data_retention": False,
        "oldest_fact": "2026-01-02",
        "retires_on": None,
    }
    kind = terms_of(a_route("alpha"))["safeconduct"]
    assert (kind["zero_data_retention"], kind["oldest_fact"]) == (True, TODAY.isoformat())


def test_a_fact_that_nobody_states_is_unknown_and_leaves_no_date() -> None:
    silent = a_provider("beta", facts={})
    terms = terms_of(a_route("alpha"), a_route(silent))["safeconduct"]
    assert (terms["training"], terms["processed_in"], terms["zero_data_retention"]) == ("unknown", "unknown", False)
    assert terms["oldest_fact"] is None


def test_a_name_retires_with_the_last_of_its_routes() -> None:
    first, last = date(2027, 1, 1), date(2027, 2, 1)
    ending = [a_route("alpha", retires_on=first), a_route("beta", retires_on=last)]
    assert terms_of(*ending)["safeconduct"]["retires_on"] == "2027-02-01"
    assert terms_of(*ending, a_route("gamma"))["safeconduct"]["retires_on"] is None


def test_a_model_without_a_route_for_the_caller_has_no_price_and_no_treatment() -> None:
    offer = ModelOffer("small", a_model(), ())
    terms: dict[str, Any] = dict(offer_terms(offer, a_snapshot(a_route()), TODAY))
    assert (terms["pricing"], terms["context_length"]) == (None, 128_000)
    assert terms["safeconduct"]["routes"] == []
    assert terms["safeconduct"]["zero_data_retention"] is False
    assert terms["safeconduct"]["training"] is None


def test_a_pinned_name_is_told_apart_by_its_provider() -> None:
    assert ModelOffer("alpha/small", a_model(), (a_route(),)).label == "Small (Alpha)"
    assert ModelOffer("small", a_model(), (a_route(),)).label == "Small"
    assert ModelOffer("alpha/small", a_model(), ()).label == "Small"
