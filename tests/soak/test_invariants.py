from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.soak.clients import BROKEN, LEFT, SERVED
from tests.soak.invariants import UNIT, Evidence, invariants
from tests.soak.provider import Provider, billed

Receipt = dict[str, Any]
PLACE = "alpha/small/base"


def attempt(limit: int, **changed: Any) -> dict[str, Any]:
    served = {"route": PLACE, "outcome": "served", "status": 200, "usage_source": "provider"}
    return {**served, "cost": billed(limit) * UNIT, **changed}


def receipt(limit: int, outcome: str = "served", *attempts: dict[str, Any]) -> Receipt:
    listed = list(attempts or [attempt(limit)])
    cost = sum(each["cost"] for each in listed)
    return {
        "id": f"r{limit}",
        "outcome": outcome,
        "demand": {"output_tokens": limit},
        "attempts": listed,
        "cost": cost,
    }


def held(limit: int) -> dict[str, Any]:
    return attempt(limit, outcome="interrupted", status=0, usage_source="held", cost=limit * UNIT)


def evidence() -> Evidence:
    """One served, one killed at the provider, one killed before, one that never arrived."""
    provider = Provider(random.Random(0))
    provider.calls.update([10, 11])
    receipts = [receipt(10), receipt(11, "interrupted", held(11)), receipt(12, "interrupted", held(12))]
    return Evidence({"alpha": provider}, {10: SERVED, 11: BROKEN, 12: LEFT, 13: BROKEN}, receipts, killed=3)


def called(limit: int) -> Callable[[Evidence], Evidence]:
    def changed(good: Evidence) -> Evidence:
        good.providers["alpha"].calls[limit] += 1
        return good

    return changed


def never_called(good: Evidence) -> Evidence:
    del good.providers["alpha"].calls[10]
    return good


def receipts(change: Callable[[list[Any]], list[Receipt]]) -> Callable[[Evidence], Evidence]:
    return lambda good: replace(good, receipts=change(list(good.receipts)))


def test_what_is_in_order_holds() -> None:
    assert [invariant.name for invariant in invariants(evidence()) if not invariant.holds] == []


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (receipts(lambda all: [*all, all[0]]), "no receipt is there twice"),
        (receipts(lambda all: [*all, receipt(99)]), "each answer has its receipt, each receipt its request"),
        (receipts(lambda all: all[1:]), "each answer has its receipt, each receipt its request"),
        (receipts(lambda all: [receipt(10, "failed"), *all[1:]]), "what clients have whole was served in the books"),
        (receipts(lambda all: [all[0], *all[2:]]), "each call of the providers is an attempt in the books"),
        (called(11), "each call of the providers is an attempt in the books"),
        (called(13), "each call of the providers is an attempt in the books"),
        (never_called, "each attempt is a call, or was stopped before it was sent"),
        (
            receipts(lambda all: [receipt(10, "served", attempt(10), attempt(10)), *all[1:]]),
            "each attempt is a call, or was stopped before it was sent",
        ),
        (
            receipts(lambda all: [receipt(10, "interrupted", held(10)), *all[1:]]),
            "only what was under way at a kill was interrupted",
        ),
        (lambda good: replace(good, killed=1), "only what was under way at a kill was interrupted"),
        (receipts(lambda all: [{**all[0], "cost": 1}, *all[1:]]), "each attempt costs what was billed, or its hold"),
        (
            receipts(lambda all: [receipt(10, "served", attempt(10, cost=1)), *all[1:]]),
            "each attempt costs what was billed, or its hold",
        ),
        (
            receipts(lambda all: [*all[:2], receipt(12, "interrupted", {**held(12), "cost": 0})]),
            "each attempt costs what was billed, or its hold",
        ),
    ],
)
def test_what_is_not_is_found(change: Callable[[Evidence], Evidence], name: str) -> None:
    assert name in {invariant.name for invariant in invariants(change(evidence())) if not invariant.holds}
