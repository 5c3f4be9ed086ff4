"""`safeconduct usage`."""

from __future__ import annotations

import pytest

from gateway.commands.stop import MISUSED
from tests.commands.calling import call
from tests.commands.conftest import Running


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


def test_a_time_without_receipts_says_so(running: Running) -> None:
    out = call("usage", "--until", "2020-01-01", *running.options[:2]).out
    assert "There is no receipt in that time." in out


@pytest.mark.parametrize(
    "words", [["--by", "colour"], ["--by", ","], ["--since", "yesterday"], ["--until", "2026-13-01"]]
)
def test_a_word_that_means_nothing_is_refused(running: Running, words: list[str]) -> None:
    called = call("usage", *words, *running.options[:2])
    assert called.code == MISUSED
    assert called.stop is not None
    assert called.stop.do
