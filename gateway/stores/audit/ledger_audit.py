"""Does PostgreSQL hold what the journals hold, once? Every invariant of the shared ledger; nothing is corrected."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gateway.core.cost import money
from gateway.core.errors import Unavailable
from gateway.stores.audit.journal_audit import Check, listed
from gateway.stores.journal.reading import reading
from gateway.stores.ledger.shipment_batches import JournalSource
from gateway.stores.ledger.shipped_rows import unfaithful_rows
from gateway.stores.ledger.shipping import GROUPED, SUMS, sums_by_day
from gateway.stores.postgres.connection import Postgres, PostgresAway

if TYPE_CHECKING:
    from gateway.stores.postgres.connection import Connection

_PATIENCE_S: Final = 600.0
"""For one look at all receipts."""

_ONCE: Final = "SELECT count(*) FROM (SELECT FROM receipts GROUP BY id HAVING count(*) > 1) AS twice"

_GAPS: Final = """
    SELECT chain FROM receipts, retention GROUP BY chain, kept_from
    HAVING count(*) <> max(sequence) - min(sequence) + 1 OR (min(sequence) > 1 AND kept_from = '0001-01-01')
"""

_DIFFERING_SUMS: Final = f"""
    WITH listed AS ({sums_by_day("receipts")}), added AS (
        SELECT {", ".join((*GROUPED, *SUMS))} FROM usage_days, retention WHERE day >= kept_from
    )
    SELECT DISTINCT concat_ws(' ', coalesce(listed.day, added.day), coalesce(listed.team, added.team)) AS place
    FROM listed FULL JOIN added ON {" AND ".join(f"listed.{name} = added.{name}" for name in GROUPED)}
    WHERE {" OR ".join(f"listed.{name} IS DISTINCT FROM added.{name}" for name in SUMS)} ORDER BY place
"""
"""One statement, so that both sides are of the same moment."""

_UNLINKED: Final = """
    SELECT chain || ' ' || sequence FROM (
        SELECT chain, sequence, convert_from(data, 'UTF8')::json ->> 'previous' AS previous,
            lag(sequence) OVER chains AS before, CASE WHEN sequence = 1
            THEN encode(sha256(convert_to('safeconduct chain ' || chain, 'UTF8')), 'hex')
            ELSE lag(digest) OVER chains END AS digest_before
        FROM receipts WINDOW chains AS (PARTITION BY chain ORDER BY sequence)
    ) AS links WHERE (sequence = 1 OR before = sequence - 1) AND previous IS DISTINCT FROM digest_before ORDER BY 1
"""

_CHAIN: Final = """
    SELECT count(*), coalesce(sum(cost), 0), encode(sha256(convert_to(
        coalesce(string_agg(digest, '' ORDER BY sequence), ''), 'UTF8')), 'hex')
    FROM receipts WHERE chain = %s AND sequence <= %s AND day >= %s
