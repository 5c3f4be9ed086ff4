"""Before each attempt: money and a durable intent, or nothing at all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gateway.core.errors import BudgetExceeded, IdempotencyConflict
from gateway.core.organisation import Budget
from gateway.exchange.admit import Tries, admit
from gateway.exchange.deadlines import DeadlineScope
from gateway.exchange.progress import Progress
from gateway.exchange.rate_permit import RatePermit
from gateway.exchange.stages import Decided
from tests.exchange.desk import Desk, a_desk
from tests.exchange.test_lifecycle import GOOD
from tests.exchange.test_stages import decided, identified
from tests.scripted import Provider


async def admitted(desk: Desk, decision: Decided, progress: Progress) -> Tries:
    begun = decision.accepted.identified
    permit = RatePermit(desk.services, begun.principal, begun.id, DeadlineScope())
    return await admit(decision, desk.services, permit, progress)


def progress_of(desk: Desk, decision: Decided) -> Progress:
    progress = Progress(desk.services.clock, decision.accepted.identified)
    progress.reach(decision)
    return progress


async def test_each_attempt_has_a_hold_of_its_own(tmp_path: Path) -> None:
    async with Provider(GOOD) as alpha, a_desk(tmp_path, alpha) as desk:
        decision = decided(max_tokens=50)
        progress = progress_of(desk, decision)
        tries = await admitted(desk, decision, progress)
        assert await desk.held() == 0
        first = await tries.pay(decision.plan[0])
        second = await tries.pay(decision.plan[0])
        assert (first.hold_id, second.hold_id) == ("01JD.1", "01JD.2")
        assert progress.attempts == [first, second]
        assert first.hold == second.hold > 0
        assert await desk.held() >= first.hold + second.hold
        assert alpha.requests == [], "money first"


async def test_an_attempt_that_no_budget_pays_for_was_never_made(tmp_path: Path) -> None:
    async with Provider(GOOD) as alpha, a_desk(tmp_path, alpha, budgets=(Budget(1, "month"),)) as desk:
        stage = identified(desk.in_force.snapshot, desk.in_force.means)
        principal = desk.in_force.plans.principal(desk.key)
        assert principal is not None
        decision = decided(replace(stage, principal=principal), max_tokens=50)
        progress = progress_of(desk, decision)
        tries = await admitted(desk, decision, progress)
        with pytest.raises(BudgetExceeded):
            await tries.pay(decision.plan[0])
        assert progress.attempts == []
        assert await desk.held() == 0


async def test_a_second_exchange_of_one_idempotency_key_is_not_admitted(tmp_path: Path) -> None:
    async with Provider(GOOD) as alpha, a_desk(tmp_path, alpha) as desk:
        decision = decided(identified(idempotency_key="MARKER"))
        await admitted(desk, decision, progress_of(desk, decision))
        with pytest.raises(IdempotencyConflict) as conflict:
            await admitted(desk, decision, progress_of(desk, decision))
        assert conflict.value.details["receipt"] == "01JD"
