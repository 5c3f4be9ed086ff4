"""Two sets of documents to compare."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.commands.comparisons.sides import catalogue_of, pairs, policies_of
from gateway.commands.terminal.stop import Stop
from gateway.settings import Settings, read
from tests.commands.calling import documents


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    documents(tmp_path)
    return read({"SAFECONDUCT_CONFIG": str(tmp_path / "config"), "SAFECONDUCT_POLICIES": str(tmp_path / "policies")})


def test_a_policy_is_a_directory_a_file_or_a_name(settings: Settings, tmp_path: Path) -> None:
    new = tmp_path / "third.toml"
    new.write_text('name = "third"\npurpose = "Everything."\n')
    for named, name in ((str(tmp_path / "policies"), ""), (str(new), "third"), ("strict", "strict")):
        with policies_of(named, settings) as (snapshot, policy):
            assert policy == name
            assert {"open", "strict"} <= set(snapshot.policies)


def test_a_catalogue_is_a_directory_or_a_record(settings: Settings, tmp_path: Path) -> None:
    partial = tmp_path / "partial/catalog"
    partial.mkdir(parents=True)
    record = partial / "alpha.toml"
    record.write_text((tmp_path / "config/catalog/alpha.toml").read_text().replace("Alpha", "Other"))
    with catalogue_of(str(partial.parent), settings) as snapshot:
        assert set(snapshot.providers) == {"alpha"}
    with catalogue_of(str(record), settings) as snapshot:
        assert (set(snapshot.providers), snapshot.providers["alpha"].name) == ({"alpha", "beta"}, "Other")
    assert "Alpha" in (tmp_path / "config/catalog/alpha.toml").read_text()


@pytest.mark.parametrize("named", ["nowhere", "."])
def test_what_is_no_catalogue_stops(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    with pytest.raises(Stop), catalogue_of(named, settings):
        pass


def test_documents_with_faults_stop_with_every_fault(settings: Settings, tmp_path: Path) -> None:
    bad = tmp_path / "alpha.toml"
    bad.write_text("id = 1\n")
    with pytest.raises(Stop) as stop, catalogue_of(str(bad), settings):
        pass
    assert stop.value.faults


def test_named_policies_are_compared_and_else_those_of_the_same_name(settings: Settings) -> None:
    with policies_of("open", settings) as one, policies_of("strict", settings) as other:
        ((before, after),) = pairs(one, other)
        assert (before.policy.name, after.policy.name) == ("open", "strict")
        both = pairs((one[0], ""), (other[0], ""))
        assert [before.policy.name for before, _ in both] == ["open", "strict"]
        assert [after.policy.name for _, after in pairs(one, (other[0], ""))] == ["open"]
