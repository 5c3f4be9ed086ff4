"""What is declared on disk, and what could be called with it."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from gateway.commands.access.current_state import declared, means
from gateway.commands.access.running import Status
from gateway.commands.terminal.printing import Printer
from gateway.commands.terminal.stop import FAILED, Stop
from gateway.settings import Settings
from tests.commands.calling import KEYS, documents

SILENT = Printer(io.StringIO(), io.StringIO(), as_json=False)


def settings_of(at: Path, **given: object) -> Settings:
    documents(at)
    return Settings.model_validate({"config": at / "config", "policies": at / "policies", **given})


def test_sound_documents_are_a_snapshot(tmp_path: Path) -> None:
    assert set(declared(settings_of(tmp_path), SILENT).routes) == {"alpha/small", "beta/small"}


def test_unsound_documents_stop_with_every_fault(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    for name in ("alpha", "beta"):
        path = tmp_path / f"config/catalog/{name}.toml"
        path.write_text(path.read_text().replace('training = "no"', 'training = "nope"'))
    with pytest.raises(Stop) as stopped:
        declared(settings, SILENT)
    assert stopped.value.code == FAILED
    named = [Path(fault.partition(":")[0]).name for fault in stopped.value.faults]
    assert named == ["alpha.toml", "beta.toml"]


def test_the_environments_credentials_count_where_no_gateway_runs(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    alone = {"SAFECONDUCT_PROVIDER_ALPHA_KEY": KEYS["SAFECONDUCT_PROVIDER_ALPHA_KEY"]}
    assert means(settings, declared(settings, SILENT), alone, None).credentials == {"alpha"}


def test_a_running_gateway_has_credentials_of_its_own(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    now = Status(snapshot="5" * 64, sandbox=False, providers=frozenset({"beta"}))
    assert means(settings, declared(settings, SILENT), {}, now).credentials == {"beta"}


def test_in_the_sandbox_its_providers_can_be_called(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, sandbox=True)
    found = means(settings, declared(settings, SILENT), {}, None)
    assert "sandbox-se" in found.credentials
    assert "sandbox-se" not in found.unset


def test_a_policy_that_fails_its_cases_can_be_looked_at(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    policy = next((tmp_path / "policies").glob("*.toml"))
    case = '\n[[cases]]\nroute = "alpha/small"\nexpect = "EXPECTED"\n'
    told = io.StringIO()
    for expected in ("admitted", "refused"):
        path = tmp_path / "policies" / policy.name
        sound = path.read_text()
        path.write_text(sound + case.replace("EXPECTED", expected))
        assert declared(settings, Printer(io.StringIO(), told, as_json=False)).routes
        path.write_text(sound)
    assert told.getvalue().count("alpha/small is expected to be") == 1
    assert "would not be put in force" in told.getvalue()
