"""`safeconduct usage`."""

from __future__ import annotations

import csv
import io
from functools import partial
from pathlib import Path

import pytest

from gateway.commands.terminal.stop import MISUSED
from gateway.core.usage import CLASSES
from tests.builders import a_receipt
from tests.commands.calling import call
from tests.commands.conftest import Running
from tests.stores.books_in import books_in, run


def test_sums_are_over_receipts_and_per_group(running: Running) -> None:
    before = call("usage", "--by", "team,model", *running.options[:2], json=True).json["data"]
    receipt = running.ask().headers["x-safeconduct-receipt"]
    after = call("usage", "--by", "team,model", *running.options[:2], json=True).json
    (row,) = after["data"]
    assert (row["team"], row["model"], after["currency"]) == ("research", "sandbox-small", "USD")
    assert row["exchanges"] == 1 + sum(r["exchanges"] for r in before)
    used = call("receipts", receipt, *running.options[:2], json=True).json["attempts"][0]["usage"]
    assert row["usage"]["output"] == used["output"] + sum(r["usage"].get("output", 0) for r in before)


def test_people_read_a_table(running: Running) -> None:
    running.ask()
    out = call("usage", "--by", "day,route", *running.options[:2]).out
    assert any("sandbox-us/sandbox-small" in line and line.split()[-1] == "USD" for line in out.splitlines())
    assert out.splitlines()[-1] == "Days are those of UTC."
    assert "UTC" not in call("usage", "--by", "route", *running.options[:2]).out


def test_programs_that_read_tables_get_csv(running: Running) -> None:
    running.ask()
    by = "day,team,key,model,provider,route,region,policy"
    plain = call("usage", "--by", by, *running.options[:2], json=True).json
    lines = list(csv.DictReader(io.StringIO(call("usage", "--csv", "--by", by, *running.options[:2]).out)))
    assert len(lines) == len(plain["data"])
    for line, row in zip(lines, plain["data"], strict=True):
        assert {name: line[name] for name in by.split(",")} == {name: row[name] for name in by.split(",")}
        assert (int(line["exchanges"]), line["cost"], line["currency"]) == (row["exchanges"], row["cost"], "USD")
        assert {name: int(line[name]) for name in CLASSES if line[name] != "0"} == row["usage"]


@pytest.mark.parametrize("words", [(), ("--csv",)])
def test_end_users_are_told_apart_by_their_pseudonyms(tmp_path: Path, words: tuple[str, ...]) -> None:
    with books_in(tmp_path) as books:
        for name, end_user in (("A", "sc_1"), ("B", "sc_2"), ("C", "sc_1"), ("D", "")):
            run(partial(books.settle, a_receipt(name, end_user=end_user)))
    called = call("usage", "--by", "end_user", *words, "--state", str(tmp_path), json=not words)
    rows = called.json["data"] if not words else list(csv.DictReader(io.StringIO(called.out)))
    assert [(row["end_user"], int(row["exchanges"])) for row in rows] == [("", 1), ("sc_1", 2), ("sc_2", 1)]


def test_csv_of_no_receipts_is_a_line_of_names(running: Running) -> None:
    out = call("usage", "--csv", "--until", "2020-01-01", *running.options[:2]).out
    assert out == f"day,exchanges,sent,{','.join(CLASSES)},cost,held,currency\n"


def test_a_time_without_receipts_says_so(running: Running) -> None:
    out = call("usage", "--until", "2020-01-01", *running.options[:2]).out
    assert "No receipt falls in that time." in out


@pytest.mark.parametrize(
    "words",
    [
        ["--by", "colour"],
        ["--by", ","],
        ["--by", "day,day"],
        ["--csv", "--json"],
        ["--since", "yesterday"],
        ["--until", "2026-13-01"],
    ],
)
def test_a_word_that_means_nothing_is_refused(running: Running, words: list[str]) -> None:
    called = call("usage", *words, *running.options[:2])
    assert called.code == MISUSED
    assert called.stop is not None
    assert called.stop.do


def test_costs_in_several_currencies_are_never_added_up(tmp_path: Path) -> None:
    with books_in(tmp_path) as books:
        for id, currency in (("A", "EUR"), ("B", "USD")):
            run(partial(books.settle, a_receipt(id, currency=currency)))
    state = ("--state", str(tmp_path))
    refused = call("usage", *state)
    assert refused.stop is not None
    assert (refused.code, refused.stop.do) == (MISUSED, "sum by it too: --by day,currency")
    told = call("usage", "--by", "day,currency", *state, json=True).json
    assert told["currency"] is None
    assert [row["currency"] for row in told["data"]] == ["EUR", "USD"]
    out = call("usage", "--csv", "--by", "currency", *state).out
    assert out.splitlines()[0] == f"currency,exchanges,sent,{','.join(CLASSES)},cost,held"
    assert [line.split(",")[0] for line in out.splitlines()[1:]] == ["EUR", "USD"]
