from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from pathlib import Path

import pytest

from tests.soak.clients import BROKEN, LEFT, SERVED
from tests.soak.invariants import Invariant
from tests.soak.measures import Used, growth
from tests.soak.soak import FAULTS, Soak
from tests.stores.servers import a_server

WARM = Used(60_000, 40)


def test_a_short_soak_holds_and_says_so(tmp_path: Path) -> None:
    with a_server("--appendonly", "yes") as server:
        report = asyncio.run(Soak(tmp_path, server, random.Random(3), range(30, 60)).run(0))
    text = "\n".join(report.lines())
    assert [invariant for invariant in report.invariants if not invariant.holds] == [], text
    assert text.endswith("\nEverything holds.")
    assert dict(report.faults) == {fault.__name__: 2 for fault in FAULTS}
    answers = set(report.evidence.answers.values())
    assert {SERVED, BROKEN, LEFT, "refused with 402", "refused with 503"} <= answers
    assert {r["dialect"] for r in report.evidence.receipts} == {
        "openai_chat",
        "openai_responses",
        "anthropic_messages",
        "google_generate",
    }
    worse = replace(report, invariants=[*report.invariants, Invariant("a law", False, "two of three")])
    assert list(worse.lines())[-2:] == ["  NOT OK   a law: two of three", "NOT everything holds."]


@pytest.mark.parametrize(
    ("late", "holds"),
    [
        (Used(70_000, 50), [True, True]),
        (Used(100_000, 40), [False, True]),
        (Used(60_000, 70), [True, False]),
    ],
)
def test_what_grows_without_end_is_told(late: Used, holds: list[bool]) -> None:
    assert [invariant.holds for invariant in growth(WARM, late)] == holds
