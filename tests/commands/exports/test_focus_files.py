"""Files of charges that `safeconduct usage --focus` writes."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

from gateway.commands.terminal.stop import MISUSED
from gateway.core.usage import CLASSES
from gateway.views import focus
from tests.commands.calling import call
from tests.commands.conftest import Running
from tests.views.test_focus import broken


def test_the_file_adds_up_to_what_usage_says(running: Running, tmp_path: Path) -> None:
    running.ask()
    path = tmp_path / "focus.csv"
    told = call("usage", "--focus", str(path), *running.options[:2], json=True).json
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        charges = list(reader)
    assert tuple(reader.fieldnames or ()) == focus.COLUMNS
    assert (told["charges"], told["focus"]) == (len(charges), "1.2")
    assert [broken(charge) for charge in charges] == [[]] * len(charges)
    said = call("usage", "--by", "organisation", *running.options[:2], json=True).json["data"]
    assert sum(Decimal(charge["BilledCost"]) for charge in charges) == sum(Decimal(row["cost"]) for row in said)
    inputs = sum(int(charge["x_InputTokens"]) for charge in charges)
    assert inputs == sum(row["usage"]["input"] for row in said)
    assert len(CLASSES) == sum(column.endswith(("Tokens", "Calls", "Searches", "Sessions")) for column in focus.COLUMNS)


def test_another_kind_of_file_is_refused_before_it_is_written(running: Running, tmp_path: Path) -> None:
    path = tmp_path / "focus.xlsx"
    refused = call("usage", "--focus", str(path), *running.options[:2])
    assert (refused.code, refused.stop and refused.stop.do) == (MISUSED, "name a file that ends in .csv or .parquet")
    assert call("usage", "--csv", "--focus", str(path), *running.options[:2]).code == MISUSED
    assert not path.exists()
