from __future__ import annotations

from gateway.http.drain import Drain


def test_nothing_drains_by_itself() -> None:
    drain = Drain()
    assert (drain.draining, drain.hurried, drain.abandoned) == (False, False, False)


def test_told_once_it_drains() -> None:
    drain = Drain()
    drain.begin()
    assert (drain.draining, drain.hurried, drain.abandoned) == (True, False, False)
    assert not drain.closed, "the server closes after the grace"


def test_without_a_grace_it_closes_at_once() -> None:
    drain = Drain(grace_s=0)
    drain.begin()
    assert drain.closed


def test_a_person_needs_no_grace() -> None:
    drain = Drain()
    drain.hurry()
    assert (drain.draining, drain.hurried, drain.abandoned, drain.closed) == (True, True, False, True)


def test_told_twice_it_abandons() -> None:
    drain = Drain()
    drain.begin()
    drain.hurry()
    assert (drain.hurried, drain.abandoned) == (True, True)
