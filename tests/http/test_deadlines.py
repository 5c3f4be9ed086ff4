"""Waits for a next request, on a clock that the test moves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

import pytest

from gateway.http.deadlines import IdleTimer


class Timer:
    def __init__(self, at: float, call: Callable[[], None]) -> None:
        self.at, self.call = at, call

    def cancel(self) -> None:
        self.at = float("inf")


class Clock:
    """As much of a loop as a wait needs."""

    def __init__(self) -> None:
        self.now = 0.0
        self.timers: list[Timer] = []

    def time(self) -> float:
        return self.now

    def call_later(self, seconds: float, call: Callable[[], None]) -> Timer:
        self.timers.append(Timer(self.now + seconds, call))
        return self.timers[-1]

    def until(self, now: float) -> None:
        while due := [timer for timer in self.timers if timer.at <= now]:
            first = min(due, key=lambda timer: timer.at)
            self.now = first.at
            self.timers.remove(first)
            first.call()
        self.now = now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def rung() -> list[float]:
    return []


@pytest.fixture
def idle(clock: Clock, rung: list[float]) -> IdleTimer:
    return IdleTimer(cast(asyncio.AbstractEventLoop, clock), 10.0, lambda: rung.append(clock.now))


def test_a_wait_ends_when_it_has_taken_its_time(idle: IdleTimer, clock: Clock, rung: list[float]) -> None:
    idle.begin()
    clock.until(100)
    assert rung == [10]


def test_each_wait_has_its_whole_time(idle: IdleTimer, clock: Clock, rung: list[float]) -> None:
    for at in (0, 4, 8):
        clock.until(at)
        idle.begin()
        clock.until(at + 1)
        idle.end()
    clock.until(9)
    idle.begin()
    clock.until(18)
    assert rung == []
    clock.until(19)
    assert rung == [19]


def test_nothing_ends_while_there_is_a_request(idle: IdleTimer, clock: Clock, rung: list[float]) -> None:
    idle.begin()
    clock.until(1)
    idle.end()
    clock.until(50)
    assert rung == []
    idle.begin()
    clock.until(60)
    assert rung == [60]


def test_many_waits_take_one_timer(idle: IdleTimer, clock: Clock) -> None:
    for _ in range(5):
        idle.begin()
        idle.end()
    assert len(clock.timers) == 1


def test_a_connection_that_is_closed_is_not_called(idle: IdleTimer, clock: Clock, rung: list[float]) -> None:
    idle.begin()
    idle.close()
    clock.until(100)
    assert rung == []
