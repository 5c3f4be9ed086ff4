"""All receipts of a journal, for reading; may be opened beside the gateway that writes it, and never changes it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Final, Protocol

from gateway.core.errors import Json
from gateway.core.receipt import CORRECTED, SECTIONS, ChainBreak, verify
from gateway.core.selection import EVERYTHING, Selection
from gateway.core.usage import CLASSES
from gateway.stores.books.books import UsageRow
from gateway.stores.journal.chain import are_charges_of, charges_from
from gateway.stores.journal.reading import reading
from gateway.stores.journal.rows import DERIVED, RECORD, RECORD_IN_JOURNAL, differing, kept_in, plain_in, receipt_in
from gateway.stores.journal.usage_days import EVERY_ROW, PLACES, differing_days
from gateway.stores.journal.usage_days import GROUPS as GROUPS

LISTED: Final = ("key", "team", "model", "policy", "outcome", "code", "provider", "route", "countries")
"""Values by which receipts are listed. A provider, a route and countries are those of any destination."""

_ERASED: Final = " + ".join(f"SUM(schema > 0 AND {name} IS NULL)" for name in SECTIONS)

_EXCHANGES: Final = f"SUM(exchanges * (outcome <> '{CORRECTED}'))"
_SUMS: Final = ", ".join(["SUM(sent)", "SUM(cost)", "SUM(unreported)", *(f"SUM({name})" for name in CLASSES)])


class PagedLedger(Protocol):
    """A ledger whose receipts can be read one by one, of all days."""

    def between(self, since: date, until: date, after: str = "", limit: int = 2_000) -> list[dict[str, Json]]: ...


def every_receipt(ledger: PagedLedger, since: date, until: date) -> Iterator[dict[str, Json]]:
    """All receipts of exchanges that began on these days, both included, a page at a time."""
    after = ""
    while page := ledger.between(since, until, after):
        yield from page
        after = str(page[-1]["id"])


@dataclass(frozen=True, slots=True)
class ChainState:
    """One chain, as it was found: how many receipts, where it does not hold, and how many sections were erased."""

    chain: str
    receipts: int
    broken: ChainBreak | None
    erased: int = 0
    differing: tuple[str, ...] = ()
    """Receipts with columns that say something else than the record, as `id: columns`."""

    @property
    def holds(self) -> bool:
        """Whether the chain and every column of it hold."""
        return self.broken is None and not self.differing


class SqliteLedger:
    """`path`: the journal's file. Each call opens it anew, so that any thread may call."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def receipt(self, receipt_id: str) -> dict[str, Json] | None:
        with reading(self._path) as connection:
            row = connection.execute(f"SELECT {RECORD_IN_JOURNAL} FROM receipts WHERE id = ?", (receipt_id,)).fetchone()
        return plain_in(row) if row else None

    def newest(self, limit: int, within: Selection = EVERYTHING, before: str = "") -> list[dict[str, Json]]:
        """As `Ledger.newest`."""
        clauses, values = _listing(within, before)
        by_key = set(within.where) == {"key"} and within.since is within.until is None
        index = "receipts_key" if by_key else "receipts_listed"
        with reading(self._path) as connection:
            rows = connection.execute(
                f"SELECT {RECORD_IN_JOURNAL} FROM receipts WHERE id IN (SELECT id FROM receipts INDEXED BY {index} "
                f"WHERE {clauses} ORDER BY id DESC LIMIT ?) ORDER BY id DESC",
                (*values, limit),
            )
            return [plain_in(row) for row in rows]

    def between(self, since: date, until: date, after: str = "", limit: int = 2_000) -> list[dict[str, Json]]:
        """Receipts of exchanges that began on these days, both included, by id: as many as `limit`, from beyond the id
        `after` on."""
        with reading(self._path) as connection:
            rows = connection.execute(
                # `+`: by the index of ids, which is in the order of the pages.
                f"SELECT {RECORD_IN_JOURNAL} FROM receipts "
                "WHERE id > ? AND +day >= ? AND +day <= ? ORDER BY id LIMIT ?",
                (after, since.isoformat(), until.isoformat(), limit),
            )
            return [plain_in(row) for row in rows]

    def corrections(self, day: str) -> list[dict[str, Json]]:
        """The correcting receipts of exchanges that began on that day."""
        select = f"SELECT {RECORD_IN_JOURNAL} FROM receipts WHERE outcome = '{CORRECTED}' AND day = ? ORDER BY row"
        with reading(self._path) as connection:
            return [plain_in(row) for row in connection.execute(select, (day,))]

    def unreported_since(self, since: date, after: int, limit: int = 1_000) -> list[tuple[int, dict[str, Json]]]:
        """(row, receipt) of exchanges since that day that hold money which no provider reported, beyond the row
        `after`."""
        select = (
            f"SELECT {RECORD_IN_JOURNAL}, row FROM receipts INDEXED BY receipts_unreported "
            "WHERE unreported > 0 AND day >= ? AND row > ? ORDER BY row LIMIT ?"
        )
        with reading(self._path) as connection:
            rows = connection.execute(select, (since.isoformat(), after, limit))
            return [(int(number), plain_in(record)) for *record, number in rows]

    def usage(self, by: Sequence[str], within: Selection = EVERYTHING) -> list[UsageRow]:
        """Sums per group, in the order of the groups. ValueError for a word that is not in GROUPS."""
        known_groups((*by, *within.where))
        bounds = [*_bounds(within), *((f"{name} = ?", value) for name, value in within.where.items())]
        where = " AND ".join(clause for clause, _ in bounds) or "TRUE"
        groups = ", ".join(by)
        grouped = f"GROUP BY {groups} ORDER BY {groups}" if by else "HAVING COUNT(*) > 0"
        sums = ", ".join([*by, _EXCHANGES, _SUMS])
        select = f"SELECT {sums} FROM ({EVERY_ROW}) WHERE {where} {grouped}"
        with reading(self._path) as connection:
            rows = connection.execute(select, tuple(value for _, value in bounds)).fetchall()
        return [_usage_row(row, len(by)) for row in rows]

    def last_days(self) -> dict[str, str]:
        """As `Ledger.last_days`."""
        with reading(self._path) as connection:
            rows = connection.execute(f"SELECT key, MAX(day) FROM ({EVERY_ROW}) WHERE key <> '' GROUP BY key")
            return {str(key): str(day) for key, day in rows}

    def differing_days(self) -> list[str]:
        """Days whose sums are not those of the receipts."""
        with reading(self._path) as connection:
            return differing_days(connection)

    def verify_chains(self) -> list[ChainState]:
        """Every chain, oldest first, with the first receipt at which it breaks."""
        with reading(self._path) as connection:
            registered = connection.execute("SELECT id, head FROM chains ORDER BY number").fetchall()
            known = {name for name, _ in registered}
            strays = connection.execute("SELECT DISTINCT chain FROM receipts").fetchall()
            states = [_verified(connection, *chain) for chain in registered]
            return states + [_stray(connection, name) for (name,) in strays if name not in known]


