"""`safeconduct reprice`."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from gateway.commands.terminal.stop import MISUSED
from tests.builders import a_receipt
from tests.commands.calling import call, documents
from tests.commands.conftest import Running
from tests.stores.books_in import books_in, run

DAYS = ["--since", "2026-11-24", "--until", "2026-11-24"]


@pytest.fixture
def kept(tmp_path: Path) -> list[str]:
    """Options of a gateway of two workers that ended; its receipts were rated at half of today's input price."""
    for number, state in enumerate((tmp_path / "state", tmp_path / "state/worker-2")):
        with books_in(state, chain=f"chain{number}") as books:
            run(partial(books.settle, a_receipt(f"R{number}", cost=1_040_000)))
    return [*documents(tmp_path), "--state", str(tmp_path / "state")]


def cost(kept: list[str]) -> str:
    return str(call("usage", *kept[-2:], json=True).json["data"][0]["cost"])


def test_without_a_gateway_the_entries_are_written_here(kept: list[str]) -> None:
    before = cost(kept)
    tried = call("reprice", *DAYS, "--dry-run", *kept, json=True)
    assert (tried.code, tried.json["corrected"], tried.json["dry_run"], cost(kept)) == (0, 2, True, before)
    called = call("reprice", *DAYS, *kept, json=True)
    expected = {"exchanges": 2, "corrected": 2, "difference": "0.00208", "currency": "USD", "dry_run": False}
    assert (called.code, called.json) == (0, expected)
    assert call("reprice", *DAYS, *kept, json=True).json["corrected"] == 0
    chains = call("verify", *kept[-2:], json=True).json["chains"]
    assert [chain["broken_at"] for chain in chains] == [None] * 4
    assert [chain["differing"] for chain in chains] == [["R0: charges"], [], ["R1: charges"], []], (
        "settled without a hold"
    )


def test_people_read_a_line(kept: list[str]) -> None:
    tried = call("reprice", *DAYS, "--dry-run", *kept).out
    assert "Of 2 exchanges 2 would be corrected, by 0.00208 USD in all." in tried
    assert "Of 2 exchanges 2 are corrected, by 0.00208 USD in all." in call("reprice", *DAYS, *kept).out


def test_a_running_gateway_writes_them_itself(running: Running) -> None:
    id = running.ask().headers["x-safeconduct-receipt"]
    day = call("receipts", id, *running.options[:2], json=True).json["began_at"][:10]
    called = call("reprice", "--since", day, "--until", day, *running.options[:2], json=True)
    assert called.code == 0
    assert called.json["exchanges"] >= 1
    assert called.json["corrected"] == 0  # prices are what they were


@pytest.mark.parametrize(
    "words",
    [
        ["--since", "yesterday", "--until", "2026-11-24"],
        ["--since", "2026-11-24", "--until", "2026-13-01"],
        [*DAYS, "--provider", "nobody"],
    ],
)
def test_a_word_that_means_nothing_is_refused(kept: list[str], words: list[str]) -> None:
    called = call("reprice", *words, *kept)
    assert called.code == MISUSED
    assert called.stop is not None


def test_where_nothing_was_kept_nothing_is_made(tmp_path: Path) -> None:
    called = call("reprice", *DAYS, "--state", str(tmp_path / "none"))
    assert called.stop is not None
    assert not (tmp_path / "none").exists()
