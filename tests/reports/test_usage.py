from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from gateway.core.errors import InvalidRequest
from gateway.reports.sight import Sight
from gateway.reports.usage import usage
from gateway.stores.ledger.ledger import SqliteLedger
from tests.builders import a_principal, a_receipt
from tests.stores.books_in import books_in, run


def test_costs_in_several_currencies_are_never_added_up(tmp_path: Path) -> None:
    with books_in(tmp_path) as books:
        for id, currency in (("A", "EUR"), ("B", "USD")):
            run(partial(books.settle, a_receipt(id, currency=currency)))
    ledger = SqliteLedger(tmp_path / "journal.sqlite")
    with pytest.raises(InvalidRequest) as refused:
        usage(ledger, {}, Sight(a_principal()), "USD")
    assert refused.value.details["field"] == "by"
    told = usage(ledger, {"by": "currency"}, Sight(a_principal()), "USD")
    assert (told["currency"], [row["currency"] for row in told["data"]]) == (None, ["EUR", "USD"])  # type: ignore[union-attr, call-overload, index]


def test_an_answer_without_rows_states_the_ledgers_currency(tmp_path: Path) -> None:
    with books_in(tmp_path):
        pass
    assert usage(SqliteLedger(tmp_path / "journal.sqlite"), {}, Sight(a_principal()), "EUR")["currency"] == "EUR"