def known_groups(words: Sequence[str]) -> None:
    """ValueError, with the known ones, for a word that is not in GROUPS."""
    if unknown := [word for word in words if word not in GROUPS]:
        raise ValueError(f"usage cannot be grouped by {unknown[0]!r}; use {', '.join(GROUPS)}")


def known_filters(words: Iterable[str]) -> None:
    """ValueError, with the known ones, for a word that is not in LISTED."""
    if unknown := [word for word in words if word not in LISTED]:
        raise ValueError(f"receipts cannot be listed by {unknown[0]!r}; use {', '.join(LISTED)}")


def _bounds(within: Selection) -> list[tuple[str, str]]:
    days = (("day >= ?", within.since), ("day <= ?", within.until))
    return [(clause, day.isoformat()) for clause, day in days if day is not None]


def _listing(within: Selection, before: str) -> tuple[str, list[str]]:
    """A condition on receipts, and its values."""
    known_filters(within.where)
    clauses = _bounds(within) + ([("id < ?", before)] if before else [])
    values = [value for _, value in clauses]
    texts = [clause for clause, _ in clauses]
    for name, value in within.where.items():
        texts.append(_ANYWHERE.format(name) if name in PLACES else f"{name} = ?")
        values += [value] * texts[-1].count("?")
    return " AND ".join(texts) or "TRUE", values


_ANYWHERE: Final = (
    "({0} = ? OR (places IS NOT NULL AND EXISTS "
    "(SELECT 1 FROM json_each(places) AS place WHERE json_extract(place.value, '$.{0}') = ?)))"
)
"""Holds where any destination of the exchange has the value."""


def _usage_row(row: Sequence[int | str], groups: int) -> UsageRow:
    exchanges, sent, cost, unreported, *counts = (int(value) for value in row[groups:])
    usage = {name: count for name, count in zip(CLASSES, counts, strict=True) if count}
    return UsageRow(tuple(str(value) for value in row[:groups]), exchanges, usage, cost, sent, unreported)


def _verified(connection: sqlite3.Connection, chain: str, head: str) -> ChainState:
    """`head`: the digest the register noted last; empty for a chain that was not noted since it began."""
    links = connection.execute(f"SELECT {RECORD_IN_JOURNAL} FROM receipts WHERE chain = ? ORDER BY row", (chain,))
    broken = verify(chain, map(kept_in, links), head)
    count, erased = connection.execute(
        f"SELECT COUNT(*), COALESCE({_ERASED}, 0) FROM receipts WHERE chain = ?", (chain,)
    ).fetchone()
    return ChainState(chain, count, broken, erased, tuple(_differing(connection, chain)))


def _differing(connection: sqlite3.Connection, chain: str) -> Iterator[str]:
    query = f"SELECT {', '.join(DERIVED)}, charges, {RECORD_IN_JOURNAL} FROM receipts WHERE chain = ? ORDER BY row"
    for row in connection.execute(query, (chain,)):
        try:
            receipt = receipt_in([row[name] for name in RECORD])
        except (KeyError, TypeError, ValueError):  # of a record that cannot be read, the chain says so
            continue
        names = differing(receipt, row)
        if not are_charges_of(receipt, charges_from(row["charges"])):
            names.append("charges")
        if names:
            yield f"{row['id']}: {', '.join(names)}"


def _stray(connection: sqlite3.Connection, chain: str) -> ChainState:
    state = _verified(connection, chain, "")
    return replace(state, broken=state.broken or ChainBreak(1, "the chain is not in the register of chains"))
