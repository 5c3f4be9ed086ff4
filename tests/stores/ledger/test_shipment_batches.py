from __future__ import annotations

import json
import sqlite3
from datetime import date
from pathlib import Path

import pytest

from gateway.core.receipt import SECTIONS, Kept, from_json, opened, verify
from gateway.stores.journal.chain import unlinked
from gateway.stores.ledger.shipment_batches import JournalSource
from tests.builders import a_receipt, an_attempt
from tests.stores.shipped import written


def change(journal: Path, statement: str) -> None:
    connection = sqlite3.connect(journal)
    connection.execute(statement)
    connection.commit()
    connection.close()


def test_a_parcel_holds_what_follows_in_order(tmp_path: Path) -> None:
    at = ("2026-11-30T23:59:59.999Z", "2026-12-01T00:00:00.000Z", "2026-12-02T00:00:00.000Z")
    source = JournalSource(
        written(tmp_path, *(a_receipt(f"R{n}", began_at=moment) for n, moment in enumerate(at))), most=2
    )
    first = source.parcel(0)
    assert first is not None
    assert [row["id"] for row in json.loads(first.rows)] == ["R0", "R1"]
    assert (first.receipts, first.days) == (2, (date(2026, 11, 30), date(2026, 12, 1)))
    assert source.holds(first.row, first.digest)
    second = source.parcel(first.row)
    assert second is not None
    assert [row["id"] for row in json.loads(second.rows)] == ["R2"]
    assert source.parcel(second.row) is None


def test_a_row_carries_the_receipt_as_it_was_written(tmp_path: Path) -> None:
    receipt = a_receipt("A", region="declared:SE", model="naïve\u2028", attempts=(an_attempt(usage={"input": 2**70}),))
    parcel = JournalSource(written(tmp_path, receipt)).parcel(0)
    assert parcel is not None
    (row,) = json.loads(parcel.rows)
    sections = {name: bytes.fromhex(row[name]) for name in SECTIONS}
    assert verify("one", [Kept(row["data"].encode(), row["digest"], sections)], row["digest"]) is None
    assert unlinked(from_json(opened(row["data"].encode(), sections))) == receipt
    assert row["schema"] == 1
    assert (row["region"], row["currency"], row["usage"]) == ("declared:SE", "USD", {"input": 2**70})


@pytest.mark.parametrize("data", ["X'FF7B'", "CAST('[]' AS BLOB)", "X''"])
def test_what_is_no_receipt_any_more_is_taken_as_it_is(tmp_path: Path, data: str) -> None:
    journal = written(tmp_path, a_receipt("A"))
    change(journal, f"UPDATE receipts SET data = {data}, region = NULL, who = NULL")
    parcel = JournalSource(journal).parcel(0)
    assert parcel is not None
    assert [(row["id"], row["region"]) for row in json.loads(parcel.rows)] == [("A", "")]


def test_names_are_cut_to_what_an_index_takes(tmp_path: Path) -> None:
    parcel = JournalSource(written(tmp_path, a_receipt("A", model="m" * 500, region="a\0b"))).parcel(0)
    assert parcel is not None
    (row,) = json.loads(parcel.rows)
    assert (row["model"], row["region"]) == ("m" * 120, "a\ufffdb")


def test_a_place_is_known_by_its_row_and_digest(tmp_path: Path) -> None:
    source = JournalSource(written(tmp_path, a_receipt("A")))
    parcel = source.parcel(0)
    assert parcel is not None
    wanted = [(0, ""), (parcel.row, parcel.digest), (parcel.row, "another"), (parcel.row + 1, parcel.digest)]
    assert [source.holds(*place) for place in wanted] == [True, True, False, False]


def test_chains_come_oldest_first(tmp_path: Path) -> None:
    written(tmp_path, chain="two")
    assert JournalSource(written(tmp_path, chain="one")).chains() == ["two", "one"]


def test_how_many_wait_is_counted_or_unknown(tmp_path: Path) -> None:
    journal = written(tmp_path, a_receipt("A"), a_receipt("B"))
    assert [JournalSource(journal).waiting(row) for row in (0, 1, 2)] == [2, 1, 0]
    assert JournalSource(tmp_path / "none").waiting(0) == -1
