"""Do the books of a journal add up? Every invariant, checked over all that is in it; nothing is corrected.

Read in one snapshot, beside the gateway that writes it. A gateway that runs has exchanges under way: then what is held
is only counted.
"""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import orjson

from gateway.core.cost import money
from gateway.core.errors import Json
from gateway.core.receipt import CORRECTED, SALT_BYTES
from gateway.stores.books.windows import windows_around
from gateway.stores.holds import LARGEST_AMOUNT, Charge
from gateway.stores.journal.chain import charges_from
from gateway.stores.journal.files import LOCK_FILE
from gateway.stores.journal.intents import kept
from gateway.stores.journal.reading import reading
from gateway.stores.ledger.ledger import SqliteLedger

_SHOWN: Final = 5
"""Ids that a finding lists at most."""


@dataclass(frozen=True, slots=True)
class Check:
    """One invariant: whether it holds, the figures that say so, and what to do if it does not, where that is known."""

    name: str
    holds: bool
    finding: str
    do: str = ""


@dataclass(slots=True)
class ReceiptTotals:
    """Sums over the receipts of a journal, one receipt at a time."""

    receipts: int = 0
    cost: int = 0
    attempts: int = 0
    charged: int = 0
    teams: Counter[str] = field(default_factory=Counter)
    accounts: Counter[str] = field(default_factory=Counter)
    holds: Counter[str] = field(default_factory=Counter)
    folded: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Account and window -> charged, up to the row that the counters were folded to."""
    present: frozenset[str] = frozenset()
    """The windows of the last exchange up to that row: whatever the clock said before, they are the present ones."""
    uneven: list[str] = field(default_factory=list)
    """Receipts whose own figures do not agree."""

    def add(self, row: sqlite3.Row, folded_to: int) -> None:
        attempts, charges = _attempts(row), charges_from(row["charges"])
        of_attempts = sum(min(_cost(attempt), LARGEST_AMOUNT) for attempt in attempts)
        of_charges = sum(charge.amount for charge in charges)
        self.receipts += 1
        self.cost += row["cost"]
        self.attempts += of_attempts
        self.charged += of_charges
        if row["outcome"] != CORRECTED or any(charge.accounts for charge in charges):  # old ones were charged to nobody
            self.teams[f"team/{row['team']}"] += row["cost"]
        self.holds.update(str(attempt["hold_id"]) for attempt in attempts if attempt.get("hold_id"))
        if not row["cost"] == of_attempts == of_charges:
            self.uneven.append(row["id"])
        for charge in charges:
            self.accounts.update(dict.fromkeys(charge.accounts, charge.amount))
            if row["row"] <= folded_to:
                self._fold(charge, row["outcome"])

    def _fold(self, charge: Charge, outcome: str) -> None:
        windows = windows_around(charge.at, charge.zone).values()
        if outcome != CORRECTED:
            self.present = frozenset(windows)
        for window in windows:
            self.folded.update({(account, window): charge.amount for account in charge.accounts})


def audit(journal: Path) -> list[Check]:
    """Every invariant of one journal. StoreRefused for a missing journal."""
    with reading(journal) as connection:
        connection.execute("BEGIN")  # one snapshot for all that follows
        tally = _tally(connection)
        checks = [
            _one_outcome(tally),
            _at_rest(connection, journal.parent),
            _even(tally),
            _per_team(tally),
            _counters(connection, tally),
        ]
    return [*checks, *_chains(journal)]


def is_written(state: Path) -> bool:
    """Whether a gateway has this state directory now."""
    try:
        handle = os.open(state / LOCK_FILE, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False


def _tally(connection: sqlite3.Connection) -> ReceiptTotals:
    (folded_to,) = connection.execute("SELECT row FROM folded").fetchone()
    tally = ReceiptTotals()
    for row in connection.execute(
        "SELECT row, id, team, outcome, cost, charges, schema, data, went FROM receipts ORDER BY row"
    ):
        tally.add(row, folded_to)
    return tally


def _one_outcome(tally: ReceiptTotals) -> Check:
    """An intent ends in one receipt."""
    twice = [hold for hold, times in tally.holds.items() if times > 1]
    text = f"{len(tally.holds)} holds in {tally.receipts} receipts" + listed("in several receipts", twice)
    return Check("every intent has one outcome", not twice, text)


def _at_rest(connection: sqlite3.Connection, state: Path) -> Check:
    """An intent whose receipt is written is open no more, also if its process had no time to forget it."""
    written = "SELECT 1 FROM receipts WHERE id = ?"
    before = connection.execute("SELECT receipt, amount FROM intents")  # of a version that kept them in the database
    intents = [*before, *((i.receipt, i.amount) for i in kept(state))]
    amounts = [amount for name, amount in intents if connection.execute(written, (name,)).fetchone() is None]
    text = f"{len(amounts)} holds open, {money(sum(amounts))}"
    if is_written(state):
        return Check("held is zero at rest", True, f"{text}; a gateway runs, so this is under way")
    left = "; the next start of the gateway settles them" if amounts else ""
    return Check("held is zero at rest", not amounts, text + left)


def _even(tally: ReceiptTotals) -> Check:
    text = f"receipts {money(tally.cost)}, attempts {money(tally.attempts)}, charges {money(tally.charged)}"
    text += listed("that do not agree with themselves", tally.uneven)
    return Check("what receipts cost was charged", not tally.uneven, text)


def _per_team(tally: ReceiptTotals) -> Check:
    charged = {name: amount for name, amount in tally.accounts.items() if name.startswith("team/")}
    names = sorted({*tally.teams, *charged})
    apart = [name for name in names if tally.teams[name] != charged.get(name, 0)]
    text = f"{len(tally.teams)} teams, {money(sum(charged.values()))}" + listed("apart", apart)
    return Check("what teams were charged is what their receipts cost", not apart, text)


def _counters(connection: sqlite3.Connection, tally: ReceiptTotals) -> Check:
    """The counters that budgets are held against are the receipts, added up; old windows are let go, present ones are
    not."""
    kept = {(row["account"], row["window"]): row["spent"] for row in connection.execute("SELECT * FROM counters")}
    charged = [name for name, amount in tally.folded.items() if amount and name[1] in tally.present]
    apart = [f"{a} {w}" for (a, w), spent in kept.items() if tally.folded[a, w] != spent]
    apart += [f"{account} {window}" for account, window in charged if (account, window) not in kept]
    text = f"{len(kept)} counters" + listed("apart", apart)
    return Check("counters are the sum of charges", not apart, text)


def _chains(journal: Path) -> list[Check]:
    states = SqliteLedger(journal).verify_chains()
    broken = [f"{state.chain} at {state.broken.sequence}" for state in states if state.broken]
    differing = [row for state in states for row in state.differing]
    receipts = sum(state.receipts for state in states)
    text = f"{len(states)} chains, {receipts} receipts" + listed("broken", broken)
    columns = f"{receipts} receipts" + listed("differ", differing)
    days = SqliteLedger(journal).differing_days()
    return [
        Check("sequence numbers have no gap", not broken, text),
        Check("columns are those of the receipts", not differing, columns),
        Check("sums by day are those of the receipts", not days, f"{len(days)} days{listed('differ', days)}"),
    ]


def _attempts(row: sqlite3.Row) -> list[dict[str, Json]]:
    """Figures of a receipt; nothing for a record that cannot be read: its figures then do not agree."""
    data = bytes(row["went"] or b"")[SALT_BYTES:] if row["schema"] else bytes(row["data"])
    try:
        attempts = _read(data)["attempts"]
    except (ValueError, TypeError, KeyError):
        return []
    return [attempt for attempt in attempts if isinstance(attempt, dict)] if isinstance(attempts, list) else []


def _read(data: bytes) -> dict[str, Json]:
    try:
        record: dict[str, Json] = orjson.loads(data)
    except ValueError:  # a count that is no double either
        record = json.loads(data)
    return record


def _cost(attempt: dict[str, Json]) -> int:
    """One beyond 64 bits was read as a double; it counts as the most there is."""
    cost = attempt.get("cost")
    return int(cost) if isinstance(cost, int | float) else 0


def listed(what: str, names: Iterable[str]) -> str:
    """The count of that kind and its first members, as the end of a finding; "" for an empty list."""
    listed_names = list(names)
    more = ", …" if len(listed_names) > _SHOWN else ""
    return f"; {len(listed_names)} {what}: {', '.join(listed_names[:_SHOWN])}{more}" if listed_names else ""
