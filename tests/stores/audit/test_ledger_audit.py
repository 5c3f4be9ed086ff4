from __future__ import annotations

from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

import pytest

from gateway.core.errors import Unavailable
from gateway.stores.audit.ledger_audit import audit_ledger, charged
from gateway.stores.books.windows import windows_around
from gateway.stores.ledger.months import Keeping
from gateway.stores.postgres.connection import Postgres
from tests.builders import TODAY
from tests.stores.books_in import an_intent, books_in, run, served
from tests.stores.postgres_server import fresh_database
from tests.stores.shipped import asked, ship

ONCE = "ledger: every receipt is there once"
GAPS = "ledger: sequence numbers have no gap"
SUMS = "ledger: sums are those of the receipts"
COLUMNS = "ledger: columns are those of the receipts"
LINKS = "ledger: each receipt names the digest of the one before"
SAME = "ledger: it holds what this journal holds"

FORGE = """
    UPDATE receipts SET data = convert_to(
        jsonb_set(convert_from(data, 'UTF8')::jsonb, '{{{name}}}', '"{value}"')::text, 'UTF8'
    ) WHERE id = '{id}';
    UPDATE receipts SET digest = encode(sha256(data), 'hex') WHERE id = '{id}'
"""
"""Another head under a digest of its own."""


def journal_of(folder: Path, chain: str, count: int) -> Path:
    with books_in(folder, chain=chain) as books:
        for number in range(count):
            intent = an_intent(f"{chain}-{number}")
            run(partial(books.hold, intent))
            run(partial(books.settle, served(intent)))
    return folder / "journal.sqlite"


@pytest.fixture
def url() -> str:
    return fresh_database()


@pytest.fixture
def journal(tmp_path: Path, url: str) -> Path:
    """Shipped, as another gateway's."""
    ship(journal_of(tmp_path / "other", "other", 2), url)
    journal = journal_of(tmp_path / "own", "one", 3)
    journal_of(tmp_path / "own", "two", 2)
    ship(journal, url)
    return journal


def broken(url: str, journal: Path | None) -> list[str]:
    return [check.name for check in audit_ledger(Postgres(url), journal) if not check.holds]


def test_what_was_shipped_adds_up(url: str, journal: Path) -> None:
    assert broken(url, journal) == []
    assert [check.finding for check in audit_ledger(Postgres(url), journal)] == [
        "7 receipts, 0 more than once",
        "3 chains",
        "receipts 0.00000028, charges 0.00000028",
        "0 rows differ",
        "0 links broken",
        "5 receipts, 0.0000002, 0 wait",
    ]


def test_receipts_that_wait_are_no_fault(url: str, journal: Path) -> None:
    journal_of(journal.parent, "three", 4)
    assert broken(url, journal) == []
    assert audit_ledger(Postgres(url), journal)[-1].finding == "5 receipts, 0.0000002, 4 wait"


@pytest.mark.parametrize(
    ("statement", "names"),
    [
        ("DELETE FROM receipts WHERE id = 'one-1'", [GAPS, SUMS, SAME]),
        ("DELETE FROM receipts WHERE id = 'one-0'", [GAPS, SUMS, SAME]),
        ("DELETE FROM receipts WHERE id = 'two-1'", [SUMS, SAME]),
        ("UPDATE receipts SET cost = cost + 1 WHERE id = 'one-1'", [SUMS, COLUMNS, SAME]),
        ("UPDATE receipts SET provider = 'other' WHERE id = 'one-1'", [SUMS, COLUMNS]),
        ("UPDATE receipts SET usage = '{}' WHERE id = 'one-1'", [SUMS, COLUMNS]),
        ("UPDATE receipts SET charges = '[]' WHERE id = 'one-1'", [COLUMNS]),
        ("UPDATE receipts SET digest = 'another' WHERE id = 'one-1'", [COLUMNS, LINKS, SAME]),
        (FORGE.format(id="one-1", name="previous", value="0"), [LINKS, SAME]),
        (FORGE.format(id="one-0", name="previous", value="0"), [LINKS, SAME]),
        (FORGE.format(id="one-1", name="version", value="0"), [LINKS, SAME]),
        ("UPDATE usage_days SET exchanges = exchanges + 1", [SUMS]),
        ("UPDATE usage_days SET charged = charged + 1", [SUMS]),
        ("UPDATE usage_days SET region = 'declared:NO'", [SUMS]),
        ("UPDATE usage_days SET sent = sent + 1", [SUMS]),
        ("UPDATE usage_days SET countries = 'NO'", [SUMS]),
        ("UPDATE usage_days SET unreported = unreported + 1", [SUMS]),
        ("UPDATE receipts SET code = 'x' WHERE id = 'one-1'", [COLUMNS]),
        ("UPDATE receipts SET countries = 'NO' WHERE id = 'one-1'", [SUMS, COLUMNS]),
        ("UPDATE usage_days SET reasoning = reasoning + 1", [SUMS]),
        ("UPDATE usage_days SET provider = 'other', route = 'other/small'", [SUMS]),
        ("DELETE FROM usage_days", [SUMS]),
        ("DELETE FROM receipts", [SUMS, SAME]),
        (
            "CREATE TEMP TABLE other AS SELECT * FROM receipts WHERE id = 'two-1'; "
            "UPDATE other SET day = '2026-12-01'; INSERT INTO receipts SELECT * FROM other",
            [ONCE, GAPS, SUMS, COLUMNS, SAME],
        ),
    ],
)
def test_what_does_not_add_up_is_found(url: str, journal: Path, statement: str, names: list[str]) -> None:
    asked(url, statement)
    assert broken(url, journal) == names


