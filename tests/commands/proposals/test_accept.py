"""`catalogue accept`."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from gateway.commands.terminal.stop import MISUSED
from tests.commands.calling import Called, call
from tests.commands.proposals.lists import a_catalogue, genai, litellm, updated


@pytest.fixture
def options(tmp_path: Path) -> list[str]:
    """A dearer price of two lists is proposed; a context of one list waits."""
    options = a_catalogue(tmp_path)
    record = tmp_path / "config/catalog/alpha.toml"
    record.write_text(record.read_text().replace("input = 2\n", "input = 2  # by contract\n"))
    lists = litellm(tmp_path, alpha=3e-06, max_input_tokens=9000), genai(tmp_path, alpha=3)
    assert updated(tmp_path, options, *lists).code == 0
    return options


def accept(at: Path, options: list[str], *words: str) -> Called:
    return call("catalogue", "accept", str(at / "proposal.json"), *words, "--by", "N. N.", *options, json=True)


def snapshot_of(at: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(at.rglob("*")) if path.is_file()}


def test_proposed_changes_are_written_in_place_and_recorded(options: list[str], tmp_path: Path) -> None:
    record = tmp_path / "config/catalog/alpha.toml"
    before = record.read_text()
    called = accept(tmp_path, options)
    assert called.json["accepted"] == ["alpha/small:price.input"]
    expected = before.replace("input = 2  # by", "input = 3  # by").replace(
        'source = "price list"\nread_on = 2026-11-20',
        'source = "litellm of 2026-11-22 and genai-prices of 2026-11-21"\nread_on = 2026-11-21',
    )
    assert record.read_text() == expected
    entry = (tmp_path / "config/catalog/CHANGES.md").read_text()
    assert "accepted by N. N." in entry
    assert "`alpha/small:price.input` | 2 | 3" in entry
    assert call("check", *options[:4], json=True).json["faults"] == []


def test_a_person_takes_open_changes_by_name(options: list[str], tmp_path: Path) -> None:
    assert accept(tmp_path, options, "beta/small:context").json["files"] == ["beta.toml"]
    (route,) = tomllib.loads((tmp_path / "config/catalog/beta.toml").read_text())["routes"]
    assert route["context"] == 9000
    assert route["price"]["read_on"].isoformat() == "2026-11-20"


def test_everything_or_one_provider_may_be_taken(options: list[str], tmp_path: Path) -> None:
    assert accept(tmp_path, options, "--provider", "beta").json["accepted"] == []
    assert len(accept(tmp_path, options, "--all").json["accepted"]) == 3


def test_what_was_accepted_is_not_proposed_again(options: list[str], tmp_path: Path) -> None:
    accept(tmp_path, options, "--all")
    lists = litellm(tmp_path, alpha=3e-06, max_input_tokens=9000), genai(tmp_path, alpha=3)
    counts = updated(tmp_path, options, *lists).json
    assert (counts["proposed"], counts["to_decide"]) == (0, 0)


def test_a_catalogue_that_has_changed_since_is_left_alone(options: list[str], tmp_path: Path) -> None:
    accept(tmp_path, options)
    before = snapshot_of(tmp_path)
    called = accept(tmp_path, options)
    assert called.stop is not None
    assert called.stop.faults == ("alpha/small:price.input",)
    assert snapshot_of(tmp_path) == before


def test_a_change_that_makes_a_fault_writes_nothing_of_any(options: list[str], tmp_path: Path) -> None:
    record = tmp_path / "config/catalog/beta.toml"
    record.write_text(record.read_text().replace("upstream", "max_output = 30000\nupstream"))
    lists = litellm(tmp_path, alpha=3e-06, max_input_tokens=9000), genai(tmp_path, alpha=3)
    updated(tmp_path, options, *lists)
    before = snapshot_of(tmp_path)
    called = accept(tmp_path, options, "--all")
    assert called.stop is not None
    assert "max_output" in called.stop.faults[0]
    assert snapshot_of(tmp_path) == before


@pytest.mark.parametrize(
    ("words", "what"),
    [(["alpha/small:price.nothing"], "has no change"), (["alpha/small:price.input", "--all"], "IDs stand alone")],
)
def test_a_wrong_call_says_what_to_do(options: list[str], tmp_path: Path, words: list[str], what: str) -> None:
    called = accept(tmp_path, options, *words)
    assert called.stop is not None
    assert what in called.stop.what
    assert called.code == MISUSED
