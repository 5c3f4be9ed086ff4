"""Long counts, for `make proof`: what the tests show for a few, shown for many."""

from __future__ import annotations

import asyncio
import json
import random
from pathlib import Path

import pytest

from gateway.core.receipt import from_json
from gateway.stores.ledger.ledger import SqliteLedger
from tests.exchange.desk import BODY, DONE, STOP, USAGE, WORDS, Client, a_desk
from tests.scripted import Provider, streams
from tests.stores.books.test_recovery import killed
from tests.stores.books_in import balance, books_in

DEATHS = 500
DEPARTURES = 20_000


@pytest.mark.proof
def test_five_hundred_deaths_leave_every_exchange_one_receipt(tmp_path: Path) -> None:
    moments = random.Random(7)
    held: set[str] = set()
    for number in range(DEATHS):
        said = killed(tmp_path, f"dead-{number}", exchanges=20, lines=moments.randrange(1, 31))
        held |= {name for word, *rest in said if word == "held" for name in rest}
    with books_in(tmp_path, chain="alive") as books:
        ledger = SqliteLedger(tmp_path / "journal.sqlite")
        ids = [from_json(r).id for r in ledger.newest(DEATHS * 40)]
        assert len(ids) == len(set(ids))
        assert held <= set(ids)
        assert balance(books).held == 0
        assert [s for s in ledger.verify_chains() if s.broken] == []


@pytest.mark.proof
async def test_twenty_thousand_clients_that_leave_leak_nothing(tmp_path: Path) -> None:
    body = json.dumps({**BODY, "stream": True}).encode()
    async with Provider(streams(WORDS, STOP, USAGE, DONE)) as alpha, a_desk(tmp_path, alpha) as desk:
        for number in range(DEPARTURES):
            exchange = desk.exchange()
            async with asyncio.TaskGroup() as group:
                group.create_task(exchange.run(body, Client()))
                for _ in range(number % 90):
                    await asyncio.sleep(0)
                exchange.leave()
        for _ in range(100):
            assert (await desk.ask({"stream": True})).complete
        assert await desk.held() == 0
        assert desk.heard.faults == []
