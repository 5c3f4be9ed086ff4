from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from gateway.core.receipt import SECTIONS
from gateway.stores.journal.chain import Chain
from gateway.stores.journal.rows import DERIVED, SELECT_RECORD, derived, kept_in, plain_in, receipt_in
from gateway.stores.journal.schema import migrate
from tests.builders import a_receipt


def columns_of(record: Sequence[Any]) -> dict[str, str | int | None]:
    receipt = receipt_in(record)
    return dict(zip(DERIVED, derived(receipt, receipt.chain, receipt.sequence), strict=True))


def test_every_derived_column_is_that_of_the_record() -> None:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection)
    Chain("one").append(connection, a_receipt("A", end_user="sc_1", region="declared:SE+DE"), ())
    row = connection.execute(f"SELECT {', '.join(DERIVED)} FROM receipts").fetchone()
    record = connection.execute(f"SELECT {SELECT_RECORD} FROM receipts").fetchone()
    connection.close()
    assert dict(zip(DERIVED, row, strict=True)) == columns_of(record)


def test_a_receipt_is_read_without_what_was_erased() -> None:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection)
    Chain("one").append(connection, a_receipt("A"), ())
    connection.execute("UPDATE receipts SET who = NULL")
    record = connection.execute(f"SELECT {SELECT_RECORD} FROM receipts").fetchone()
    connection.close()
    assert kept_in(record).sections["who"] is None
    assert plain_in(record)["erased"] == ["who"]
    whole = replace(a_receipt("A"), chain="one", sequence=1, previous=receipt_in(record).previous)
    assert receipt_in(record) == replace(whole, organisation="", team="", key="", end_user="", erased=("who",))
    assert [columns_of(record)[name] for name in SECTIONS["who"]] == ["", "", "", ""]
