from __future__ import annotations

import pytest

from gateway.dialects.service_tiers import demanded_terms, served_place, served_tier


@pytest.mark.parametrize(
    ("stated", "tier"),
    [
        ((), ""),
        ((None, 7), ""),
        (("a client's own words",), ""),
        (("standard",), "default"),
        (("ON_DEMAND_FLEX",), "flex"),
        (("SERVICE_TIER_UNSPECIFIED", "ON_DEMAND_PRIORITY"), "priority"),
        (("reserved",), "reserved"),
    ],
)
def test_a_tier_is_a_known_word_in_openais_words(stated: tuple[object, ...], tier: str) -> None:
    assert served_tier(*stated) == tier


@pytest.mark.parametrize(
    ("stated", "terms"),
    [
        ((None,), ()),
        (("auto",), ()),
        (("default",), ()),
        (("standard_only",), ()),
        (("on_demand",), ()),
        (("flex",), ("flex",)),
        (("PRIORITY",), ("priority",)),
        (("of the future",), ("unknown",)),
        (("auto", "us"), ("us",)),
        ((None, "global"), ()),
        ((None, "mars"), ("unknown_place",)),
        (("auto", "us", "fast"), ("fast", "us")),
        ((None, None, "standard"), ()),
    ],
)
def test_the_terms_of_a_request_are_known_words(stated: tuple[object, ...], terms: tuple[str, ...]) -> None:
    assert demanded_terms(*stated) == terms


@pytest.mark.parametrize(
    ("stated", "place"), [("us", "us"), ("global", ""), ("not_available", ""), (None, ""), (7, "")]
)
def test_a_place_is_reported_in_known_words(stated: object, place: str) -> None:
    assert served_place(stated) == place
