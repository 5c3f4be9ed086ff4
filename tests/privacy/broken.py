"""The gateway with one part broken on purpose: run as the command line is, with what the part does in FAULTS.

The broken part is the way out. It has the prompt in its hands, and does with it what a library, a careless line of our
own or a tracer might do: raise with it, drop it in a task, log it, print it, write it down.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
import sys
import tempfile
import threading
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from gateway.__main__ import main
from gateway.compose import documents, services
from gateway.compose.providers import Access, in_force
from gateway.core.receipt import Receipt
from gateway.core.snapshot import Snapshot
from gateway.exchange.services import InForce
from gateway.settings import Settings
from gateway.stores.books.books import SqliteBooks
from gateway.upstream.calls import ProviderCall, ProviderReply
from gateway.upstream.client import ProviderClient
from gateway.upstream.tokens.renewals import Renewals

KEPT: list[object] = []
"""What must live until the process ends."""
AT_SETTLING: list[str] = []


def raises(words: str) -> None:
    fault = ValueError(words)
    fault.add_note(words)
    raise fault from KeyError(words)


def raises_within(words: str) -> None:
    try:
        dict[str, str]()[words]
    except KeyError:
        json.loads("{" + words)  # its error keeps the document


def raises_many(words: str) -> None:
    raise ExceptionGroup(words, [ValueError(words), ExceptionGroup(words, [OSError(words, words)])])


def raises_unicode(words: str) -> None:
    (words + "\udcff").encode()


def asserts(words: str) -> None:
    assert not words, words


def drops_a_task(words: str) -> None:
    async def task() -> None:
        raise ValueError(words)

    asyncio.get_running_loop().create_task(task(), name=words)


def leaves_a_task_pending(words: str) -> None:
    async def task() -> None:
        await asyncio.get_running_loop().create_future()

    asyncio.get_running_loop().create_task(task(), name=words)


def raises_in_a_callback(words: str) -> None:
    asyncio.get_running_loop().call_soon(raises, words)


def tells_the_loop(words: str) -> None:
    asyncio.get_running_loop().call_exception_handler({"message": words, "task": words})


def raises_in_a_thread(words: str) -> None:
    thread = threading.Thread(target=raises, args=(words,), name=words)
    thread.start()
    thread.join()


def raises_in_a_finalizer(words: str) -> None:
    class Finalized:
        def __del__(self) -> None:
            raise ValueError(words)

    Finalized()


def warns(words: str) -> None:
    warnings.warn(words, stacklevel=1)


def logs(words: str) -> None:
    for name in ("aiohttp.client", "asyncio", "safeconduct.http", "httpx", "some.library"):
        logger = logging.getLogger(name)
        for level in (logging.DEBUG, logging.INFO, logging.WARNING, logging.CRITICAL):
            logger.log(level, "%s " + words.replace("%", "%%"), words, extra={"words": words}, stack_info=True)
        try:
            raises(words)
        except ValueError:
            logger.exception(words)
    logging.error(words)  # the root's own function, as libraries use it
    logging.getLogger("some.library").error("%d", words)  # cannot be formatted


def fails_to_settle(words: str) -> None:
    AT_SETTLING.append(words)


QUIET: Final[Mapping[str, Callable[[str], None]]] = {
    f.__name__.replace("_", "-"): f
    for f in (
        raises,
        raises_within,
        raises_many,
        raises_unicode,
        asserts,
        drops_a_task,
        leaves_a_task_pending,
        raises_in_a_callback,
        tells_the_loop,
        raises_in_a_thread,
        raises_in_a_finalizer,
        warns,
        logs,
        fails_to_settle,
    )
}
"""What may happen without a word getting out."""


def prints(words: str) -> None:
    print(words, flush=True)


def prints_to_stderr(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def writes_a_file(words: str) -> None:
    Path("debug.txt").write_text(words)


def writes_a_temporary_file(words: str) -> None:
    with tempfile.NamedTemporaryFile("w", delete=False) as file:
        file.write(words)


def writes_into_the_journal(words: str) -> None:
    """From a connection that stays open, so that the row waits in the write-ahead log."""
    connection = sqlite3.connect(".safeconduct/journal.sqlite", isolation_level=None)
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    connection.execute("CREATE TABLE leak (words)")
    connection.execute("INSERT INTO leak VALUES (?)", (words,))
    KEPT.append(connection)


LEAKS: Final[Mapping[str, Callable[[str], None]]] = {
    f.__name__.replace("_", "-"): f
    for f in (prints, prints_to_stderr, writes_a_file, writes_a_temporary_file, writes_into_the_journal)
}
"""What the search must find."""


class BrokenUpstream(ProviderClient):
    """Does what the scene asks for with the words of the request, and sends it if that raised nothing."""

    async def send(self, call: ProviderCall, connect_s: float) -> ProviderReply:
        seed = json.loads(call.body)["seed"]
        ({**QUIET, **LEAKS}.get(seed) or len)(call.body.decode())
        return await super().send(call, connect_s)


class BrokenBooks(SqliteBooks):
    async def settle(self, receipt: Receipt) -> Receipt:
        if AT_SETTLING:
            raise ValueError(AT_SETTLING.pop())
        return await super().settle(receipt)


def without_the_third(snapshot: Snapshot, access: Access, settings: Settings, renewals: Renewals) -> InForce:
    """A provider that may be called, and whose address is gone."""
    whole = _in_force(snapshot, access, settings, renewals)
    return InForce(whole.snapshot, whole.means, {name: t for name, t in whole.targets.items() if name != "third"})


_in_force = in_force

if __name__ == "__main__":
    setattr(services, "ProviderClient", BrokenUpstream)  # noqa: B010  # mypy would take it for a redefinition
    setattr(services, "SqliteBooks", BrokenBooks)  # noqa: B010
    setattr(documents, "in_force", without_the_third)  # noqa: B010
    sys.exit(main())