"""

# Windows are named as `counters.windows_around` names them.
_CHARGED: Final = """
    SELECT account, name, sum(amount) FROM (
        SELECT json_array_elements_text(charge->1) AS account, (charge->>2)::numeric AS amount,
            to_timestamp((charge->>0)::bigint) AS at, coalesce(charge->>3, 'UTC') AS zone
        FROM receipts, json_array_elements(charges) AS charge WHERE day >= %s
    ) AS charged CROSS JOIN LATERAL (VALUES
        (to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24')),
        (to_char(at AT TIME ZONE zone, 'YYYY-MM-DD')),
        (to_char(at AT TIME ZONE zone, 'IYYY-"W"IW')),
        (to_char(at AT TIME ZONE zone, 'YYYY-MM')),
        ('total')
    ) AS windows (name) WHERE name = ANY(%s) GROUP BY account, name
"""
_OPEN_DAYS: Final = 40
"""No window that is open began before, but that of all time."""


@dataclass(frozen=True, slots=True)
class _Part:
    """The part of one chain in a journal that was shipped and is still kept."""

    chain: str
    last: int
    receipts: int
    cost: int
    digest: str


def audit_ledger(postgres: Postgres, journal: Path | None) -> list[Check]:
    """Every invariant of the ledger, and of this journal's part in it unless it is None. Unavailable while PostgreSQL
    is away. Not to be called where an event loop runs."""
    patient = Postgres(postgres.url, postgres.connect_s, _PATIENCE_S)
    return asyncio.run(_audit(patient, journal))


def verify_ledger(postgres: Postgres) -> list[Check]:
    """Checks of the ledger by itself: each row against its record, the links of the chains, and the sums by day.
    Unavailable while PostgreSQL is away. Not to be called where an event loop runs."""
    patient = Postgres(postgres.url, postgres.connect_s, _PATIENCE_S)
    return asyncio.run(_verify_ledger(patient))


async def _verify_ledger(postgres: Postgres) -> list[Check]:
    try:
        async with postgres.connected() as connection, postgres.transaction(connection):
            await connection.execute("SET TRANSACTION READ ONLY")
            return [await _columns(connection), await _links(connection), await _sums(connection)]
    except PostgresAway as fault:
        raise _away(fault) from None


async def _audit(postgres: Postgres, journal: Path | None) -> list[Check]:
    try:
        async with postgres.connected() as connection, postgres.transaction(connection):
            await connection.execute("SET TRANSACTION READ ONLY")
            checks = [await _once(connection), await _gaps(connection), await _sums(connection)]
            checks += [await _columns(connection), await _links(connection)]
            if journal is not None:
                checks.append(await _shipped(connection, journal))
            return checks
    except PostgresAway as fault:
        raise _away(fault) from None


def charged(postgres: Postgres, windows: frozenset[str], today: date) -> dict[tuple[str, str], int]:
    """Charges of all gateways, by account and name of the window; not of all time where months were dropped.
    Unavailable while PostgreSQL is away. Not to be called where an event loop runs."""
    patient = Postgres(postgres.url, postgres.connect_s, _PATIENCE_S)
    return asyncio.run(_charged(patient, windows, today))


async def _charged(postgres: Postgres, windows: frozenset[str], today: date) -> dict[tuple[str, str], int]:
    try:
        async with postgres.connected() as connection, postgres.transaction(connection):
            ((kept_from,),) = await _rows(connection, "SELECT kept_from FROM retention")
            whole = kept_from == date.min
            since = date.min if whole else today - timedelta(days=_OPEN_DAYS)
            names = sorted(windows if whole else windows - {"total"})
            rows = await _rows(connection, _CHARGED, (since, names))
            return {(account, name): int(amount) for account, name, amount in rows}
    except PostgresAway as fault:
        raise _away(fault) from None


def _away(fault: PostgresAway) -> Unavailable:
    return Unavailable("books_unavailable", f"The ledger cannot be read ({fault.reason}).")


async def _once(connection: Connection) -> Check:
    ((twice,),) = await _rows(connection, _ONCE)
    ((count,),) = await _rows(connection, "SELECT count(*) FROM receipts")
    return Check("ledger: every receipt is there once", not twice, f"{count} receipts, {twice} more than once")


async def _gaps(connection: Connection) -> Check:
    chains = [name for (name,) in await _rows(connection, _GAPS)]
    ((count,),) = await _rows(connection, "SELECT count(DISTINCT chain) FROM receipts")
    return Check("ledger: sequence numbers have no gap", not chains, f"{count} chains{listed('with gaps', chains)}")


async def _sums(connection: Connection) -> Check:
    apart = [name for (name,) in await _rows(connection, _DIFFERING_SUMS)]
    ((cost, charged),) = await _rows(
        connection, "SELECT coalesce(sum(cost), 0), coalesce(sum(charged), 0) FROM usage_days"
    )
    summary = f"receipts {money(int(cost))}, charges {money(int(charged))}{listed('apart', apart)}"
    return Check("ledger: sums are those of the receipts", not apart and cost == charged, summary)


async def _columns(connection: Connection) -> Check:
    unfaithful = [row async for row in unfaithful_rows(connection)]
    summary = f"{len(unfaithful)} rows differ{listed('differ', unfaithful)}"
    return Check("ledger: columns are those of the receipts", not unfaithful, summary)


async def _links(connection: Connection) -> Check:
    unlinked = [place for (place,) in await _rows(connection, _UNLINKED)]
    summary = f"{len(unlinked)} links broken{listed('broken', unlinked)}"
    return Check("ledger: each receipt names the digest of the one before", not unlinked, summary)


async def _shipped(connection: Connection, journal: Path) -> Check:
    """Check that every shipped receipt of this journal is there, digest by digest; the rest waits."""
    source = JournalSource(journal)
    query = "SELECT row, digest FROM journals WHERE name = ANY(%s) ORDER BY row DESC"
    places = await _rows(connection, query, (source.chains(),))
    reached = next((row for row, digest in places if source.holds(row, digest)), 0)
    ((kept_from,),) = await _rows(connection, "SELECT kept_from FROM retention")
    parts = _parts(journal, reached, kept_from)
    apart = []
    for part in parts:
        ((count, cost, digest),) = await _rows(connection, _CHAIN, (part.chain, part.last, kept_from))
        if (count, int(cost), digest) != (part.receipts, part.cost, part.digest):
            apart.append(part.chain)
    receipts, cost = sum(part.receipts for part in parts), sum(part.cost for part in parts)
    summary = f"{receipts} receipts, {money(cost)}, {source.waiting(reached)} wait"
    return Check("ledger: it holds what this journal holds", not apart, summary + listed("apart", apart))


def _parts(journal: Path, reached: int, kept_from: date) -> list[_Part]:
    query = "SELECT chain, sequence, cost, digest FROM receipts WHERE row <= ? AND day >= ? ORDER BY row"
    parts: dict[str, _Part] = {}
    digests: dict[str, Any] = {}
    with reading(journal) as connection:
        for chain, sequence, cost, digest in connection.execute(query, (reached, kept_from.isoformat())):
            before = parts.get(chain) or _Part(chain, 0, 0, 0, "")
            digests.setdefault(chain, hashlib.sha256()).update(digest.encode())
            parts[chain] = _Part(chain, sequence, before.receipts + 1, before.cost + cost, "")
    return [_Part(p.chain, p.last, p.receipts, p.cost, digests[p.chain].hexdigest()) for p in parts.values()]


async def _rows(connection: Connection, query: str, values: Sequence[object] | Mapping[str, object] = ()) -> list[Any]:
    return await (await connection.execute(query, values or None)).fetchall()
