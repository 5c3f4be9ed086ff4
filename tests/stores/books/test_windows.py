from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.stores.books.windows import WINDOWS, resets_at, span_of, windows_around


@pytest.mark.parametrize(
    ("moment", "zone", "names"),
    [
        ("2026-11-24T12:30:00", "UTC", ("2026-11-24T12", "2026-11-24", "2026-W48", "2026-11", "total")),
        ("2026-12-31T23:00:00", "UTC", ("2026-12-31T23", "2026-12-31", "2026-W53", "2026-12", "total")),
        ("2026-12-31T23:00:00", "Europe/Stockholm", ("2026-12-31T23", "2027-01-01", "2026-W53", "2027-01", "total")),
        ("2026-11-22T18:29:59", "Asia/Kolkata", ("2026-11-22T18", "2026-11-22", "2026-W47", "2026-11", "total")),
        ("2026-11-22T18:30:00", "Asia/Kolkata", ("2026-11-22T18", "2026-11-23", "2026-W48", "2026-11", "total")),
        ("2026-11-24T12:30:00", "Pacific/Kiritimati", ("2026-11-24T12", "2026-11-25", "2026-W48", "2026-11", "total")),
    ],
)  # fmt: skip
def test_days_are_named_as_in_their_time_zone_and_hours_as_in_utc(
    moment: str, zone: str, names: tuple[str, ...]
) -> None:
    at = int(datetime.fromisoformat(f"{moment}+00:00").timestamp())
    assert windows_around(at, zone) == dict(zip(WINDOWS, names, strict=True))


@pytest.mark.parametrize(
    ("window", "moment", "reset"),
    [
        ("hour", "2026-11-24T12:30:00+00:00", "2026-11-24T13:00:00Z"),
        ("hour", "2026-12-31T23:59:59+00:00", "2027-01-01T00:00:00Z"),
        ("day", "2026-11-24T12:30:00+00:00", "2026-11-25T00:00:00Z"),
        ("day", "2028-02-28T00:00:00+00:00", "2028-02-29T00:00:00Z"),
        ("month", "2026-11-24T12:30:00+00:00", "2026-12-01T00:00:00Z"),
        ("month", "2026-12-24T12:30:00+00:00", "2027-01-01T00:00:00Z"),
        ("week", "2026-11-24T12:30:00+00:00", "2026-11-30T00:00:00Z"),
        ("week", "2026-11-29T23:59:59+00:00", "2026-11-30T00:00:00Z"),
        ("week", "2026-11-30T00:00:00+00:00", "2026-12-07T00:00:00Z"),
        ("total", "2026-11-24T12:30:00+00:00", None),
    ],
)
def test_a_window_ends_where_the_next_begins(window: str, moment: str, reset: str | None) -> None:
    at = int(datetime.fromisoformat(moment).timestamp())
    assert resets_at(window, at) == reset
    if reset is not None:
        end = int(datetime.fromisoformat(reset).timestamp())
        assert windows_around(end - 1)[window] == windows_around(at)[window] != windows_around(end)[window]


ZONES = ("UTC", "Europe/Stockholm", "America/Havana", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia")


@given(at=st.integers(1_577_836_800, 2_208_988_800), zone=st.sampled_from(ZONES), window=st.sampled_from(WINDOWS[:-1]))
def test_a_window_ends_where_the_next_begins_in_every_time_zone(at: int, zone: str, window: str) -> None:
    reset = resets_at(window, at, zone)
    assert reset is not None
    end = int(datetime.fromisoformat(reset).timestamp())
    assert at < end
    own = windows_around(at, zone)[window]
    assert windows_around(end - 1, zone)[window] == own != windows_around(end, zone)[window]


@pytest.mark.parametrize(
    ("window", "begin", "end"),
    [
        ("hour", "2026-10-25T00:00:00+00:00", "2026-10-25T01:00:00+00:00"),
        ("day", "2026-10-24T22:00:00+00:00", "2026-10-25T23:00:00+00:00"),
        ("week", "2026-10-18T22:00:00+00:00", "2026-10-25T23:00:00+00:00"),
        ("month", "2026-09-30T22:00:00+00:00", "2026-10-31T23:00:00+00:00"),
    ],
)
def test_a_window_begins_and_ends_at_midnight_of_its_zone(window: str, begin: str, end: str) -> None:
    """Summer time ended that day."""
    at = int(datetime(2026, 10, 25, 0, 30, tzinfo=UTC).timestamp())
    span = span_of(window, at, "Europe/Berlin")
    assert span is not None
    assert [moment.isoformat() for moment in span] == [begin, end]


def test_all_time_has_no_span() -> None:
    assert span_of("total", 0) is None
