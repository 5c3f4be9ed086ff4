"""A process among those that share counters: asks for holds as one of many, each against a clock that is wrong.

Arguments: the state directory, the address of Redis, the chain's name, how many exchanges, seconds that its clock is
wrong, what to do: `spend` settles each at its hold, `hold` settles none and waits to be killed. Says how many it held.
"""

from __future__ import annotations

import itertools
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio

from gateway.core.errors import BudgetExceeded, Unavailable
from gateway.core.organisation import Budget
from gateway.stores.books.books import Intent, SqliteBooks
from tests.stores.books_in import an_intent, served, shared_books_in

AMOUNT = 10
SERVED = 500
BUDGETS = tuple((account, Budget(SERVED * AMOUNT, "month")) for account in ("organisation/acme", "team/research"))


async def spend(books: SqliteBooks, chain: str, exchanges: int, wrong_s: int, settles: bool = True) -> int:
    """How many of that many exchanges, begun at once, were admitted; each costs all that was held."""
    admitted = 0
    at = datetime.now(UTC) + timedelta(seconds=wrong_s)

    async def exchange(number: int) -> None:
        nonlocal admitted
        with suppress(BudgetExceeded):
            intent = await held(number)
            admitted += 1
            if settles:
                await books.settle(served(intent, cost=AMOUNT))

    async def held(number: int) -> Intent:
        for attempt in itertools.count():
            intent = an_intent(f"{chain}.{number}.{attempt}", amount=AMOUNT, budgets=BUDGETS, at=at)
            with suppress(Unavailable):  # a machine under load: ask once more, as clients do
                await books.hold(intent)
                return intent
        raise AssertionError

    async with anyio.create_task_group() as tasks:
        for number in range(exchanges):
            tasks.start_soon(exchange, number)
    return admitted


async def main(folder: Path, url: str, chain: str, exchanges: int, wrong_s: int, settles: bool) -> None:
    with shared_books_in(folder, url, chain) as books:
        print("ready", flush=True)
        await anyio.to_thread.run_sync(sys.stdin.readline)
        print(await spend(books, chain, exchanges, wrong_s, settles), flush=True)
        if not settles:
            await anyio.sleep_forever()


if __name__ == "__main__":
    given = sys.argv[1:]
    anyio.run(main, Path(given[0]), given[1], given[2], int(given[3]), int(given[4]), given[5] == "spend")
