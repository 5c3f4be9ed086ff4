"""Rows of PostgreSQL against their records: each changed column is named, and names that were cut are not."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gateway.stores.ledger.shipped_rows import unfaithful_rows
from gateway.stores.postgres.connection import Postgres
from tests.builders import a_receipt, an_attempt
from tests.stores.postgres_server import fresh_database
from tests.stores.shipped import asked, ship, written

LONG = f"walk-us/{'m' * 200}"


def unfaithful(url: str) -> list[str]:
    async def found() -> list[str]:
        async with Postgres(url).connected() as connection:
            return [row async for row in unfaithful_rows(connection)]

    return asyncio.run(found())


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A receipt with two places, one under a name that an index cannot take whole."""
    url = fresh_database()
    attempts = (an_attempt(route=LONG, region="US", status=500, outcome="failed", cost=0), an_attempt())
    ship(written(tmp_path, a_receipt("A", attempts=attempts), a_receipt("B", route=LONG)), url)
    return url


def test_rows_as_they_were_shipped_are_faithful(url: str) -> None:
    assert unfaithful(url) == ["A: charges", "B: charges"]  # these receipts were written without charges


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ("provider = 'other'", "provider"),
        ("route = 'alpha/other'", "route"),
        ("region = ''", "region"),
        ("sent = 1", "sent"),
        ("places = NULL", "places"),
        ("currency = 'EUR'", "currency"),
        ("went = 'x'::bytea", "data"),
    ],
)
def test_a_changed_column_is_named(url: str, change: str, name: str) -> None:
    asked(url, f"UPDATE receipts SET {change} WHERE id = 'A'")
    found = dict(row.split(": ") for row in unfaithful(url))
    assert name in found["A"]
    assert found["B"] == "charges"
