"""`safeconduct facts`."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.commands.terminal.stop import MISUSED
from tests.commands.calling import KEYS, Called, a_state, call, documents


def facts(at: Path, *words: str, json: bool = True, environ: dict[str, str] | None = None) -> Called:
    action, *rest = words or ("list",)
    if not (at / "config").is_dir():
        documents(at)
    options = ("--config", str(at / "config"), "--policies", str(at / "policies"), "--state", a_state(at / "state"))
    return call("facts", action, *options, *rest, json=json, environ=KEYS if environ is None else environ)


def record(at: Path) -> Path:
    return at / "config/catalog/alpha.toml"


def test_every_fact_has_its_age_its_sources_and_the_routes_that_rest_on_it(tmp_path: Path) -> None:
    listed = facts(tmp_path, "list", "--provider", "alpha", "--dimension", "training").json
    assert listed == [
        {
            "provider": "alpha",
            "dimension": "training",
            "value": "no",
            "age_days": 4,
            "read_on": "2026-11-20",
            "verified_on": None,
            "verified_by": None,
            "looked_at": None,
            "sources": [{"url": "https://example.org/terms", "dated": None}],
            "disputed": [],
            "note": None,
            "routes_in_use": 1,
        }
    ]


def test_without_a_credential_no_route_rests_on_a_fact(tmp_path: Path) -> None:
    assert {line["routes_in_use"] for line in facts(tmp_path, environ={}).json} == {0}
    assert facts(tmp_path, "list", "--in-use", environ={}).json == []


@pytest.mark.parametrize(("least", "some"), [("4", True), ("5", False)])
def test_facts_of_an_age_are_chosen(tmp_path: Path, least: str, some: bool) -> None:
    assert bool(facts(tmp_path, "list", "--older-than", least).json) is some


def test_people_read_a_table(tmp_path: Path) -> None:
    out = facts(tmp_path, json=False).out
    assert "nobody" in out
    assert "https://example.org/terms" in out


def test_a_verification_is_written_beside_comments_that_stay(tmp_path: Path) -> None:
    facts(tmp_path)
    path = record(tmp_path)
    text = path.read_text()
    path.write_text(text.replace("retention_days = 0", "retention_days = 0  # as their page says"))
    words = ["alpha.training", "--source", "https://a.example", "--by", "N. N.", "--looked-at", "section 3"]
    assert facts(tmp_path, "verify", *words, "--dated", "2026-10-01").code == 0
    (line,) = facts(tmp_path, "list", "--provider", "alpha", "--dimension", "training").json
    assert (line["verified_on"], line["verified_by"], line["looked_at"]) == ("2026-11-24", "N. N.", "section 3")
    assert line["sources"] == [{"url": "https://a.example", "dated": "2026-10-01"}]
    assert line["age_days"] == 0
    changed = [b for a, b in zip(text.splitlines(), path.read_text().splitlines(), strict=True) if a != b]
    assert len(changed) == 2
    assert "# as their page says" in changed[0]


def test_a_person_may_find_another_value(tmp_path: Path) -> None:
    facts(tmp_path)
    assert facts(tmp_path, "verify", "alpha.logging", "--source", "s", "--value", "metadata").code == 0
    assert facts(tmp_path, "list", "--provider", "alpha", "--dimension", "logging").json[0]["value"] == "metadata"


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["alpah.training", "--source", "s"], "unknown provider"),
        (["alpha.trainning", "--source", "s"], "knows no dimension"),
        (["alpha.logging", "--source", "s"], "states nothing for logging"),
        (["alpha.training", "--source", "s", "--dated", "soon"], "--dated must be a date"),
        (["alpha.training", "--source", "s", "--value", "never"], "would have faults"),
    ],
)
def test_what_cannot_be_written_leaves_the_document_as_it_was(tmp_path: Path, words: list[str], what: str) -> None:
    facts(tmp_path)
    before = record(tmp_path).read_bytes()
    called = facts(tmp_path, "verify", *words)
    assert called.stop is not None
    assert what in called.stop.what
    assert called.code in (1, MISUSED)
    assert record(tmp_path).read_bytes() == before
