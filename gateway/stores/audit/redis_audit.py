"""Does Redis count what the journals were charged, and hold what is held? Every invariant of the shared counters;
nothing is corrected.

A journal is read, then Redis, then the journal again. Money is charged there after it is in the journal: so Redis is
never ahead of what was read after it, and soon not behind what was read before it.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from time import monotonic, sleep
from typing import Final, TypeAlias

from gateway.core.cost import money
from gateway.core.principal import AccountId
from gateway.stores.audit.journal_audit import Check, listed
from gateway.stores.audit.redis_roster import BooksVisit, CounterState, Roster
from gateway.stores.books.redis_member import present_windows
from gateway.stores.books.windows import windows_around
from gateway.stores.journal.chain import charges_from
from gateway.stores.journal.reading import process_name, reading

_CATCHES_UP_S: Final = 5.0
"""Seconds that a write of a running gateway takes to reach Redis, at most."""
_AGAIN_S: Final = 0.2

_Name: TypeAlias = tuple[AccountId, str]
Charged: TypeAlias = Callable[[frozenset[str], date], Mapping[_Name, int]]
"""Charges in these windows, on that day: `ledger_audit.charged`."""

_STRIKE: Final = "start each with its state directory; one that never returns: `safeconduct books forget MEMBER`"
_REJOIN: Final = "restart the gateway of that state directory: when it starts it says all that it has spent"
_REFILL: Final = (
    "somebody else wrote into these keys, or Redis was restored in part: delete all that begin with "
    "{{safeconduct/{books}}}, and every gateway fills them again"
)
_MISSING: Final = (
    "these budgets lack what a gateway spent that was struck off, or whose journal is gone: start it with its state "
    "directory, or lower their limits by the difference until their windows end"
)


@dataclass(frozen=True, slots=True)
class _Part:
    """The journal's side of the counters: its member, and its spending in the present windows."""

    member: str
    spent: Mapping[_Name, int]


def audit_redis(
    visit: BooksVisit, books: str, journals: Sequence[Path], patience_s: float = _CATCHES_UP_S
) -> list[Check]:
    """Every invariant of these books, and one for each of these journals. Unavailable if Redis or a journal cannot be
    read. Not to be called where an event loop runs."""
    roster, until = visit.roster(), monotonic() + patience_s
    windows = present_windows(roster.seconds)
    while True:
        before = [_part(journal, windows) for journal in journals]
        kept = visit.counters(sorted({name for part in before for name in part.spent}))
        after = [_part(journal, windows) for journal in journals]
        counts = [_counts(*parts, kept, roster) for parts in zip(before, after, strict=True)]
        if all(check.holds for check in counts) or monotonic() >= until or not _runs(roster):
            return [_all_joined(roster), _nobody_gone(roster), _sums(kept, books), *counts]
        sleep(_AGAIN_S)


def audit_sums(visit: BooksVisit, charged: Charged, patience_s: float = _CATCHES_UP_S) -> Check:
    """Whether Redis counts at least what the shared ledger says that all gateways were charged. More may be on its way
    there. As `audit_redis`."""
    until = monotonic() + patience_s
    while True:
        roster = visit.roster()
        sums = charged(present_windows(roster.seconds), datetime.fromtimestamp(roster.seconds, UTC).date())
        kept = visit.counters(sorted(sums))
        apart = [
            f"{_called(name)} ({money(counted)} of {money(amount)})"
            for name, amount in sorted(sums.items())
            if (counted := kept[name].used - kept[name].held) < amount
        ]
        if not apart or monotonic() >= until or not _runs(roster):
            summary = f"{len(sums)} counters{listed('with less', apart)}"
            return Check("redis: it counts what the ledger was charged", not apart, summary, _MISSING if apart else "")
        sleep(_AGAIN_S)


def _runs(roster: Roster) -> bool:
    return any(member.alive for member in roster.members)


def _part(journal: Path, windows: frozenset[str]) -> _Part:
    """The checkpoint of the counters, and the receipts since."""
    with reading(journal) as connection:
        connection.execute("BEGIN")  # both of one moment
        return _Part(process_name(connection), _spent(connection, windows))


def _spent(connection: sqlite3.Connection, windows: frozenset[str]) -> dict[_Name, int]:
    sums: Counter[_Name] = Counter()
    for account, window, spent in connection.execute("SELECT account, window, spent FROM counters"):
        sums[account, window] += spent
    since = "SELECT charges FROM receipts WHERE row > (SELECT row FROM folded)"
    for (charges,) in connection.execute(since):
        for charge in charges_from(charges):
            names = windows_around(charge.at, charge.zone).values()
            sums.update({(account, window): charge.amount for account in charge.accounts for window in names})
    return {name: spent for name, spent in sums.items() if name[1] in windows}


def _all_joined(roster: Roster) -> Check:
    missing = [member.member for member in roster.members if not member.joined]
    summary = f"{len(roster.members)} members{listed('have not since Redis was emptied or restarted', missing)}"
    name = "redis: every member has said what it spent"
    return Check(name, not missing, summary, _STRIKE if missing else "")


def _nobody_gone(roster: Roster) -> Check:
    """Holds of a dead member count against budgets until its journal says better."""
    gone = [member for member in roster.members if member.lapsed or (member.holds and not member.alive)]
    holds = sum(member.holds for member in roster.members)
    summary = f"{holds} holds open{listed('members died with some', (member.member for member in gone))}"
    return Check("redis: only members that are alive hold", not gone, summary, _STRIKE if gone else "")


def _sums(kept: Mapping[_Name, CounterState], books: str) -> Check:
    apart = [_called(name) for name, counter in kept.items() if not counter.adds_up]
    summary = f"{len(kept)} counters{listed('that do not', apart)}"
    do = _REFILL.format(books=books) if apart else ""
    return Check("redis: counters are what members spent and hold", not apart, summary, do)


def _counts(before: _Part, after: _Part, kept: Mapping[_Name, CounterState], roster: Roster) -> Check:
    apart = []
    for name, counter in kept.items():
        counted, charged = counter.spent.get(before.member, 0), after.spent.get(name, 0)
        if not before.spent.get(name, 0) <= counted <= charged:
            apart.append(f"{_called(name)} ({money(counted)} instead of {money(charged)})")
    known = "" if any(m.member == before.member for m in roster.members) else ", which Redis does not know"
    said = f"{len(before.spent)} counters of member {before.member}{known}{listed('apart', apart)}"
    return Check("redis: it counts what this journal was charged", not apart, said, _REJOIN if apart else "")


def _called(name: _Name) -> str:
    return " ".join(name)
