"""The windows of budgets: what each is called at a moment, and when it ends.

A day, a week and a month begin at midnight of a stated time zone, an hour with that of UTC.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from gateway.core.organisation import BUDGET_WINDOWS

WINDOWS: Final = BUDGET_WINDOWS
QUARTER_S: Final = 900
"""Every time zone of today is whole quarters of an hour away from UTC."""


def windows_around(at: int, zone: str = "UTC") -> dict[str, str]:
    """Window -> its name at that moment: `2026-11-23T14`, `2026-11-23`, `2026-W48`, `2026-11`, `total`."""
    return _windows(at // QUARTER_S, zone)


@lru_cache(maxsize=256)
def _windows(quarter: int, zone: str) -> dict[str, str]:
    now = datetime.fromtimestamp(quarter * QUARTER_S, UTC)
    here = now.astimezone(ZoneInfo(zone))
    return {
        "hour": now.strftime("%Y-%m-%dT%H"),
        "day": here.strftime("%Y-%m-%d"),
        "week": here.strftime("%G-W%V"),
        "month": here.strftime("%Y-%m"),
        "total": "total",
    }


def resets_at(window: str, at: int, zone: str = "UTC") -> str | None:
    """When the window ends, RFC 3339; None for `total`."""
    span = span_of(window, at, zone)
    return None if span is None else span[1].strftime("%Y-%m-%dT%H:%M:%SZ")


def span_of(window: str, at: int, zone: str = "UTC") -> tuple[datetime, datetime] | None:
    """Begin and end of the window around that moment, in UTC; None for `total`."""
    if window == "total":
        return None
    if window == "hour":
        hour = at // 3600 * 3600
        return datetime.fromtimestamp(hour, UTC), datetime.fromtimestamp(hour + 3600, UTC)
    here = ZoneInfo(zone)
    today = datetime.fromtimestamp(at, here).date()
    first = {"day": today, "week": today - timedelta(days=today.weekday()), "month": today.replace(day=1)}[window]
    begin, end = (datetime.combine(day, time(), here).astimezone(UTC) for day in (first, _following(window, today)))
    return begin, end


def _following(window: str, day: date) -> date:
    """The first day after the window of that day."""
    if window == "month":
        return (day.replace(day=1) + timedelta(days=31)).replace(day=1)
    return day + timedelta(days=7 - day.weekday() if window == "week" else 1)
