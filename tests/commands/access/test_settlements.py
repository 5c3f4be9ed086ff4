"""Days of a provider's account, and the words of a settlement."""

from __future__ import annotations

from datetime import date

import pytest

from gateway.commands.access.settlements import DaySpan, SettledCosts
from gateway.core.drift import Place

SPAN = DaySpan(date(2026, 11, 24), date(2026, 11, 25), frozenset({"alpha"}))


@pytest.mark.parametrize(
    ("place", "included"),
    [
        (Place(date(2026, 11, 24), "alpha", "alpha/small"), True),
        (Place(date(2026, 11, 25), "alpha"), True),
        (Place(date(2026, 11, 23), "alpha"), False),
        (Place(date(2026, 11, 26), "alpha"), False),
        (Place(date(2026, 11, 24), "beta"), False),
    ],
)
def test_an_account_has_lines_of_its_days_and_providers_alone(place: Place, included: bool) -> None:
    assert SPAN.includes(place) is included


def test_a_settlement_says_whether_it_was_tried_or_done() -> None:
    assert (
        SettledCosts(3, 2, -650, "USD", dry=True)
        .sentence()
        .endswith("2 exchanges would be settled, by -0.00000065 USD.")
    )
    assert SettledCosts(3, 2, -650, "USD", dry=False).as_json() == {
        "settled": {"attempts": 3, "corrected": 2, "difference": "-0.00000065", "waiting": 0, "dry_run": False}
    }
