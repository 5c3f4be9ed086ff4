"""The receipts of this process, appended one by one, each naming the digest of the one before.

Used by the journal's writer alone, inside its transactions.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Final

import orjson

from gateway.core.errors import Json
from gateway.core.receipt import AttemptRecord, Link, Receipt, as_json, canonical, from_json, genesis, linked
from gateway.stores.books.counters import MOST, Charge

_RECEIPT: Final = tuple(sorted(Receipt.__dataclass_fields__))
_ATTEMPT: Final = tuple(sorted(AttemptRecord.__dataclass_fields__))
_receipt_values: Final = attrgetter(*_RECEIPT)
_attempt_values: Final = attrgetter(*_ATTEMPT)

_NO_LINK: Final = Link("", 0, "")
_INNERMOST_FIRST: Final = ("data_class", "key", "team", "organisation")

_APPEND: Final = """INSERT INTO receipts
    (id, chain, sequence, digest, day, organisation, team, key, model, provider, route, policy, outcome, cost, usage,
     charges, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""


class Chain:
    """One chain: one per process and start. Its head is remembered, and read again after a rollback."""

    def __init__(self, name: str) -> None:
        self.name: Final = name
        self._head: tuple[int, str] | None = None

    def begin(self, connection: sqlite3.Connection) -> None:
        """Enter the chain in the register of chains."""
        connection.execute(
            "INSERT OR IGNORE INTO chains SELECT ?, COALESCE(MAX(number), 0) + 1, '' FROM chains", (self.name,)
        )

    def append(self, connection: sqlite3.Connection, receipt: Receipt, charges: Sequence[Charge]) -> int:
        """The row of the new link. sqlite3.IntegrityError if there is a receipt of that id."""
        sequence, previous = self._head or self._read_head(connection)
        link = Link(self.name, sequence + 1, previous)
        data, head = linked(receipt, link, canonical_bytes)
        row = connection.execute(_APPEND, _columns(receipt, link, head, charges, data)).lastrowid
        self._head = sequence + 1, head
        return int(row or 0)

    def forget(self) -> None:
        """The transaction was rolled back: the head is whatever the file says."""
        self._head = None

    def note(self, connection: sqlite3.Connection) -> None:
        """Write the head into the register, so that a missing tail is observed."""
        sequence, head = self._head or self._read_head(connection)
        if sequence:
            connection.execute("UPDATE chains SET head = ? WHERE id = ?", (head, self.name))

    def _read_head(self, connection: sqlite3.Connection) -> tuple[int, str]:
        found = connection.execute(
            "SELECT sequence, digest FROM receipts WHERE chain = ? ORDER BY row DESC LIMIT 1", (self.name,)
        ).fetchone()
        return (int(found[0]), str(found[1])) if found else (0, genesis(self.name))


def stored(connection: sqlite3.Connection, receipt_id: str) -> Receipt | None:
    """The committed receipt of that id."""
    found = connection.execute("SELECT data FROM receipts WHERE id = ?", (receipt_id,)).fetchone()
    return from_json(json.loads(found[0])) if found else None


def canonical_bytes(receipt: Receipt, link: Link = _NO_LINK) -> bytes:
    """The same bytes as `core.receipt.canonical`, an order of magnitude faster."""
    plain = dict(zip(_RECEIPT, _receipt_values(receipt), strict=True))
    plain["chain"], plain["sequence"], plain["previous"] = link
    plain["attempts"] = [dict(zip(_ATTEMPT, _attempt_values(a), strict=True)) for a in receipt.attempts]
    try:
        return orjson.dumps(plain, default=_mapping, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # a count beyond 64 bits
        return canonical(as_json(receipt) | link._asdict())


def _mapping(value: object) -> dict[str, Json]:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError


def _counts_text(counts: Mapping[str, int]) -> str:
    try:
        return orjson.dumps(counts).decode()
    except TypeError:  # a count beyond 64 bits
        return json.dumps(counts, separators=(",", ":"))


def charges_text(charges: Sequence[Charge]) -> str:
    """The time zone is left out where it is UTC."""
    listed = [(c.at, c.accounts, c.amount, *([c.zone] if c.zone != "UTC" else [])) for c in charges]
    return orjson.dumps(listed).decode() if charges else "[]"


def charges_from(text: str) -> list[Charge]:
    found = json.loads(text)
    return [Charge(at, tuple(accounts), amount, zone=(*zone, "UTC")[0]) for at, accounts, amount, *zone in found]


def _columns(receipt: Receipt, link: Link, head: str, charges: Sequence[Charge], data: bytes) -> tuple[object, ...]:
    policy = next((receipt.policy[layer] for layer in _INNERMOST_FIRST if layer in receipt.policy), "")
    provider = receipt.route.partition("/")[0]
    return (
        *(receipt.id, link.chain, link.sequence, head, receipt.began_at[:10]),
        *(receipt.organisation, receipt.team, receipt.key, receipt.model, provider, receipt.route, policy),
        *(receipt.outcome, min(receipt.cost, MOST), _counts_text(receipt.used()), charges_text(charges), data),
    )
