from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from gateway.core.cost import Fx
from gateway.declarations.documents import digest
from gateway.declarations.load import load
from tests.declarations.papers import DOCUMENTS, TODAY, papers

BOX = """
id = "sandbox-se"
name = "Sandbox"
operator = "this machine"
[connection]
dialect = "openai_chat"
auth = "bearer"
base_url = "http://127.0.0.1:{port}/v1"
settings = ["port"]
[posture]
training = "no"
[[exceptions]]
id = "files"
features = ["files"]
[exceptions.posture]
training = { value = "yes", read_on = 2020-01-01 }
[[routes]]
model = "sandbox-small"
upstream_model = "s"
"""


def test_sound_documents_become_a_snapshot(tmp_path: Path) -> None:
    loaded = papers(tmp_path).load()
    snapshot = loaded.snapshot
    assert snapshot is not None
    assert (loaded.faults, loaded.warnings) == ((), ())
    assert (snapshot.organisation.id, list(snapshot.teams), list(snapshot.policies)) == (
        "acme",
        ["research"],
        ["open", "strict"],
    )
    assert list(snapshot.routes) == ["alpha/small", "beta/small"]
    assert snapshot.routes_of["small"] == tuple(snapshot.routes.values())
    assert [grant.evidence for grant in snapshot.grants["beta"]] == ["contract 7"]
    assert snapshot.regions == {"EU": {"DE", "FR", "SE"}, "UK": {"GB"}}
    assert snapshot.fx == Fx("USD", {"EUR": Decimal("1.16")}, date(2026, 11, 23), "a list of rates")
    assert snapshot.aliases["lab/small"] == "small"
    assert snapshot.redirects == {}


def test_the_bytes_of_every_document_are_kept_under_their_digest(tmp_path: Path) -> None:
    loaded = papers(tmp_path).load()
    assert loaded.documents == {name: text.encode() for name, text in DOCUMENTS.items()}
    assert loaded.snapshot is not None
    assert loaded.snapshot.digest == digest(loaded.documents)


def test_the_same_documents_elsewhere_have_the_same_digest(tmp_path: Path) -> None:
    here, there = papers(tmp_path / "here").snapshot(), papers(tmp_path / "there").snapshot()
    changed = papers(tmp_path / "changed").add("config/fx.toml", "# a comment\n").snapshot()
    assert here.digest == there.digest != changed.digest


def test_five_faults_in_one_document_are_five(tmp_path: Path) -> None:
    paper = papers(tmp_path)
    for old, new in (
        ('training = "no"', 'training = "nope"'),
        ('name = "Alpha"\n', ""),
        ("retention_days = 0", "retention_days = -1"),
        ('auth = "bearer"', 'auth = "bearre"'),
        ("input = 0.54", 'inputt = "x"'),
    ):
        paper.change("config/catalog/alpha.toml", old, new)
    loaded = paper.load()
    assert loaded.snapshot is None
    assert sorted(fault.key for fault in loaded.faults) == [
        "connection.auth",
        "name",
        "posture.retention_days",
        "posture.training",
        "routes[small].price.inputt",
    ]
    assert {Path(fault.file).name for fault in loaded.faults} == {"alpha.toml"}


def test_faults_of_all_documents_come_together(tmp_path: Path) -> None:
    paper = papers(tmp_path)
    for name in DOCUMENTS:
        paper.write(name, "surprise = 1\n" + (paper.root / name).read_text())
    faults = paper.faults()
    assert [fault.split(":")[0] for fault in faults] == sorted(DOCUMENTS)
    assert all(": surprise: is not a key here" in fault for fault in faults)


def test_a_document_that_is_no_toml_leaves_its_names_declared(tmp_path: Path) -> None:
    paper = papers(tmp_path)
    for name in ("config/catalog/alpha.toml", "config/models/lab.toml", "policies/open.toml", "config/regions.toml"):
        paper.write(name, "= 1")
    faults = paper.faults()
    assert [fault.split(":")[0] for fault in faults] == [
        "config/catalog/alpha.toml",
        "config/models/lab.toml",
        "config/regions.toml",
        "policies/open.toml",
    ]


