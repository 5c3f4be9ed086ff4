"""Memories of a bounded size."""

from __future__ import annotations

from gateway.exchange.bounded import MOST, remember


def test_a_full_memory_forgets_everything_and_goes_on() -> None:
    memory: dict[int, int] = {}
    for number in range(MOST):
        remember(memory, number, number)
    assert len(memory) == MOST
    remember(memory, -1, -1)
    assert memory == {-1: -1}
