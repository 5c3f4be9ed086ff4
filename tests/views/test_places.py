"""Sums over places: certain for one country, a set for several, and nothing spread over countries."""

from __future__ import annotations

from typing import Any

from gateway.stores.books.books import UsageRow
from gateway.views.places import Home, place_sums, place_words, places_view

EU = frozenset({"DE", "SE", "FI", "FR"})
HOME = Home("EU", EU, {"EU": EU, "US": frozenset({"US"})})


def a_row(
    countries: str, outcome: str = "served", provider: str = "alpha", day: str = "2026-11-24", **changed: Any
) -> UsageRow:
    sums = {"exchanges": 1, "usage": {"input": 10, "output": 2}, "cost": 0, "sent": 1, **changed}
    return UsageRow((day, countries, outcome, provider), **sums)


ROWS = (
    a_row("SE", exchanges=8, sent=9),
    a_row("US", exchanges=0, sent=2, provider="beta"),
    a_row("DE+FR", provider="gamma"),
    a_row("DE+FI+FR+SE"),
    a_row("SE+US"),
    a_row("unknown", "failed"),
    a_row("", "refused", "", sent=0, usage={}),
)


def view(*rows: UsageRow, measure: str = "requests") -> dict[str, Any]:
    return dict(places_view(rows, HOME, measure))


def test_attempts_that_failed_after_the_prompt_left_are_counted_and_told_apart() -> None:
    sums = {"+".join(sorted(place.countries)): place for place in place_sums(ROWS)}
    assert {name: (place.requests, place.failed) for name, place in sums.items()} == {
        "SE": (9, 1),
        "US": (2, 2),
        "DE+FR": (1, 0),
        "DE+FI+FR+SE": (1, 0),
        "SE+US": (1, 0),
        "": (1, 1),
    }


def test_a_client_that_left_is_no_failure_of_the_provider() -> None:
    assert [place.failed for place in place_sums([a_row("SE", "client_left")])] == [0]


def test_the_lede_answers_the_question_with_numbers() -> None:
    assert view(*ROWS)["lede"] == (
        "15 requests left; 2 of them left the EU, 1 may have left it, 1 went to a place that nobody states. "
        "Attempts that failed after the prompt had left are counted."
    )
    assert view(a_row("SE"))["lede"].startswith("1 request left; none of them certainly left the EU.")
    assert view(ROWS[-1])["lede"] == "Nothing has left this gateway in this time."


def test_only_one_country_is_a_place_on_the_map() -> None:
    shown = view(*ROWS)
    tiles = {tile["code"]: tile for sheet in shown["map"] for tile in sheet["tiles"]}
    assert {code: tile["count"] for code, tile in tiles.items() if tile["count"]} == {"SE": 9, "US": 2}
    assert {code for code, tile in tiles.items() if tile["perhaps"]} == {"DE", "FI", "FR", "SE", "US"}
    assert [(tiles[code]["level"], tiles[code]["home"]) for code in ("SE", "US", "DE")] == [
        (4, True),
        (3, False),
        (0, True),
    ]
    assert {line["value"] for line in shown["beside"]} == {"DE+FR", "DE+FI+FR+SE", "SE+US", "unknown"}


def test_a_country_without_a_tile_stands_beside_the_map() -> None:
    assert [line["words"] for line in view(a_row("AD"))["beside"]] == ["Andorra"]


def test_the_table_says_each_place_in_words_with_its_side() -> None:
    lines = {line["value"]: line for line in view(*ROWS)["places"]}
    assert {name: (line["words"], line["side"], line["certain"]) for name, line in lines.items()} == {
        "SE": ("Sweden", "inside", True),
        "US": ("United States", "outside", True),
        "DE+FR": ("Germany or France", "inside", False),
        "DE+FI+FR+SE": ("Somewhere in the EU", "inside", False),
        "SE+US": ("Sweden or United States", "partly", False),
        "unknown": ("Not stated", "not_stated", False),
    }
    assert lines["SE"]["share"] == 60
    assert lines["US"]["providers"] == ["beta"]
    assert place_words(frozenset("ABCD"), HOME) == "Somewhere in 4 countries"


def test_days_add_up_by_side_and_by_the_measure() -> None:
    rows = (
        a_row("SE"),
        a_row("SE", "failed", "beta", exchanges=0, usage={}),
        a_row("US", sent=2, usage={"input": 1}),
        a_row("unknown", day="2026-11-25", sent=0, usage={}),
    )
    shown = view(*rows)["days"]
    assert shown == [{"day": "2026-11-24", "inside": 2, "partly": 0, "outside": 2, "not_stated": 0}]
    tokens = view(*rows, measure="tokens")["days"]
    assert (tokens[0]["inside"], tokens[0]["outside"]) == (12, 1)
