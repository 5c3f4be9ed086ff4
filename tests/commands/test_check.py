"""`safeconduct check`."""

from __future__ import annotations

import shutil
from pathlib import Path

from gateway.commands.terminal.stop import FAILED
from tests.commands.calling import KEYS, ROOT, call, documents


def test_sound_documents_are_in_order_and_every_policy_says_what_it_admits(tmp_path: Path) -> None:
    only_alpha = {"SAFECONDUCT_PROVIDER_ALPHA_KEY": "a-secret"}
    called = call("check", *documents(tmp_path), environ=only_alpha, json=True)
    assert called.code == 0
    assert called.json["in_order"] is True
    assert called.json["faults"] == []
    assert called.json["policies"] == [
        {"policy": "open", "routes": 2, "models": 1, "callable": 2, "ready": 1},
        {"policy": "strict", "routes": 1, "models": 1, "callable": 1, "ready": 1},
    ]


def test_every_fault_is_listed_with_file_key_and_what_to_do(tmp_path: Path) -> None:
    words = documents(tmp_path)
    for name in ("alpha", "beta"):
        path = tmp_path / f"config/catalog/{name}.toml"
        path.write_text(path.read_text().replace('training = "no"', 'training = "nope"'))
    called = call("check", *words)
    assert called.code == FAILED
    faults = [line for line in called.out.splitlines() if line.startswith("fault")]
    assert len(faults) == 2
    assert "config/catalog/alpha.toml: posture.training: " in faults[0]
    assert "no, opt_out, yes" in faults[0]
    assert "2 faults: nothing of this would be put in force" in called.out


def test_a_credential_of_a_provider_that_is_not_declared_is_a_fault(tmp_path: Path) -> None:
    environ = {**KEYS, "SAFECONDUCT_PROVIDER_GAMMA_KEY": "g-secret"}
    called = call("check", *documents(tmp_path), environ=environ, json=True)
    assert called.code == FAILED
    assert [fault["key"] for fault in called.json["faults"]] == ["SAFECONDUCT_PROVIDER_GAMMA_KEY"]
    assert "g-secret" not in called.out


def test_a_directory_that_is_not_there_is_said(tmp_path: Path) -> None:
    called = call("check", "--config", str(tmp_path / "nowhere"), "--policies", str(ROOT / "policies"))
    assert called.code == FAILED
    faults = [line for line in called.out.splitlines() if line.startswith("fault")]
    assert faults == [f"fault    {tmp_path}/nowhere: the directory does not exist; create it, or correct the setting"]


def test_people_read_a_table(tmp_path: Path) -> None:
    called = call("check", *documents(tmp_path), environ=KEYS)
    assert "in order; 0 warnings" in called.out
    assert [line.split() for line in called.out.splitlines() if line.split()[:1] == ["strict"]] == [
        ["strict", "1", "1", "1", "1"]
    ]


def test_a_control_plane_that_tells_nothing_is_a_warning(tmp_path: Path) -> None:
    """Nobody listens at the address."""
    shutil.copytree(Path(__file__).parents[2] / "config", tmp_path / "config")
    record = tmp_path / "config/catalog/aws-bedrock-eu.toml"
    record.write_text(record.read_text().replace("https://bedrock.{region}.amazonaws.com", "http://127.0.0.1:1"))
    environ = {
        "SAFECONDUCT_PROVIDER_AWS_BEDROCK_EU_KEY": "key",
        "SAFECONDUCT_PROVIDER_AWS_BEDROCK_EU_REGION": "eu-central-1",
    }
    answer = call("check", "--config", str(tmp_path / "config"), environ=environ, json=True).json
    [warning] = [w for w in answer["warnings"] if w["key"] == "connection.destinations"]
    assert warning["file"] == "catalog/aws-bedrock-eu.toml"
    assert "(unreachable)" in warning["what"]
