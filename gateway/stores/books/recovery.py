"""Completes the open intents of an earlier process: each one becomes part of a receipt.

Nobody knows whether the attempt was billed, so its hold is what it cost.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace

from gateway.core.receipt import AttemptRecord, Receipt, draft_from
from gateway.stores.holds import Charge
from gateway.stores.journal.chain import Chain, stored
from gateway.stores.journal.intents import StoredIntent


@dataclass(frozen=True, slots=True)
class _Left:
    """An intent as the earlier process wrote it."""

    hold: str
    amount: int
    charge_at: int
    accounts: tuple[str, ...]
    draft: Receipt
    zone: str


def recover(connection: sqlite3.Connection, chain: Chain, kept: Sequence[StoredIntent]) -> int:
    """Settle every intent that was kept into `chain`, one receipt per exchange. Returns how many receipts that made.

    To be called before this process keeps intents of its own.
    """
    exchanges: dict[str, list[_Left]] = {}
    for left in (*_in_table(connection), *map(_left, kept)):
        exchanges.setdefault(left.draft.id, []).append(left)
    lost = [intents for name, intents in exchanges.items() if stored(connection, name) is None]  # one receipt each
    for intents in lost:
        receipt = interrupted(intents)
        spent = {a.hold_id: a.cost for a in receipt.attempts}
        charges = [Charge(i.charge_at, i.accounts, spent[i.hold], zone=i.zone) for i in intents]
        chain.append(connection, receipt, charges)
    connection.execute("DELETE FROM intents")
    return len(lost)


def _left(kept: StoredIntent) -> _Left:
    return _Left(kept.hold, kept.amount, kept.at, kept.accounts, draft_from(kept.draft), kept.zone)


def _in_table(connection: sqlite3.Connection) -> list[_Left]:
    """Those of a version that kept them in the database."""
    rows = connection.execute("SELECT hold, amount, at, accounts, draft, zone FROM intents ORDER BY row")
    return [
        _Left(hold, amount, at, tuple(json.loads(accounts)), draft_from(draft), zone)
        for hold, amount, at, accounts, draft, zone in rows
    ]


def interrupted(intents: list[_Left]) -> Receipt:
    """The receipt of an exchange that its process did not live to end. `intents` oldest first, at least one.

    The newest draft knows how the attempts before its own ended; an attempt nobody saw ending costs its hold.
    """
    *_, newest = intents
    attempts = {a.hold_id: a for a in newest.draft.attempts}
    for left in intents:
        known = attempts.get(left.hold) or _own(left)
        ended = left is not newest and left.hold in attempts and known.outcome not in ("", "interrupted")
        attempts[left.hold] = known if ended else _held(known, left.amount)
    listed = tuple(attempts.values())
    total, last = sum(a.cost for a in listed), listed[-1]
    region = f"declared:{last.region}" if last.region else newest.draft.region
    return replace(newest.draft, outcome="interrupted", attempts=listed, cost=total, route=last.route, region=region)


def _own(left: _Left) -> AttemptRecord:
    own = [a for a in left.draft.attempts if a.hold_id == left.hold]
    return own[0] if own else AttemptRecord(route=left.draft.route, outcome="interrupted", hold_id=left.hold)


def _held(attempt: AttemptRecord, amount: int) -> AttemptRecord:
    """Whether the prompt left is known no better than whether it was billed."""
    return replace(attempt, outcome="interrupted", left=True, hold=amount, cost=amount, usage_source="held")