def test_months_that_are_no_longer_kept_are_not_missed(url: str, journal: Path) -> None:
    ship(journal, url, keeping=Keeping(1, lambda: TODAY.replace(year=2027)))
    assert asked(url, "SELECT count(*) FROM receipts") == [(0,)]
    assert broken(url, journal) == []


def test_without_a_journal_the_ledger_alone_is_audited(url: str, journal: Path) -> None:
    asked(url, "DELETE FROM receipts WHERE id = 'two-1'")
    assert journal.exists()
    assert broken(url, None) == [SUMS]


def test_a_ledger_that_is_away_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as refused:
        audit_ledger(Postgres(f"postgresql:///none?host={tmp_path}"), None)
    assert refused.value.message == "The ledger cannot be read (OperationalError)."


@pytest.mark.parametrize("zone", ["UTC", "Europe/Stockholm", "Asia/Kathmandu", "Pacific/Kiritimati", "Pacific/Niue"])
@pytest.mark.parametrize(
    "at",
    [
        datetime(2026, 11, 24, 12, tzinfo=UTC),
        datetime(2027, 1, 1, 0, 15, tzinfo=UTC),
        datetime(2028, 2, 29, 23, 59, 59, tzinfo=UTC),
        datetime(2026, 3, 29, 1, 0, tzinfo=UTC),
    ],
)
def test_charges_are_in_the_windows_that_the_counters_name(tmp_path: Path, zone: str, at: datetime) -> None:
    with books_in(tmp_path) as books:
        intent = an_intent(at=at, zone=zone)
        run(partial(books.hold, intent))
        run(partial(books.settle, served(intent, 40)))
    url = fresh_database()
    ship(tmp_path / "journal.sqlite", url)
    names = frozenset(windows_around(int(at.timestamp()), zone).values())
    found = charged(Postgres(url), names | {"2026-W01", "1999"}, date(2026, 11, 24))
    assert found == {(account, name): 40 for account in intent.accounts for name in names}
    assert charged(Postgres(url), frozenset({"1999"}), date(2026, 11, 24)) == {}


def test_what_was_charged_of_all_time_is_not_known_once_months_were_dropped(tmp_path: Path) -> None:
    with books_in(tmp_path) as books:
        run(partial(books.hold, an_intent()))
        run(partial(books.settle, served(an_intent(), 40)))
    url = fresh_database()
    ship(tmp_path / "journal.sqlite", url)
    asked(url, "UPDATE retention SET kept_from = '2026-01-01'")
    found = charged(Postgres(url), frozenset({"total", "2026-11"}), date(2026, 11, 24))
    assert {name for _, name in found} == {"2026-11"}


def test_what_was_charged_is_unavailable_while_postgresql_is_away() -> None:
    with pytest.raises(Unavailable):
        charged(Postgres("postgresql://nobody@127.0.0.1:1/none"), frozenset(), date(2026, 11, 24))
