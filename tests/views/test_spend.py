from __future__ import annotations

from datetime import date
from typing import Any

from gateway.stores.books.books import UsageRow
from gateway.views.spend import OTHERS, SERIES_MOST, SpendQuestion, group_words, spend_view

CENT = 10_000_000


def a_row(day: int, *group: str, cost: int = CENT, **changed: Any) -> UsageRow:
    values = {"exchanges": 1, "usage": {"input": 10, "output": 2}, "cost": cost, "sent": 1, **changed}
    return UsageRow((f"2026-11-{day}", *group), **values)


def a_question(*by: str) -> SpendQuestion:
    return SpendQuestion(by, "USD", date(2026, 11, 24), date(2026, 11, 26))


def test_groups_are_summed_over_days_the_dearest_first() -> None:
    rows = [a_row(24, "a"), a_row(24, "b", cost=3 * CENT, unreported=CENT), a_row(26, "a")]
    view: dict[str, Any] = dict(spend_view(rows, a_question("team"), {}))
    assert (view["total"], view["unreported"], view["requests"]) == ("0.05", "0.01", 3)
    assert view["data"] == [
        {
            "team": "b",
            "words": "b",
            "cost": "0.03",
            "unreported": "0.01",
            "share": 60,
            "requests": 1,
            "tokens_in": 10,
            "tokens_out": 2,
        },
        {
            "team": "a",
            "words": "a",
            "cost": "0.02",
            "unreported": "0",
            "share": 40,
            "requests": 2,
            "tokens_in": 20,
            "tokens_out": 4,
        },
    ]
    assert view["series"] == ["b", "a"]


def test_a_day_without_receipts_is_a_gap_and_no_zero() -> None:
    view: dict[str, Any] = dict(spend_view([a_row(24, "a"), a_row(26, "a", cost=0)], a_question("team"), {}))
    assert view["days"] == [
        {"day": "2026-11-24", "costs": ["0.01"]},
        {"day": "2026-11-25", "costs": None},
        {"day": "2026-11-26", "costs": ["0"]},
    ]


def test_more_groups_than_series_are_others() -> None:
    rows = [a_row(24, f"t{number}", cost=CENT * (20 - number)) for number in range(SERIES_MOST + 2)]
    view: dict[str, Any] = dict(spend_view(rows, a_question("team"), {}))
    assert view["series"] == [*(f"t{number}" for number in range(SERIES_MOST)), OTHERS]
    assert view["days"][0]["costs"][-1] == "0.27"
    assert len(view["data"]) == SERIES_MOST + 2


def test_a_group_of_several_dimensions_is_one_line_with_labels_of_keys() -> None:
    assert group_words(("research", "key_1"), ("team", "key"), {"key_1": "laptop"}) == "research, laptop"
    assert group_words(("",), ("provider",), {}) == "none"
    assert group_words((), (), {}) == "all"


def test_no_receipt_is_no_cost() -> None:
    view: dict[str, Any] = dict(spend_view([], a_question("team"), {}))
    assert (view["total"], view["data"], view["series"]) == ("0", [], [])
    assert {day["costs"] for day in view["days"]} == {None}
