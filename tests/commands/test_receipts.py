"""`safeconduct receipts`."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import httpx
import pytest

from gateway.commands.terminal.stop import FAILED, MISUSED
from tests.commands.calling import call
from tests.commands.conftest import Running

STRICT = {"x-safeconduct-policy": "strict"}


def test_the_newest_comes_first_and_each_says_where_it_went(running: Running) -> None:
    served = running.ask().headers["x-safeconduct-receipt"]
    refused = running.ask("sandbox-us/sandbox-small", **STRICT).headers["x-safeconduct-receipt"]
    newest = call("receipts", "--limit", "2", *running.options[:2], json=True).json
    assert [receipt["id"] for receipt in newest] == [refused, served]
    assert [receipt["route"] for receipt in newest] == ["", "sandbox-us/sandbox-small"]
    assert [receipt["code"] for receipt in newest] == ["no_eligible_route", ""]


def test_people_read_a_table(running: Running) -> None:
    running.ask("sandbox-us/sandbox-small", **STRICT)
    served = running.ask().headers["x-safeconduct-receipt"]
    out = call("receipts", "--limit", "2", *running.options[:2]).out
    assert "refused: no_eligible_route" in out
    ((first, second),) = [pair for pair in pairwise(out.splitlines()) if served in pair[0]]
    assert first.split()[:2] == [served, "served"]
    assert "sandbox-us/sandbox-small (US)" in second
    assert second.split()[-1] == "USD"


def test_one_receipt_is_a_page_with_its_reasons(running: Running) -> None:
    served = running.ask(**STRICT).headers["x-safeconduct-receipt"]
    out = call("receipts", served, *running.options[:2]).out
    assert "open (organisation), open (team), unrestricted (key), strict (request)" in out
    assert "sandbox-se/sandbox-small" in out
    (refused,) = [line for line in out.splitlines() if "sandbox-us/sandbox-small" in line]
    assert refused.split()[1:] == ["posture:processed_in@request:strict,", "posture:retention_days@request:strict"]


def test_a_page_says_what_a_translation_lost_in_words(running: Running) -> None:
    context = {"model": "sandbox-small", "messages": [{"role": "user", "content": "Hello"}], "seed": 7, "n": 2}
    headers = {"authorization": f"Bearer {running.key}"}
    answer = httpx.post(f"{running.base_url}/chat/completions", json=context, headers=headers, timeout=30)
    out = call("receipts", answer.headers["x-safeconduct-receipt"], *running.options[:2]).out
    assert "anthropic_messages cannot hold n" in out
    assert "{" not in out


def test_one_receipt_for_programs_is_the_receipt_as_kept(running: Running) -> None:
    served = running.ask().headers["x-safeconduct-receipt"]
    receipt = call("receipts", served, *running.options[:2], json=True).json
    assert receipt["id"] == served
    assert receipt["attempts"][0]["usage_source"] == "provider"
    assert receipt["cost"] > 0


@pytest.mark.parametrize(("words", "said"), [(["nope"], "unknown receipt id"), (["--limit", "0"], "at least 1")])
def test_what_is_not_there_is_said(running: Running, words: list[str], said: str) -> None:
    called = call("receipts", *words, *running.options[:2])
    assert called.code == MISUSED
    assert called.stop is not None
    assert said in called.stop.what


def test_without_a_journal_there_is_none_to_read(tmp_path: Path) -> None:
    called = call("receipts", "--state", str(tmp_path))
    assert called.code == FAILED
    assert called.stop is not None
    assert "--state" in called.stop.do
