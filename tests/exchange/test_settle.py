# ruff: noqa: PT012  # what is cut has to be waiting inside
"""An exchange is settled once, whatever comes meanwhile."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gateway.exchange.deadlines import DeadlineScope
from gateway.exchange.progress import Progress
from gateway.exchange.rate_permit import RatePermit
from gateway.exchange.settle import LAST_WORD_S, Settlement
from gateway.telemetry.events import ExchangeEnded
from tests.exchange.desk import Desk, a_desk
from tests.exchange.test_lifecycle import GOOD
from tests.exchange.test_stages import decided
from tests.scripted import Provider


class Case:
    """An exchange that has been decided upon, and its settlement."""

    def __init__(self, desk: Desk) -> None:
        stage = decided()
        begun = stage.accepted.identified
        desk.history.add(begun.in_force)
        self.scope = DeadlineScope()
        self.progress = Progress(desk.services.clock, begun)
        self.progress.reach(stage)
        permit = RatePermit(desk.services, begun.principal, begun.id, self.scope)
        self.settlement = Settlement(desk.services, self.scope, permit, self.progress)


async def test_only_the_first_settlement_is_written_down(tmp_path: Path) -> None:
    async with Provider(GOOD) as alpha, a_desk(tmp_path, alpha) as desk:
        case = Case(desk)
        first = await case.settlement.settle("refused", "over_limit")
        assert case.settlement.settled
        await case.settlement.settle("served", "")
        assert [receipt["outcome"] for receipt in desk.receipts()] == ["refused"]
        assert [e for e in desk.heard.events if isinstance(e, ExchangeEnded)] == [ExchangeEnded.of(first)]


async def test_a_client_that_leaves_meanwhile_is_told_behind_the_receipt(tmp_path: Path) -> None:
    async with Provider(GOOD) as alpha, a_desk(tmp_path, alpha) as desk:
        case = Case(desk)
        with pytest.raises(asyncio.CancelledError), case.scope.within(60):
            asyncio.get_running_loop().call_soon(case.scope.leave)
            await case.settlement.settle("served", "")
        assert case.scope.departed()
        assert [receipt["outcome"] for receipt in desk.receipts()] == ["served"]


async def test_the_end_of_the_process_cuts_an_exchange_off_that_is_not_settled(tmp_path: Path) -> None:
    async with Provider(GOOD) as alpha, a_desk(tmp_path, alpha) as desk:
        case = Case(desk)
        case.settlement.expire()  # nothing runs yet
        with case.scope.within(60) as case.settlement.total:
            asyncio.get_running_loop().call_soon(case.settlement.expire)
            await asyncio.get_running_loop().create_future()
        assert case.settlement.total.passed


async def test_a_settled_exchange_has_its_last_word_at_the_end_of_the_process(tmp_path: Path) -> None:
    async with Provider(GOOD) as alpha, a_desk(tmp_path, alpha) as desk:
        case = Case(desk)
        with case.scope.within(60) as case.settlement.total:
            await case.settlement.settle("served", "")
            case.settlement.expire()
            assert case.settlement.total.at <= case.scope.now() + LAST_WORD_S
            await asyncio.sleep(0)
        assert not case.settlement.total.passed


async def test_a_served_reply_outlives_the_total_deadline_by_its_last_word(tmp_path: Path) -> None:
    async with Provider(GOOD) as alpha, a_desk(tmp_path, alpha) as desk:
        case = Case(desk)
        with case.scope.within(0.5) as case.settlement.total:
            await case.settlement.settle("served", "")
            assert case.settlement.total.at > case.scope.now() + 0.5
