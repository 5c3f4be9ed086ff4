"""`catalogue update`."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.commands.terminal.stop import MISUSED
from tests.commands.calling import call
from tests.commands.proposals.lists import a_catalogue, genai, litellm, updated


def test_a_change_of_two_lists_is_proposed_and_written_with_its_origin(tmp_path: Path) -> None:
    options = a_catalogue(tmp_path)
    called = updated(tmp_path, options, litellm(tmp_path, alpha=3e-06), genai(tmp_path, alpha=3))
    assert (called.code, called.json["proposed"], called.json["to_decide"]) == (0, 1, 0)
    proposal = json.loads((tmp_path / "proposal.json").read_text())
    (change,) = proposal["changes"]
    assert (change["id"], change["before"], change["after"]) == ("alpha/small:price.input", "2", "3")
    assert [feed["dated"] for feed in proposal["feeds"]] == ["2026-11-22", "2026-11-21"]
    assert all(len(feed["sha256"]) == 64 for feed in proposal["feeds"])


def test_one_list_alone_waits_for_a_person(tmp_path: Path) -> None:
    called = updated(tmp_path, a_catalogue(tmp_path), litellm(tmp_path, alpha=3e-06))
    assert (called.json["proposed"], called.json["to_decide"]) == (0, 1)


@pytest.mark.parametrize(
    ("words", "fields"),
    [
        (("--only", "limits"), {"context"}),
        (("--only", "prices,limits"), {"context", "price.input"}),
        (("--provider", "beta"), {"context"}),
    ],
)
def test_the_comparison_is_narrowed(tmp_path: Path, words: tuple[str, ...], fields: set[str]) -> None:
    updated(tmp_path, a_catalogue(tmp_path), litellm(tmp_path, alpha=3e-06, max_input_tokens=9000), words=words)
    proposal = json.loads((tmp_path / "proposal.json").read_text())
    assert {change["field"] for change in proposal["changes"]} == fields


def test_people_read_counts_and_the_next_command(tmp_path: Path) -> None:
    options = a_catalogue(tmp_path)
    words = ["--from", litellm(tmp_path, max_output_tokens=-1), "--out", str(tmp_path / "p.json")]
    called = call("catalogue", "update", *words, *options)
    assert "0 changes are proposed" in called.out
    assert "catalogue review" in called.out
    assert "alpha/lab/small is left out: max_output_tokens must be" in called.notes


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b'{"a": {"litellm_provider": "alpha"', "is not JSON"),
        (b'{"a": {"litellm_provider": "alpha", "input_cost_per_token": NaN}}', "holds NaN"),
        (b"\xff\xfe", "is not UTF-8"),
        (b'{"a": 1}', "is not a price list"),
        (b"[[1]]", "is not a price list"),
    ],
)
def test_a_bad_list_is_refused_and_nothing_is_written(tmp_path: Path, content: bytes, what: str) -> None:
    bad = tmp_path / "bad.json"
    bad.write_bytes(content)
    called = updated(tmp_path, a_catalogue(tmp_path), litellm(tmp_path), f"{bad}@2026-11-20")
    assert called.stop is not None
    assert what in called.stop.what
    assert "no proposal was written" in called.stop.do
    assert not (tmp_path / "proposal.json").exists()


@pytest.mark.parametrize(
    ("words", "what"),
    [
        ([], "no price list was named"),
        (["--from", "missing.json"], "neither a file"),
        (["--from", "x", "--only", "postures"], "--only must name"),
        (["--from", "x", "--provider", "gamma"], "unknown provider"),
    ],
)
def test_a_wrong_call_says_what_to_do(tmp_path: Path, words: list[str], what: str) -> None:
    called = call("catalogue", "update", *words, "--out", str(tmp_path / "p.json"), *a_catalogue(tmp_path))
    assert called.stop is not None
    assert what in called.stop.what
    assert called.code in (1, MISUSED)


def test_an_installed_package_without_a_list_is_not_assumed(tmp_path: Path) -> None:
    """By the machine's own clock: the list of an installed package is of the day of its file."""
    words = ("--installed", "--out", str(tmp_path / "p.json"), *a_catalogue(tmp_path))
    called = call("catalogue", "update", *words, now=datetime.now(UTC))
    assert called.stop is None or "no price list was named" in called.stop.what
