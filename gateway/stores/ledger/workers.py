"""State directories of the workers of one gateway, and all their receipts together.

The first worker's place is the gateway's own state directory: what one process wrote goes on when there are several.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Final

from gateway.core.errors import Json
from gateway.core.selection import EVERYTHING, Selection
from gateway.stores.books.books import UsageRow
from gateway.stores.journal.files import JOURNAL_FILE
from gateway.stores.ledger.ledger import ChainState, SqliteLedger

_PREFIX: Final = "worker-"


def state_of(home: Path, number: int) -> Path:
    """The state directory of that worker, counted from 1."""
    return home if number == 1 else home / f"{_PREFIX}{number}"


def states(home: Path) -> list[Path]:
    """The state directory of every worker that ever ran there, the first one's first."""
    others = [path for path in home.glob(f"{_PREFIX}*") if path.name.removeprefix(_PREFIX).isdecimal()]
    return [home, *sorted(others, key=lambda path: int(path.name.removeprefix(_PREFIX)))]


def journals(home: Path) -> list[Path]:
    """The journals there are; one of a worker that no longer runs holds receipts all the same."""
    return [path for state in states(home) if (path := state / JOURNAL_FILE).exists()]


class WorkersLedger:
    """Receipts of all workers of the gateway whose state directory is `home`. Any thread may call."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def receipt(self, receipt_id: str) -> dict[str, Json] | None:
        return next((receipt for ledger in self._each() if (receipt := ledger.receipt(receipt_id)) is not None), None)

    def newest(self, limit: int, within: Selection = EVERYTHING, before: str = "") -> list[dict[str, Json]]:
        """As `Ledger.newest`."""
        together = (receipt for ledger in self._each() for receipt in ledger.newest(limit, within, before))
        return list(islice(sorted(together, key=lambda receipt: str(receipt["id"]), reverse=True), limit))

    def usage(self, by: Sequence[str], within: Selection = EVERYTHING) -> list[UsageRow]:
        """As `SqliteLedger.usage`."""
        return _added(row for ledger in self._each() for row in ledger.usage(by, within))

    def last_days(self) -> dict[str, str]:
        """As `Ledger.last_days`."""
        last: dict[str, str] = {}
        for ledger in self._each():
            for key, day in ledger.last_days().items():
                last[key] = max(last.get(key, ""), day)
        return last

    def between(self, since: date, until: date, after: str = "", limit: int = 2_000) -> list[dict[str, Json]]:
        """As `SqliteLedger.between`."""
        together = (receipt for ledger in self._each() for receipt in ledger.between(since, until, after, limit))
        return sorted(together, key=lambda receipt: str(receipt["id"]))[:limit]

    def verify_chains(self) -> list[ChainState]:
        return [state for ledger in self._each() for state in ledger.verify_chains()]

    def _each(self) -> list[SqliteLedger]:
        return [SqliteLedger(path) for path in journals(self._home)]


def _added(rows: Iterable[UsageRow]) -> list[UsageRow]:
    """One row per group, in the order of the groups."""
    sums: dict[tuple[str, ...], UsageRow] = {}
    for row in rows:
        known = sums.get(row.group)
        sums[row.group] = row if known is None else _sum(known, row)
    return [sums[group] for group in sorted(sums)]


def _sum(one: UsageRow, other: UsageRow) -> UsageRow:
    usage = {name: one.usage.get(name, 0) + other.usage.get(name, 0) for name in {**one.usage, **other.usage}}
    return UsageRow(
        one.group,
        one.exchanges + other.exchanges,
        usage,
        one.cost + other.cost,
        one.sent + other.sent,
        one.unreported + other.unreported,
    )
