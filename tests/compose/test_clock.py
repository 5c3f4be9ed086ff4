from __future__ import annotations

from datetime import date

from gateway.compose.clock import SystemClock


def test_the_clock_is_in_utc_and_its_ids_sort_by_time() -> None:
    clock = SystemClock()
    assert clock.now().utcoffset() is not None
    assert clock.today() in (clock.now().date(), date.today())
    ids = [clock.ulid() for _ in range(3)]
    assert len(set(ids)) == 3
    assert {len(i) for i in ids} == {26}
    assert ids[0][:8] <= ids[2][:8]
