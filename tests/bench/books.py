"""What the books cost: CPU and latency of a hold and its settle, counted in this process and in a Redis beside it.

`python -m tests.bench.books`. One exchange after another for the latency, two hundred at a time for the CPU; CPU is
user and system time of this process, without Redis's own. Commits are `process`, so that no disk is measured.
"""

from __future__ import annotations

import resource
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from pathlib import Path
from typing import Final

import anyio

from gateway.core.organisation import Budget
from gateway.stores.books.books import SqliteBooks
from tests.stores.books_in import ACCOUNTS, an_intent, books_in, served, shared_books_in
from tests.stores.servers import SERVERS, a_server

_EXCHANGES: Final = 2_000
_AT_ONCE: Final = 200
_BUDGETS: Final = tuple((account, Budget(10**15, window)) for account in ACCOUNTS for window in ("day", "month"))
"""Six budgets: two windows for organisation, team and key."""


async def exchange(books: SqliteBooks, name: str) -> float:
    """Milliseconds of a hold and its settle."""
    intent = an_intent(name, budgets=_BUDGETS)
    receipt = served(intent)
    began = time.perf_counter()
    await books.hold(intent)
    await books.settle(receipt)
    return (time.perf_counter() - began) * 1000


async def one_by_one(books: SqliteBooks) -> list[float]:
    return sorted([await exchange(books, f"one.{number}") for number in range(_EXCHANGES)])


async def together(books: SqliteBooks) -> None:
    for begin in range(0, _EXCHANGES, _AT_ONCE):
        async with anyio.create_task_group() as tasks:
            for number in range(begin, begin + _AT_ONCE):
                tasks.start_soon(exchange, books, f"many.{number}")


def cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def measured(name: str, opened: Callable[[Path], AbstractContextManager[SqliteBooks]]) -> None:
    with tempfile.TemporaryDirectory() as folder, opened(Path(folder)) as books:
        took = anyio.run(one_by_one, books)
        before, began = cpu_s(), time.perf_counter()
        anyio.run(together, books)
        cpu, wall = (cpu_s() - before) / _EXCHANGES * 1e6, time.perf_counter() - began
    half, most = took[_EXCHANGES // 2], took[_EXCHANGES * 99 // 100]
    print(f"books {name:9} hold + settle {half:.2f} ms (p99 {most:.2f}), CPU {cpu:.0f} µs, {_EXCHANGES / wall:.0f}/s")


def main() -> None:
    measured("embedded", books_in)
    with ExitStack() as stack:
        for name in SERVERS:
            server = stack.enter_context(a_server(name=name))
            measured(name, partial(shared_books_in, url=server.url))


if __name__ == "__main__":
    main()
