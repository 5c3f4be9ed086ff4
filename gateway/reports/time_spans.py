"""The days of a report that states none."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from gateway.core.selection import Selection

_DAYS: Final = 30


def with_days(within: Selection, today: date) -> Selection:
    """The selection with both days: today for no end, and thirty days up to the end for no beginning."""
    until = within.until or max(today, within.since or today)
    return replace(within, until=until, since=within.since or until - timedelta(days=_DAYS - 1))
