from __future__ import annotations

from gateway.http.drain import Drain


def test_nothing_drains_by_itself() -> None:
    drain = Drain()
    assert (drain.draining, drain.hurried, drain.abandoned) == (False, False, False)


def test_told_once_it_drains() -> None:
    drain = Drain()
    drain.begin()
    assert (drain.draining, drain.hurried, drain.abandoned) == (True, False, False)


def test_a_person_needs_no_grace() -> None:
    drain = Drain()
    drain.hurry()
    assert (drain.draining, drain.hurried, drain.abandoned) == (True, True, False)


def test_told_twice_it_abandons() -> None:
    drain = Drain()
    drain.begin()
    drain.hurry()
    assert (drain.hurried, drain.abandoned) == (True, True)
