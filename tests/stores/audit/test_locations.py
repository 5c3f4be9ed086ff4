"""All places of the books at once."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path

import pytest

from gateway.core.errors import NotFound, Unavailable
from gateway.stores.audit.journal_audit import Check
from gateway.stores.audit.locations import Places, audited, forget, roster, view
from tests.stores.books_in import an_intent, run, served, shared_books_in
from tests.stores.postgres_server import fresh_database
from tests.stores.servers import Server, a_server
from tests.stores.shipped import ship

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with a_server() as running:
        yield running


@pytest.fixture
def places(server: Server, tmp_path: Path) -> Places:
    """Of a gateway of two workers that ended, whose receipts are in a ledger."""
    server.ask("FLUSHALL")
    url = fresh_database()
    for name, state in (("a", tmp_path), ("b", tmp_path / "worker-2")):
        with shared_books_in(state, server.url, name) as books:
            intent = an_intent(name)
            run(partial(books.hold, intent))
            run(partial(books.settle, served(intent)))
        ship(state / "journal.sqlite", url)
    return Places(str(tmp_path), server.url, "acme", url)


def test_every_place_is_looked_at_and_says_whose_a_check_is(places: Places) -> None:
    checks = audited(places)
    assert [check for check in checks if not check.holds] == []
    home = Path(places.home).name
    assert [check.name for check in checks if "charged" in check.name or "ledger" in check.name] == [
        f"{home}: what receipts cost was charged",
        f"{home}: what teams were charged is what their receipts cost",
        "worker-2: what receipts cost was charged",
        "worker-2: what teams were charged is what their receipts cost",
        f"{home}: redis: it counts what this journal was charged",
        "worker-2: redis: it counts what this journal was charged",
        "redis: it counts what the ledger was charged",
        "ledger: every receipt is there once",
        "ledger: sequence numbers have no gap",
        "ledger: sums are those of the receipts",
        "ledger: columns are those of the receipts",
        "ledger: each receipt names the digest of the one before",
        f"{home}: ledger: it holds what this journal holds",
        "worker-2: ledger: it holds what this journal holds",
    ]


def test_a_place_that_cannot_be_looked_at_is_said_and_the_others_are(places: Places) -> None:
    away = Places(places.home, "unix:///nowhere/redis.sock", "acme", "postgresql://nobody@127.0.0.1:1/none")
    broken = [check for check in audited(away) if not check.holds]
    assert [check.name for check in broken] == [
        "redis: it can be read",
        "redis: it can be compared with the ledger",
        "ledger: it can be read",
    ]
    assert all(check.do for check in broken)
    assert len(audited(away)) == 16 + 3


def test_without_redis_or_a_ledger_the_journals_are_looked_at_alone(places: Places) -> None:
    assert len(audited(Places(places.home))) == 16


def test_a_redis_that_can_keep_no_books_is_said(places: Places) -> None:
    with a_server("--maxmemory-policy", "allkeys-lru") as lossy:
        (check,) = [c for c in audited(Places(places.home, lossy.url, "acme")) if not c.holds]
        assert "noeviction" in check.finding
        with pytest.raises(Unavailable):
            roster(Places(places.home, lossy.url, "acme"))


def test_a_process_of_its_own_finds_the_same(places: Places) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gateway.stores.audit.locations"],
        input=json.dumps(asdict(places)),
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    assert json.loads(done.stdout) == view(audited(places))
    assert done.stderr == ""


def test_addresses_hold_passwords_and_are_not_shown(places: Places) -> None:
    assert places.redis not in repr(places)
    assert places.postgres not in repr(places)


def test_a_check_is_told_with_what_to_do_or_null() -> None:
    told = view([Check("one", True, "fine"), Check("two", False, "not", "this")])
    assert told == {
        "in_order": False,
        "checks": [
            {"name": "one", "holds": True, "found": "fine", "do": None},
            {"name": "two", "holds": False, "found": "not", "do": "this"},
        ],
    }


def test_who_shares_the_counters_is_told_and_struck_off(places: Places) -> None:
    told = roster(places)
    assert told["generation"]
    members = told["members"]
    assert isinstance(members, list)
    assert [(m["joined"], m["alive"], m["holds"], m["lapsed"]) for m in members] == [(True, False, 0, 0)] * 2
    assert forget(places, members[0]["member"]) == "joined"
    assert forget(places, members[0]["member"]) == "unknown"
    assert roster(places)["members"] == members[1:]


def test_where_nobody_shares_there_is_no_roster(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        roster(Places(str(tmp_path)))
