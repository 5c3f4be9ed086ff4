"""Every place where the books of one gateway are, and whether they add up in all of them.

Run as a program, it reads places as JSON and writes what it found: so the gateway looks at its own books in a process
beside itself, and nobody who is served waits for it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

import anyio

from gateway.core.errors import Json, NotFound, Unavailable
from gateway.stores.audit.journal_audit import Check, audit
from gateway.stores.errors import StoreRefused
from gateway.stores.ledger.workers import journals

if TYPE_CHECKING:
    from gateway.stores.audit.redis_roster import BooksVisit, ForgetResult

_LOOK: Final = (sys.executable, "-P", "-m", "gateway.stores.audit.locations")
_NICE: Final = 10
"""Niceness of a process that checks the books: the gateway goes first."""


@dataclass(frozen=True, slots=True)
class Places:
    """`home`: the state directory of the first worker. The addresses of Redis, where the books of that organisation
    are, and of PostgreSQL; "" for a store that the settings do not name."""

    home: str
    redis: str = field(default="", repr=False)
    organisation: str = ""
    postgres: str = field(default="", repr=False)

    def journals(self) -> list[Path]:
        return journals(Path(self.home))


def audited(places: Places) -> list[Check]:
    """Every invariant in every place, and for a place that cannot be looked at that it cannot. StoreRefused if
    there can be no ledger at that address. Not to be called where an event loop runs."""
    checks = _checks_or_fault("journal: it can be read", lambda: _of_each(places.journals(), audit))
    if places.redis:
        checks += _checks_or_fault("redis: it can be read", lambda: _of_redis(places))
    if places.redis and places.postgres:
        checks += _checks_or_fault("redis: it can be compared with the ledger", lambda: _of_both(places))
    if places.postgres:
        checks += _checks_or_fault("ledger: it can be read", lambda: _of_ledger(places))
    return checks


async def looked_at(places: Places) -> bytes:
    """`view` of what was audited, as JSON, by a process of its own: to read every receipt takes time that those who are
    served do not have. Unavailable if it fails."""
    message = json.dumps(asdict(places)).encode()
    done = await anyio.run_process(_LOOK, input=message, stderr=subprocess.DEVNULL, check=False)
    if done.returncode:
        raise Unavailable("books_unavailable", "The books cannot be looked at. `safeconduct verify` may say why.")
    return done.stdout


def view(checks: Sequence[Check]) -> dict[str, Json]:
    """As commands and the admin socket tell it."""
    listed: list[Json] = [
        {"name": check.name, "holds": check.holds, "found": check.finding, "do": check.do or None} for check in checks
    ]
    return {"in_order": all(check.holds for check in checks), "checks": listed}


def roster(places: Places) -> dict[str, Json]:
    """Members that share the counters. NotFound for a missing counter set; else as `forget`."""
    with _shared(places) as visit:
        roster = visit.roster()
    return {"generation": roster.generation, "members": [asdict(member) for member in roster.members]}


def forget(places: Places, member: str) -> ForgetResult:
    """Strike a member off, unless it is alive. Unavailable, also if that Redis can keep no books."""
    with _shared(places) as visit:
        return visit.forget(member)


@contextmanager
def _shared(places: Places) -> Iterator[BooksVisit]:
    if not places.redis:
        raise NotFound("No Redis is named here: the journals alone keep these budgets. Set SAFECONDUCT_REDIS_URL.")
    if find_spec("redis") is None:
        raise Unavailable("books_unavailable", "The client for Redis is not installed. Install safeconduct[redis].")
    from gateway.stores.audit.redis_roster import visiting

    try:
        with visiting(places.redis, places.organisation) as visit:
            yield visit
    except StoreRefused as fault:
        raise Unavailable("books_unavailable", str(fault)) from None


def _of_redis(places: Places) -> list[Check]:
    with _shared(places) as visit:
        from gateway.stores.audit.redis_audit import audit_redis

        own = places.journals()
        checks = audit_redis(visit, places.organisation, own)
        whole, each = checks[: len(checks) - len(own)], checks[len(checks) - len(own) :]
        return [*whole, *(_whose(path, check, own) for path, check in zip(own, each, strict=True))]


def _of_both(places: Places) -> list[Check]:
    from gateway.stores.audit.ledger_audit import charged
    from gateway.stores.postgres.connection import checked

    with _shared(places) as visit:
        from gateway.stores.audit.redis_audit import audit_sums

        return [audit_sums(visit, partial(charged, checked(places.postgres)))]


def _of_ledger(places: Places) -> list[Check]:
    from gateway.stores.audit.ledger_audit import audit_ledger
    from gateway.stores.postgres.connection import checked

    far = checked(places.postgres)
    whole = audit_ledger(far, None)
    return [*whole, *_of_each(places.journals(), lambda journal: audit_ledger(far, journal)[len(whole) :])]


def _of_each(own: Sequence[Path], checked: Callable[[Path], list[Check]]) -> list[Check]:
    return [_whose(path, check, own) for path in own for check in checked(path)]


def _whose(journal: Path, check: Check, own: Sequence[Path]) -> Check:
    """Checks with the name of their journal, if there are several journals."""
    return check if len(own) == 1 else replace(check, name=f"{journal.parent.name}: {check.name}")


def _checks_or_fault(name: str, checks: Callable[[], list[Check]]) -> list[Check]:
    try:
        return checks()
    except Unavailable as fault:
        return [Check(name, False, fault.message, "try again; docs/operations.md says what can be wrong there")]
    except StoreRefused as fault:
        return [Check(name, False, str(fault), "docs/operations.md says more")]


if __name__ == "__main__":
    os.nice(_NICE)
    json.dump(view(audited(Places(**json.load(sys.stdin)))), sys.stdout)
