from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from gateway.core.organisation import Budget, DataClass
from gateway.reports.budgets import budgets, budgets_seen
from gateway.reports.sight import Sight
from gateway.stores.books.books import SqliteBooks
from gateway.stores.journal.journal import Journal
from tests.builders import NOW, a_key, a_principal, a_snapshot, a_team, an_organisation

MONTH, DAY, TOTAL = Budget(100, "month"), Budget(10, "day", soft=True), Budget(7, "total")
ORGANISATION = an_organisation(
    budgets=(MONTH,),
    classes={"personal": DataClass("personal", "open", (DAY,)), "secret": DataClass("secret", "open", (TOTAL,))},
    model_budgets={"small": (DAY,)},
)
SNAPSHOT = replace(
    a_snapshot(),
    organisation=ORGANISATION,
    teams={"research": a_team(budgets=(DAY,)), "other": a_team(id="other", budgets=(TOTAL,))},
)
KEY = a_key(budgets=(TOTAL,), classes=frozenset({"personal"}), label="laptop")
OTHER = a_key(id="key_2", budgets=(MONTH,))


def test_a_caller_sees_the_budgets_that_its_charges_count_against() -> None:
    seen = budgets_seen(Sight(a_principal(KEY, SNAPSHOT)), SNAPSHOT, [KEY])
    assert seen == (
        ("organisation/acme", MONTH),
        ("team/research", DAY),
        ("key/key_1", TOTAL),
        ("class/personal", DAY),
        ("model/small", DAY),
    )


def test_an_operator_sees_every_budget_once() -> None:
    seen = budgets_seen(Sight(), SNAPSHOT, [KEY, KEY, OTHER])
    assert [account for account, _ in seen] == [
        *("organisation/acme", "team/research", "team/other", "key/key_1", "key/key_2"),
        *("class/personal", "class/secret", "model/small"),
    ]


async def test_each_budget_has_its_balance_from_the_books(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path, "process")
    try:
        books, seen = SqliteBooks(journal, "one"), budgets_seen(Sight(), SNAPSHOT, [KEY])
        report: dict[str, Any] = await budgets(books, seen, SNAPSHOT, [KEY], NOW)
    finally:
        journal.close()
    assert (report["currency"], report["timezone"]) == ("USD", "UTC")
    assert [(row["name"], row["window"], row["spent"], row["held"]) for row in report["data"][:4]] == [
        ("acme", "month", "0", "0"),
        ("research", "day", "0", "0"),
        ("other", "total", "0", "0"),
        ("laptop", "total", "0", "0"),
    ]
