"""`safeconduct reconcile`."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from gateway.commands.terminal.stop import FAILED, MISUSED
from tests.builders import NOW, a_receipt, an_attempt
from tests.commands.calling import Called, call, documents
from tests.commands.conftest import Running
from tests.stores.books_in import books_in, run

USED = {"input": 900, "cache_read": 100, "output": 15, "reasoning": 5}
HEAD = "day,model,credential,requests,tokens_in,tokens_out,cost,currency\n"
ALIKE = f"{HEAD}2026-11-24,lab/small,,2,2000,40,0.00204,USD\n2026-11-25,lab/small,,1,1000,20,0.00104,USD\n"


NEXT_DAY = NOW + timedelta(days=2)


def attempt(**changed: Any) -> Any:
    return an_attempt(**{"route": "alpha/small", "usage": USED, "cost": 1_040_000, **changed})


@pytest.fixture
def kept(tmp_path: Path) -> list[str]:
    """Options of a gateway that made three attempts at alpha (one failed over to beta, one after midnight), and one at
    beta; another was never sent. One of them was corrected."""
    served = attempt()
    elsewhere = attempt(route="beta/small", cost=7)
    unsent = attempt(outcome="failed", usage={}, cost=0)
    receipts = (
        a_receipt("A", attempts=(served,)),
        a_receipt("B", attempts=(served, elsewhere), route="beta/small"),
        a_receipt("C", attempts=(unsent, attempt(began_ms=120_000)), began_at="2026-11-24T23:59:00.000Z"),
        a_receipt("D", attempts=(unsent,), outcome="failed", route=""),
        a_receipt("E", attempts=(attempt(usage={}, cost=-40_000),), outcome="corrected"),
    )
    with books_in(tmp_path / "state") as books:
        for receipt in receipts:
            run(partial(books.settle, receipt))
    return [*documents(tmp_path), "--state", str(tmp_path / "state")]


def reconciled(
    kept: list[str], tmp_path: Path, text: str, *words: str, json: bool = True, now: datetime = NEXT_DAY
) -> Called:
    path = tmp_path / "bill.csv"
    path.write_text(text)
    options = ["--shape", "csv", "--provider", "alpha", *words, *kept]
    return call("reconcile", str(path), *options, now=now, json=json)


def test_a_bill_that_says_the_same_is_in_order(kept: list[str], tmp_path: Path) -> None:
    called = reconciled(kept, tmp_path, ALIKE, "--tolerance", "0")
    assert called.code == 0
    assert called.json["currency"] == "USD"
    assert [(line["day"], line["measure"], line["ledger"], line["in_order"]) for line in called.json["data"]] == [
        ("2026-11-24", "requests", "2", True),
        ("2026-11-24", "tokens_in", "2000", True),
        ("2026-11-24", "tokens_out", "40", True),
        ("2026-11-24", "cost", "0.00204", True),
        ("2026-11-25", "requests", "1", True),
        ("2026-11-25", "tokens_in", "1000", True),
        ("2026-11-25", "tokens_out", "20", True),
        ("2026-11-25", "cost", "0.00104", True),
    ]


@pytest.mark.parametrize(("tolerance", "code"), [("5", FAILED), ("9.09", FAILED), ("9.1", 0), ("50", 0)])
def test_drift_beyond_the_tolerance_ends_with_1(kept: list[str], tmp_path: Path, tolerance: str, code: int) -> None:
    text = "day,model,tokens_in\n2026-11-24,lab/small,2200\n"
    called = reconciled(kept, tmp_path, text, "--tolerance", tolerance)
    (line,) = called.json["data"]
    assert (called.code, line["in_order"]) == (code, code == 0)
    assert (line["route"], line["credential"]) == ("alpha/small", "alpha")
    assert (line["ledger"], line["provider"], line["difference"], line["percent"]) == ("2000", "2200", "200", "9.09")


def test_what_the_bill_leaves_out_is_shown(kept: list[str], tmp_path: Path) -> None:
    called = reconciled(kept, tmp_path, "day,model,requests\n2026-11-24,lab/small,2\n", "--until", "2026-11-25")
    assert [(x["day"], x["ledger"], x["provider"], x["percent"]) for x in called.json["data"]] == [
        ("2026-11-24", "2", "2", "0.00"),
        ("2026-11-25", "1", "0", "100.00"),
    ]
    assert called.code == FAILED


def test_a_model_without_a_route_is_shown_under_its_own_name(kept: list[str], tmp_path: Path) -> None:
    called = reconciled(kept, tmp_path, f"{ALIKE}2026-11-24,lab/large,,1,5,5,0.1,USD\n")
    assert {x["route"] for x in called.json["data"] if not x["in_order"]} == {"alpha/lab/large (undeclared)"}


def test_a_dated_name_is_the_route_of_the_model(kept: list[str], tmp_path: Path) -> None:
    assert reconciled(kept, tmp_path, ALIKE.replace("lab/small", "lab/small-2026-01-31")).code == 0


def test_a_bill_without_models_is_compared_with_every_route(kept: list[str], tmp_path: Path) -> None:
    called = reconciled(kept, tmp_path, "day,requests\n2026-11-24,2\n")
    assert (called.code, called.json["data"][0]["route"]) == (0, None)


def test_lines_of_another_credential_are_of_its_record(kept: list[str], tmp_path: Path) -> None:
    text = f"{ALIKE}2026-11-24,lab/small,key_b,1,1000,20,0.000000007,USD\n"
    assert reconciled(kept, tmp_path, text, "--credential", "key_b=beta", "--tolerance", "0").code == 0
    assert reconciled(kept, tmp_path, text).code == FAILED


def test_another_currency_is_converted_at_the_declared_rate(kept: list[str], tmp_path: Path) -> None:
    text = "day,model,cost,currency\n2026-11-24,lab/small,0.00204,{}\n"
    euros = reconciled(kept, tmp_path, text.format("EUR")).json["data"][0]
    assert euros["ledger"] == "0.00204"
    assert float(euros["provider"]) > float(euros["ledger"])
    refused = reconciled(kept, tmp_path, text.format("XTS"))
    assert refused.stop is not None
    assert "fx.toml" in refused.stop.do


def test_people_read_a_table(kept: list[str], tmp_path: Path) -> None:
    out = reconciled(kept, tmp_path, ALIKE, json=False).out
    assert any(line.split()[:3] == ["2026-11-24", "alpha/small", "cost"] and "USD" in line for line in out.splitlines())
    assert "8 compared, 0 further apart than 1 %." in out


@pytest.mark.parametrize(
    "words",
    [
        ["--tolerance", "some"],
        ["--tolerance", "-1"],
        ["--tolerance", "NaN"],
        ["--credential", "key_b"],
        ["--credential", "key_b=nobody"],
        ["--since", "yesterday"],
        ["--provider", "nobody"],
    ],
)
def test_a_word_that_means_nothing_is_refused(kept: list[str], tmp_path: Path, words: list[str]) -> None:
    called = reconciled(kept, tmp_path, ALIKE, *words)
    assert called.code == MISUSED
    assert called.stop is not None


@pytest.mark.parametrize("text", [HEAD, "MARKER", "day,requests\nMARKER,2\n"])
def test_a_file_without_lines_or_of_another_shape_is_refused(kept: list[str], tmp_path: Path, text: str) -> None:
    called = reconciled(kept, tmp_path, text)
    assert called.code == FAILED
    assert called.stop is not None
    assert "MARKER" not in called.stop.what


@pytest.fixture
def left(tmp_path: Path) -> list[str]:
    """Options of a gateway of two workers with one reported attempt at 0.00104 and three held ones at 0.003 each."""
    held = attempt(usage={}, usage_source="held", cost=3_000_000, hold=3_000_000)
    for number, ids in enumerate((("A", "B", "C"), ("D",))):
        with books_in(
            tmp_path / ("state" if not number else f"state/worker-{number + 1}"), chain=f"c{number}"
        ) as books:
            for id in ids:
                attempts = (attempt() if id == "A" else held,)
                run(partial(books.settle, a_receipt(id, attempts=attempts, cost=attempts[0].cost)))
    return [*documents(tmp_path), "--state", str(tmp_path / "state")]


BILL = "day,model,cost,currency\n2026-11-24,lab/small,0.00404,USD\n"


def sums(options: list[str]) -> tuple[str, str]:
    """(cost, held part of it) of all receipts."""
    (row,) = call("usage", *options[-2:], "--by", "team", json=True).json["data"]
    return row["cost"], row["held"]


def test_a_bill_settles_held_costs_of_every_worker_once(left: list[str], tmp_path: Path) -> None:
    assert sums(left) == ("0.01004", "0.009")
    tried = reconciled(left, tmp_path, BILL, "--settle", "--dry-run")
    expected = {"attempts": 3, "corrected": 3, "difference": "-0.006", "waiting": 0, "dry_run": True}
    assert (tried.json["settled"], sums(left)) == (expected, ("0.01004", "0.009"))
    called = reconciled(left, tmp_path, BILL, "--settle")
    assert (called.code, called.json["settled"]["difference"]) == (0, "-0.006")
    assert [line["percent"] for line in called.json["data"]] == ["0.00"]
    assert sums(left) == ("0.00404", "0")
    again = reconciled(left, tmp_path, BILL, "--settle").json["settled"]
    assert (again["attempts"], again["corrected"], sums(left)) == (3, 0, ("0.00404", "0"))
    later = reconciled(left, tmp_path, BILL.replace("0.00404", "0.00464"), "--settle").json["settled"]
    assert (later["difference"], sums(left)) == ("0.0006", ("0.00464", "0"))
    chains = call("verify", *left[-2:], json=True).json["chains"]
    assert [chain["broken_at"] for chain in chains] == [None] * len(chains)


def test_a_bill_above_the_worst_cases_stays_a_difference(left: list[str], tmp_path: Path) -> None:
    called = reconciled(left, tmp_path, BILL.replace("0.00404", "0.02"), "--settle")
    assert (called.code, called.json["settled"]["difference"], sums(left)) == (FAILED, "0", ("0.01004", "0"))
    assert called.json["data"][0]["difference"] == "0.00996"


def test_the_bill_of_today_is_complete_where_the_operator_says_so(left: list[str], tmp_path: Path) -> None:
    waits = reconciled(left, tmp_path, BILL, "--settle", now=NOW).json["settled"]
    assert (waits["attempts"], waits["waiting"], sums(left)) == (0, 3, ("0.01004", "0.009"))
    assert "3 wait until their day is over" in reconciled(left, tmp_path, BILL, "--settle", now=NOW, json=False).out
    told = reconciled(left, tmp_path, BILL, "--settle", "--until", "2026-11-24", now=NOW).json["settled"]
    assert (told["attempts"], told["waiting"], sums(left)) == (3, 0, ("0.00404", "0"))


def test_without_a_cost_in_the_bill_nothing_is_settled(left: list[str], tmp_path: Path) -> None:
    called = reconciled(left, tmp_path, "day,model,requests\n2026-11-24,lab/small,4\n", "--settle")
    assert (called.json["settled"]["attempts"], sums(left)) == (0, ("0.01004", "0.009"))


def test_people_read_what_was_settled(left: list[str], tmp_path: Path) -> None:
    out = reconciled(left, tmp_path, BILL, "--settle", json=False).out
    assert "3 held attempts have a bill; 3 exchanges are settled, by -0.006 USD." in out
    assert "settled" not in reconciled(left, tmp_path, BILL, json=False).out


def test_a_line_of_one_generation_settles_it_exactly_and_at_once(tmp_path: Path) -> None:
    held = attempt(usage={}, usage_source="held", cost=3_000_000, hold=3_000_000)
    with books_in(tmp_path / "state") as books:
        for id, generation in (("A", "gen-1"), ("B", "gen-2"), ("C", "")):
            one = replace(held, observed={"generation": generation} if generation else {})
            run(partial(books.settle, a_receipt(id, attempts=(one,), cost=3_000_000)))
    left = [*documents(tmp_path), "--state", str(tmp_path / "state")]
    head, line = "day,model,generation,cost,currency\n", "2026-11-24,lab/small,{},{},USD\n"
    bill = head + line.format("gen-1", "0.0005") + line.format("gen-2", "0")
    called = reconciled(left, tmp_path, bill, "--settle", now=NOW)
    assert (called.json["settled"]["attempts"], called.json["settled"]["waiting"]) == (2, 1)
    assert sums(left) == ("0.0035", "0.003")
    rest = bill + line.format("", "0.0007")
    assert reconciled(left, tmp_path, rest, "--settle").json["settled"]["corrected"] == 1
    assert sums(left) == ("0.0012", "0")
    assert reconciled(left, tmp_path, rest, "--settle").json["settled"]["corrected"] == 0


def test_without_a_file_providers_are_asked_by_the_gateway_that_runs(running: Running) -> None:
    called = call("reconcile", "--settle", *running.options[:2], json=True)
    expected = {"records": 0, "attempts": 0, "corrected": 0, "difference": "0", "currency": "USD"}
    assert (called.code, called.json) == (0, expected)


def test_without_a_gateway_or_without_words_nothing_is_done(kept: list[str]) -> None:
    called = call("reconcile", "--settle", *kept[-2:])
    assert called.stop is not None
    assert "no gateway runs" in called.stop.what
    for words in ([], ["bill.csv"], ["bill.csv", "--shape", "csv"], ["--shape", "csv", "--provider", "alpha"]):
        assert call("reconcile", *words, *kept).code == MISUSED
