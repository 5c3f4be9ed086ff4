"""What a key may read of its own use."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from gateway.asgi import reports
from gateway.core.errors import InvalidRequest
from gateway.stores.ledger.ledger import SqliteLedger
from tests.asgi.gate import KEY, a_door, error_of
from tests.builders import a_principal, a_receipt
from tests.exchange.test_lifecycle import FAILS, GOOD
from tests.scripted import Provider
from tests.stores.books_in import books_in, run

ONE = {"exchanges": 1, "sent": 1, "usage": {"input": 9, "output": 3}, "cost": "0.000015"}


async def test_a_key_sees_sums_of_its_own_receipts_only(tmp_path: Path) -> None:
    async with Provider(GOOD) as alpha, a_door(tmp_path, alpha) as door:
        other = await door.key("sc_other")
        await door.ask()
        await door.ask()
        await door.ask(authorization=other["authorization"])
        mine = (await door.get("/v1/usage")).json()
        assert mine == {
            "by": ["day"],
            "currency": "USD",
            "data": [
                {"day": "2026-11-24", "exchanges": 2, "sent": 2, "usage": {"input": 18, "output": 6}, "cost": "0.00003"}
            ],
        }
        assert (await door.get("/v1/usage", other)).json()["data"] == [{"day": "2026-11-24", **ONE}]


async def test_sums_are_by_any_groups_and_between_days_both_included(tmp_path: Path) -> None:
    async with Provider(GOOD) as alpha, a_door(tmp_path, alpha) as door:
        await door.ask()
        by = (await door.get("/v1/usage?by=team, key,model,route,provider,region,policy")).json()
        (row,) = by["data"]
        assert [row] == [
            {
                "team": "research",
                "key": row["key"],
                "region": row["region"],
                "model": "small",
                "route": "alpha/small",
                "provider": "alpha",
                "policy": "open",
                **ONE,
            }
        ]
        for bounds, found in (
            ("since=2026-11-24", 1),
            ("until=2026-11-24", 1),
            ("since=2026-11-24&until=2026-11-24", 1),
            ("since=2026-11-25", 0),
            ("until=2026-11-23", 0),
            ("since=&until=", 1),
        ):
            assert len((await door.get(f"/v1/usage?{bounds}")).json()["data"]) == found


async def test_refusals_and_failures_count_as_exchanges(tmp_path: Path) -> None:
    async with Provider(FAILS) as alpha, a_door(tmp_path, alpha) as door:
        assert (await door.get("/v1/usage")).json()["data"] == []
        await door.ask()
        await door.ask(b"{")
        (row,) = (await door.get("/v1/usage")).json()["data"]
        assert (row["exchanges"], row["usage"], row["cost"]) == (2, {}, "0")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("by=MARKER", "by"),
        ("by=day,MARKER", "by"),
        ("by=", "by"),
        ("by=,", "by"),
        ("by=day%3B--", "by"),
        ("since=MARKER", "since"),
        ("until=2026-02-30", "until"),
        ("since=2026-11-24T00:00:00", "since"),
    ],
)
async def test_other_groups_and_days_are_refused_without_their_words(tmp_path: Path, query: str, field: str) -> None:
    async with Provider(FAILS) as alpha, a_door(tmp_path, alpha) as door:
        answer = await door.get(f"/v1/usage?{query}", KEY)
        assert error_of(answer) == (400, "invalid_request")
        assert answer.json()["error"]["field"] == field


async def test_without_a_journal_the_answer_says_so(tmp_path: Path) -> None:
    async with Provider(FAILS) as alpha, a_door(tmp_path, alpha) as door:
        await door.ask()
        journal, door.desk.ledger._path = door.desk.ledger._path, tmp_path  # a directory is no database
        assert error_of(await door.get("/v1/usage")) == (503, "books_unavailable")
        assert error_of(await door.get("/v1/receipts/01JD")) == (503, "books_unavailable")
        door.desk.ledger._path = journal  # the desk reads it when it closes


def test_costs_in_several_currencies_are_never_added_up(tmp_path: Path) -> None:
    with books_in(tmp_path) as books:
        for id, currency in (("A", "EUR"), ("B", "USD")):
            run(partial(books.settle, a_receipt(id, currency=currency)))
    ledger = SqliteLedger(tmp_path / "journal.sqlite")
    with pytest.raises(InvalidRequest) as refused:
        reports.usage(ledger, {}, a_principal(), "USD")
    assert refused.value.details["field"] == "by"
    told = reports.usage(ledger, {"by": "currency"}, a_principal(), "USD")
    assert (told["currency"], [row["currency"] for row in told["data"]]) == (None, ["EUR", "USD"])  # type: ignore[union-attr, call-overload, index]


def test_an_answer_without_rows_states_the_ledgers_currency(tmp_path: Path) -> None:
    with books_in(tmp_path):
        pass
    assert reports.usage(SqliteLedger(tmp_path / "journal.sqlite"), {}, a_principal(), "EUR")["currency"] == "EUR"
