"""A process that holds, settles some of it, says what it knows, and waits to be killed.

Arguments: the state directory, the chain's name, how many exchanges to begin.
"""

from __future__ import annotations

import sys
from pathlib import Path

import anyio

from gateway.stores.books.books import SqliteBooks
from gateway.stores.journal.journal import Journal
from tests.stores.books_in import an_intent, served


async def main(folder: Path, chain: str, exchanges: int) -> None:
    books = SqliteBooks(Journal.open(folder, "process"), chain)

    async def exchange(number: int) -> None:
        name = f"{chain}-{number}"
        await books.hold(an_intent(name, amount=100))
        print("held", name, flush=True)
        if number % 2:
            await books.settle(served(an_intent(name, amount=100), cost=40))
            print("settled", name, flush=True)

    async with anyio.create_task_group() as tasks:
        for number in range(exchanges):
            tasks.start_soon(exchange, number)
    print("done", flush=True)
    await anyio.sleep_forever()


if __name__ == "__main__":
    anyio.run(main, Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
