"""`safeconduct reload`: all at once, or not at all."""

from __future__ import annotations

from pathlib import Path

from gateway.commands.access.running import status
from gateway.commands.terminal.stop import FAILED
from tests.commands.calling import call
from tests.commands.conftest import Running


def in_force(running: Running) -> str:
    found = status(running.state)
    assert found is not None
    return found.snapshot


def test_a_changed_policy_is_in_force_after_it(running: Running) -> None:
    path, before = running.documents / "policies/open.toml", in_force(running)
    kept = path.read_text()
    try:
        path.write_text(kept + '[routes]\nignore = ["sandbox-us"]\n')
        called = call("reload", *running.options[:2], json=True)
        assert (called.code, called.json["reloaded"]) == (0, True)
        assert in_force(running) == called.json["snapshot"] != before
        assert running.ask("sandbox-us/sandbox-small").status_code == 403
    finally:
        path.write_text(kept)
        call("reload", *running.options[:2])
    assert running.ask("sandbox-us/sandbox-small").status_code == 200


def test_a_faulty_set_keeps_the_old_one_in_force(running: Running) -> None:
    path, before = running.documents / "policies/open.toml", in_force(running)
    kept = path.read_text()
    try:
        path.write_text(kept + "[bond]\n")
        called = call("reload", *running.options[:2])
        assert called.code == FAILED
        assert "policies/open.toml" in called.out
        assert f"{before[:12]} stay in force" in called.out
        assert in_force(running) == before
    finally:
        path.write_text(kept)


def test_without_a_running_gateway_it_says_so(tmp_path: Path) -> None:
    called = call("reload", "--state", str(tmp_path))
    assert called.code == FAILED
    assert called.stop is not None
    assert "no gateway runs" in called.stop.what
