"""FOCUS charges in Parquet: the same cells as in CSV, in the types of the specification."""

from __future__ import annotations

import csv
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet as reader  # type: ignore[import-untyped]

from gateway.commands.exports import parquet
from gateway.stores.books.books import UsageRow
from gateway.views import focus
from tests.builders import TODAY
from tests.commands.calling import ROOT, call
from tests.commands.conftest import Running
from tests.views.test_focus import a_row


def written(path: Path, *rows: UsageRow) -> list[dict[str, Any]]:
    """What is read back of the charges of these rows."""
    parquet.write(path, list(focus.charges(rows, TODAY)))
    found: list[dict[str, Any]] = reader.read_table(path).to_pylist()
    return found


@pytest.mark.parametrize(
    ("column", "type_"),
    [
        ("BilledCost", "decimal128(38, 9)"),
        ("PricingQuantity", "decimal128(38, 9)"),
        ("x_InputTokens", "decimal128(38, 0)"),
        ("ChargePeriodStart", "timestamp[us, tz=UTC]"),
        ("BillingCurrency", "string"),
        ("RegionId", "string"),
    ],
)
@pytest.mark.parametrize("rows", [(), (a_row(),)])
def test_columns_have_the_types_of_the_specification(
    tmp_path: Path, rows: tuple[UsageRow, ...], column: str, type_: str
) -> None:
    written(tmp_path / "focus.parquet", *rows)
    schema = reader.read_schema(tmp_path / "focus.parquet")
    assert tuple(schema.names) == focus.COLUMNS
    assert str(schema.field(column).type) == type_
    assert schema.metadata[b"FocusVersion"] == b"1.2"


def test_cells_are_what_they_are_in_csv(tmp_path: Path) -> None:
    (charge,) = written(tmp_path / "focus.parquet", a_row(region="eu-north-1"))
    assert charge["BilledCost"] == Decimal("0.00104")
    assert charge["ChargePeriodStart"] == datetime(2026, 11, 24, tzinfo=UTC)
    assert charge["BillingPeriodEnd"] == datetime(2026, 12, 1, tzinfo=UTC)
    assert (charge["x_Requests"], charge["x_InputTokens"], charge["PricingQuantity"]) == (3, 1000, 1020)
    assert (charge["ProviderName"], charge["RegionId"]) == ("alpha", "eu-north-1")


def test_what_is_empty_in_csv_is_null(tmp_path: Path) -> None:
    (charge,) = written(tmp_path / "focus.parquet", a_row())
    assert {column for column, cell in charge.items() if cell is None} == {"ChargeClass", "RegionId", "RegionName"}


@pytest.mark.parametrize("cost", [1, -5, 9_007_199_254_740_993_000_000_000])
def test_no_amount_and_no_count_is_rounded(tmp_path: Path, cost: int) -> None:
    (charge,) = written(tmp_path / "focus.parquet", a_row(cost=cost, usage={"input": 2**63 + 1}))
    assert charge["ListCost"] == Decimal(cost).scaleb(-9)
    assert charge["x_InputTokens"] == 2**63 + 1


def test_both_kinds_of_file_say_the_same(running: Running, tmp_path: Path) -> None:
    running.ask()
    told = [
        call("usage", "--focus", str(tmp_path / name), *running.options[:2], json=True).json
        for name in ("focus.csv", "focus.PARQUET")
    ]
    assert told[0]["charges"] == told[1]["charges"] > 0
    with (tmp_path / "focus.csv").open(newline="", encoding="utf-8") as file:
        listed = list(csv.DictReader(file))
    charges = reader.read_table(tmp_path / "focus.PARQUET").to_pylist()
    assert [c["x_Route"] for c in charges] == [c["x_Route"] or None for c in listed]
    assert [c["BilledCost"] for c in charges] == [Decimal(c["BilledCost"]) for c in listed]
    assert [c["ChargePeriodEnd"] for c in charges] == [datetime.fromisoformat(c["ChargePeriodEnd"]) for c in listed]


_WITHOUT = """\
import sys
from pathlib import Path
sys.modules["pyarrow"] = None
from gateway.commands.exports import parquet
from gateway.commands.terminal.stop import Stop
try:
    parquet.write(Path(sys.argv[1]), [])
except Stop as stop:
    print(stop.what, stop.do, sep="; ")
"""


def test_without_the_library_it_is_said_what_to_install(tmp_path: Path) -> None:
    path = tmp_path / "focus.parquet"
    done = subprocess.run(
        [sys.executable, "-c", _WITHOUT, str(path)], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert "not installed" in done.stdout
    assert "safeconduct[parquet]" in done.stdout
    assert ".csv" in done.stdout
    assert not path.exists()
