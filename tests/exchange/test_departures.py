"""Clients that leave a stream of a model that reasons unseen: the books hold what the provider may bill."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import pytest

from gateway.core.errors import Ended
from gateway.core.organisation import Budget
from gateway.core.receipt import ReceiptId
from tests.builders import NOW, a_price
from tests.exchange.desk import BODY, WORDS, Client, Desk, a_desk
from tests.scripted import Connection, Provider, chunk, stream_head

LIMIT = 1_000_000_000
"""1.00 in nano-units."""
LEAVING = 100
PRICE = a_price(input="0", output="1000")
REASONED = 50
"""Tokens that each attempt is billed for, as many as its limit allows, though the client sees one word."""
BILLED = REASONED * 1_000_000
"""Nano-units of one attempt."""


class BillingProvider:
    """Sends one word and no usage, and keeps its own bill: every request is billed to its limit."""

    def __init__(self) -> None:
        self.bill = 0

    async def play(self, connection: Connection) -> None:
        while True:
            limit = json.loads((await connection.request()).body)["max_tokens"]
            self.bill += limit * 1_000_000
            await connection.send(stream_head(), chunk(WORDS))


class Leaver(Client):
    """Leaves at the first word."""

    async def refuse(self, ended: Ended, receipt: ReceiptId | None, headers: Any) -> None:
        await super().refuse(ended, receipt, headers)
        self.received.set()


async def leave(desk: Desk, code: list[str | None]) -> None:
    client, exchange = Leaver(), desk.exchange()
    async with anyio.create_task_group() as group:
        group.start_soon(exchange.run, json.dumps({**BODY, "stream": True, "max_tokens": REASONED}).encode(), client)
        await client.received.wait()
        exchange.leave()
    code.append(client.error.code if client.error is not None else None)


@pytest.mark.parametrize("at_once", [1, LEAVING])
async def test_departures_never_cost_more_than_a_hard_budget(tmp_path: Path, at_once: int) -> None:
    provider, codes = BillingProvider(), list[str | None]()
    async with (
        Provider(provider.play) as alpha,
        a_desk(tmp_path, alpha, price=PRICE, budgets=(Budget(LIMIT, "month"),)) as desk,
    ):
        for _ in range(LEAVING // at_once):
            async with anyio.create_task_group() as group:
                for _ in range(at_once):
                    group.start_soon(partial(leave, desk, codes))
        balances = await desk.services.books.balances(("key/key_1",), NOW)
        spent = {balance.window: balance.spent for balance in balances}["month"]
        receipts = desk.receipts()
    assert codes.count(None) == LIMIT // BILLED == 20
    assert codes.count("budget_exceeded") == LEAVING - 20
    assert provider.bill == spent == LIMIT
    sent = [attempt for receipt in receipts for attempt in receipt["attempts"]]
    assert {(attempt["cost"], attempt["usage_source"], attempt["over_hold"]) for attempt in sent} == {
        (BILLED, "held", False)
    }
