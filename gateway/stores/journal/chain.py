"""The receipts of this process, appended one by one, each naming the digest of the one before.

Used by the journal's writer alone, inside its transactions.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import orjson

from gateway.core.receipt import SALT_BYTES, SCHEMA, SECTIONS, Link, Receipt, genesis, linked
from gateway.stores.holds import LARGEST_AMOUNT, Charge
from gateway.stores.journal.encoding import encoded
from gateway.stores.journal.rows import DERIVED, RECORD, RECORD_IN_JOURNAL, derived, receipt_in

_COLUMNS: Final = (*DERIVED, "charges", "decision", *RECORD)
_APPEND: Final = f"INSERT INTO receipts ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' for _ in _COLUMNS)})"
_MOST_DECISIONS: Final = 1024
"""Bodies whose numbers are remembered."""
_SALTS: Final = SALT_BYTES * len(SECTIONS)


class Chain:
    """One chain: one per process and start. Its head is remembered, and read again after a rollback."""

    def __init__(self, name: str) -> None:
        self.name: Final = name
        self._head: tuple[int, str] | None = None
        self._decisions: dict[bytes, int | None] = {}

    def begin(self, connection: sqlite3.Connection) -> None:
        """Enter the chain in the register of chains."""
        connection.execute(
            "INSERT OR IGNORE INTO chains SELECT ?, COALESCE(MAX(number), 0) + 1, '' FROM chains", (self.name,)
        )

    def append(self, connection: sqlite3.Connection, receipt: Receipt, charges: Sequence[Charge]) -> int:
        """The row of the new link. sqlite3.IntegrityError if there is a receipt of that id."""
        sequence, previous = self._head or self._read_head(connection)
        link = Link(self.name, sequence + 1, previous)
        head, own, sections = linked(receipt, link, os.urandom(_SALTS), encoded)
        if receipt.schema != SCHEMA:  # recovered from an old draft
            receipt = replace(receipt, schema=SCHEMA)
        columns = derived(receipt, link.chain, link.sequence)
        if (decision := self._number(connection, receipt)) is not None:
            sections["decided"] = sections["decided"][:SALT_BYTES]
        values = (*columns, charges_text(charges), decision, head, own, *sections.values())
        row = connection.execute(_APPEND, values).lastrowid
        self._head = sequence + 1, own
        return int(row or 0)

    def _number(self, connection: sqlite3.Connection, receipt: Receipt) -> int | None:
        """The number in `decisions` of the body of the receipt's section `decided`; None while the body stands in its
        row. A body is written there with the second receipt that has it, once for all that follow."""
        shared = receipt.shared.get("decided")
        if shared is None:
            return None
        known = self._decisions
        if (body := shared.encoded) not in known:
            if len(known) >= _MOST_DECISIONS:
                known.clear()
            known[body] = None
        elif known[body] is None:
            known[body] = connection.execute("INSERT INTO decisions (body) VALUES (?)", (body,)).lastrowid
        return known[body]

    def forget(self) -> None:
        """The transaction was rolled back: the head, and the numbers of decisions, are whatever the file says."""
        self._head = None
        self._decisions.clear()

    def note(self, connection: sqlite3.Connection) -> None:
        """Write the head into the register, so that a missing tail is observed."""
        sequence, head = self._head or self._read_head(connection)
        if sequence:
            connection.execute("UPDATE chains SET head = ? WHERE id = ?", (head, self.name))

    def _read_head(self, connection: sqlite3.Connection) -> tuple[int, str]:
        row = connection.execute(
            "SELECT sequence, digest FROM receipts WHERE chain = ? ORDER BY row DESC LIMIT 1", (self.name,)
        ).fetchone()
        return (int(row[0]), str(row[1])) if row else (0, genesis(self.name))


def stored(connection: sqlite3.Connection, receipt_id: str) -> Receipt | None:
    """The committed receipt of that id."""
    row = connection.execute(f"SELECT {RECORD_IN_JOURNAL} FROM receipts WHERE id = ?", (receipt_id,)).fetchone()
    return receipt_in(row) if row else None


def unlinked(receipt: Receipt) -> Receipt:
    """The receipt without its place in a chain."""
    return replace(receipt, chain="", sequence=0, previous="")


def charges_text(charges: Sequence[Charge]) -> str:
    """The time zone is left out where it is UTC."""
    listed = [(c.at, c.accounts, c.amount, *([c.zone] if c.zone != "UTC" else [])) for c in charges]
    return orjson.dumps(listed).decode() if charges else "[]"


def charges_from(text: str) -> list[Charge]:
    listed = json.loads(text)
    return [Charge(at, tuple(accounts), amount, zone=(*zone, "UTC")[0]) for at, accounts, amount, *zone in listed]


def are_charges_of(receipt: Receipt, charges: Sequence[Charge]) -> bool:
    """Whether the charges are the costs of the attempts, for the receipt's own caller. A caller's erased name, and
    corrections of earlier versions that were charged to nobody, vouch for the amounts alone."""
    if "went" in receipt.erased:
        return True
    costs = sorted(cost for a in receipt.attempts if (cost := min(a.cost, LARGEST_AMOUNT)))
    if costs != sorted(charge.amount for charge in charges if charge.amount):
        return False
    own = {f"{kind}/{getattr(receipt, kind)}" for kind in _CALLER}
    charged = {account for charge in charges for account in charge.accounts if account.partition("/")[0] in _CALLER}
    return "who" in receipt.erased or own.issuperset(charged)


_CALLER: Final = ("organisation", "team", "key")
