from __future__ import annotations

from datetime import date

import pytest

from gateway.core.selection import Selection
from gateway.reports.time_spans import with_days

TODAY = date(2026, 11, 30)


@pytest.mark.parametrize(
    ("since", "until", "days"),
    [
        (None, None, (date(2026, 11, 1), TODAY)),
        (date(2026, 11, 20), None, (date(2026, 11, 20), TODAY)),
        (None, date(2026, 10, 30), (date(2026, 10, 1), date(2026, 10, 30))),
        (date(2026, 12, 5), None, (date(2026, 12, 5), date(2026, 12, 5))),
        (date(2026, 1, 1), date(2026, 1, 1), (date(2026, 1, 1), date(2026, 1, 1))),
    ],
)
def test_a_report_covers_thirty_days_unless_it_is_asked_for_others(
    since: date | None, until: date | None, days: tuple[date, date]
) -> None:
    within = with_days(Selection(since, until, {"team": "x"}), TODAY)
    assert (within.since, within.until, within.where) == (*days, {"team": "x"})