def test_nothing_in_the_documents_of_an_organisation_is_missed_while_another_is_missing(tmp_path: Path) -> None:
    paper = papers(tmp_path).remove("config/organisation.toml").change("config/teams.toml", '"open"', '"opne"')
    assert len(paper.faults()) == 2


def test_faults_of_callers_do_not_hide_what_a_policy_admits(tmp_path: Path) -> None:
    paper = (
        papers(tmp_path).change("config/teams.toml", '"open"', '"opne"').change("policies/strict.toml", '"EU"', '"NO"')
    )
    assert any("admits none of the routes" in fault for fault in paper.faults())


def test_the_bundled_provider_was_read_today(tmp_path: Path) -> None:
    paper = papers(tmp_path).write("box/catalog/sandbox-se.toml", BOX)
    paper.write("box/models/sandbox.toml", '[[models]]\nid = "sandbox-small"\nname = "S"\nlab = "Sandbox"\n')
    today = date(2031, 1, 1)
    provider = paper.snapshot("box", today=today).providers["sandbox-se"]
    assert (provider.sandbox, provider.read_on) == (True, today)
    assert {fact.read_on for fact in (*provider.facts.values(), *provider.exceptions[0].facts.values())} == {today}
    assert "sandbox/catalog/sandbox-se.toml" in paper.load("box").documents
    assert not paper.snapshot("box").providers["alpha"].sandbox


def test_the_bundled_provider_takes_no_name_of_the_catalogue(tmp_path: Path) -> None:
    paper = papers(tmp_path).write("box/catalog/alpha.toml", BOX.replace("sandbox-se", "alpha"))
    paper.write("box/models/sandbox.toml", '[[models]]\nid = "sandbox-small"\nname = "S"\nlab = "Sandbox"\n')
    assert any('id: "alpha" is declared already' in fault for fault in paper.faults("box"))


def test_aliases_have_a_document_beside_the_labs(tmp_path: Path) -> None:
    paper = papers(tmp_path).write("config/models/aliases.toml", '[aliases]\n"claude-haiku" = "small"\n')
    model = paper.snapshot().model("claude-haiku")
    assert model is not None
    assert model.id == "small"


def test_a_directory_that_is_not_there_is_the_only_fault(tmp_path: Path) -> None:
    """Not also every name that would have been declared in it."""
    papers(tmp_path)
    for config, policies in (("nowhere", "policies"), ("config", "nowhere"), ("config/fx.toml", "policies")):
        loaded = load(tmp_path / config, tmp_path / policies, today=TODAY)
        assert loaded.snapshot is None
        assert [fault.what for fault in loaded.faults] == ["the directory does not exist"]


def test_nothing_at_all_is_two_faults(tmp_path: Path) -> None:
    loaded = load(tmp_path / "config", tmp_path / "policies", today=TODAY)
    assert loaded.snapshot is None
    assert [fault.what for fault in loaded.faults] == ["the directory does not exist"] * 2


ANYTHING = ('5', '-1', '"x"', '""', "true", "1.5", "nan", "[]", "[5]", '["x", "x"]', "[[]]", "{}", "{ value = 5 }",
            "[{}]", "2062-01-01", "2026-01-01T00:00:00Z", "12:00:00")  # fmt: skip


@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_value_anywhere_raises(tmp_path: Path, name: str) -> None:
    """Every value of every document replaced by everything that TOML can hold."""
    paper, lines = papers(tmp_path), DOCUMENTS[name].splitlines()
    for number, line in enumerate(lines):
        key, equals, _ = line.partition(" = ")
        if not equals or line.startswith(" "):
            continue
        for value in ANYTHING:
            text = "\n".join([*lines[:number], f"{key} = {value}", *lines[number + 1 :]])
            loaded = paper.write(name, text).load()
            assert loaded.snapshot is not None or loaded.faults
