"""What is declared on disk, and what could be called with it."""

from __future__ import annotations

import io
from pathlib import Path

from gateway.commands.access.current_state import means
from gateway.commands.access.documents import declared_snapshot
from gateway.commands.access.running import GatewayStatus
from gateway.commands.terminal.printing import Printer
from gateway.settings import Settings
from tests.commands.calling import KEYS, documents

SILENT = Printer(io.StringIO(), io.StringIO(), as_json=False)


def settings_of(at: Path, **given: object) -> Settings:
    documents(at)
    return Settings.model_validate({"config": at / "config", "policies": at / "policies", **given})


def test_the_environments_credentials_count_where_no_gateway_runs(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    alone = {"SAFECONDUCT_PROVIDER_ALPHA_KEY": KEYS["SAFECONDUCT_PROVIDER_ALPHA_KEY"]}
    assert means(settings, declared_snapshot(settings, SILENT), alone, None).credentials == {"alpha"}


def test_a_running_gateway_has_credentials_of_its_own(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    now = GatewayStatus(snapshot="5" * 64, sandbox=False, providers=frozenset({"beta"}))
    assert means(settings, declared_snapshot(settings, SILENT), {}, now).credentials == {"beta"}


def test_in_the_sandbox_its_providers_can_be_called(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, sandbox=True)
    found = means(settings, declared_snapshot(settings, SILENT), {}, None)
    assert "sandbox-se" in found.credentials
    assert "sandbox-se" not in found.unset
