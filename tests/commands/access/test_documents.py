"""The documents on disk, as a command reads them."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from gateway.commands.access.documents import declared_snapshot
from gateway.commands.terminal.printing import Printer
from gateway.commands.terminal.stop import FAILED, Stop
from tests.commands.access.test_current_state import SILENT, settings_of


def test_sound_documents_are_a_snapshot(tmp_path: Path) -> None:
    assert set(declared_snapshot(settings_of(tmp_path), SILENT).routes) == {"alpha/small", "beta/small"}


def test_unsound_documents_stop_with_every_fault(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    for name in ("alpha", "beta"):
        path = tmp_path / f"config/catalog/{name}.toml"
        path.write_text(path.read_text().replace('training = "no"', 'training = "nope"'))
    with pytest.raises(Stop) as stopped:
        declared_snapshot(settings, SILENT)
    assert stopped.value.code == FAILED
    named = [Path(fault.partition(":")[0]).name for fault in stopped.value.faults]
    assert named == ["alpha.toml", "beta.toml"]


def test_a_policy_that_fails_its_cases_can_be_looked_at(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    policy = next((tmp_path / "policies").glob("*.toml"))
    case = '\n[[cases]]\nroute = "alpha/small"\nexpect = "EXPECTED"\n'
    told = io.StringIO()
    for expected in ("admitted", "refused"):
        path = tmp_path / "policies" / policy.name
        sound = path.read_text()
        path.write_text(sound + case.replace("EXPECTED", expected))
        assert declared_snapshot(settings, Printer(io.StringIO(), told, as_json=False)).routes
        path.write_text(sound)
    assert told.getvalue().count("alpha/small is expected to be") == 1
    assert "only after these faults are corrected" in told.getvalue()
