"""The command line: finds the command, and loads no more than that."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from gateway.__main__ import COMMANDS, main
from gateway.commands.terminal.stop import FAILED, MISUSED

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("words", [[], ["--help"], ["-h"], ["help"]])
def test_help_lists_every_command(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 0
    listed = capsys.readouterr().out
    assert all(f"  {name} " in listed for name in COMMANDS)
    assert "Exit codes" in listed


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_its_module_and_its_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert import_module(f"gateway.commands.{name}").__doc__
    assert main([name, "--help"]) == 0
    assert "--json" in capsys.readouterr().out


def test_a_mistyped_command_is_answered_with_the_near_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["recieps"]) == MISUSED
    assert "did you mean `safeconduct receipts`?" in capsys.readouterr().err


def test_another_word_is_no_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["frobnicate"]) == MISUSED
    assert "safeconduct --help" in capsys.readouterr().err


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("safeconduct ")


def test_a_command_runs_and_its_exit_code_is_the_programs(tmp_path: Path) -> None:
    assert main(["receipts", "--state", str(tmp_path)]) == FAILED


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory and an environment in which nobody has run anything: the shipped documents count."""
    for name in [name for name in os.environ if name.startswith("SAFECONDUCT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("serve --prot 8080", MISUSED, "unrecognized arguments: --prot"),
        ("serve --with-key", MISUSED, "safeconduct keys create --team T --policy P"),
        ("serve --port many", FAILED, "SAFECONDUCT_PORT: "),
        ("check --config nowhere --json", FAILED, ""),
        ("explain", MISUSED, "--model"),
        ("explain --model magistral-smal", MISUSED, "did you mean magistral-small"),
        ("explain --model magistral-small --policy eu-zero-retentoin", MISUSED, "did you mean eu-zero-retention?"),
        ("explain --model magistral-small --team everyon", MISUSED, "did you mean everyone?"),
        ("explain --model magistral-small --key key_1", FAILED, "--state"),
        ("explain --model sandbox-small", MISUSED, "add --sandbox"),
        ("routes --provider evrok", MISUSED, "did you mean evroc?"),
        ("keys", MISUSED, "create | list | rotate | revoke"),
        ("keys create", MISUSED, "--team"),
        ("keys create --team everyone", MISUSED, "name one with --policy"),
        ("keys create --team everyone --policy eu-soverein", MISUSED, "known policies: eu-sovereign"),
        ("keys revoke", MISUSED, "keys revoke --help"),
        ("receipts", FAILED, "--state"),
        ("usage", FAILED, "--state"),
        ("verify", FAILED, "--state"),
        ("reload", FAILED, "--state"),
        ("sandbox --port 99999", MISUSED, "0 to 65535"),
    ],
)
@pytest.mark.usefixtures("alone")
def test_what_a_person_did_wrong_is_said_with_what_to_do(
    line: str, code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(line.split()) == code
    out, notes = capsys.readouterr()
    assert said in notes
    assert "Traceback" not in out + notes
    if said:
        assert out == ""
        assert notes.startswith(f"safeconduct {line.split()[0]}")
        assert notes.splitlines()[-1].startswith("  -> ")


@pytest.mark.parametrize("command", ["serve", "check", "explain --model magistral-small", "routes", "keys list"])
@pytest.mark.usefixtures("alone")
def test_a_variable_of_no_meaning_is_named_with_the_near_one(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SAFECONDUCT_PROT", "not-to-be-repeated")
    assert main(command.split()) == FAILED
    notes = capsys.readouterr().err
    assert "SAFECONDUCT_PROT: unknown setting; did you mean SAFECONDUCT_PORT?" in notes
    assert "not-to-be-repeated" not in notes


@pytest.mark.usefixtures("alone")
def test_an_empty_credential_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("SAFECONDUCT_PROVIDER_EVROC_KEY", "")
    assert main(["explain", "--model", "magistral-small"]) == FAILED
    assert "SAFECONDUCT_PROVIDER_EVROC_KEY: the key is empty" in capsys.readouterr().err


@pytest.mark.usefixtures("alone")
def test_the_shipped_documents_are_in_order_and_each_policy_admits_what_it_is_meant_to(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["check", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["in_order"], told["faults"]) == (True, [])
    admitted = {row["policy"]: (row["routes"], row["models"]) for row in told["policies"]}
    assert set(admitted) == {
        "unrestricted",
        "eu",
        "eu-zero-retention",
        "eu-sovereign",
        "no-training",
        "transfer-safeguards",
    }
    most = admitted["unrestricted"][0]
    assert most > 1000  # the number falls from day to day: routes retire
    assert admitted["eu-sovereign"] == (0, 0), "no provider names its third parties; a contract has to"
    assert all(
        0 < routes < most for name, (routes, _) in admitted.items() if name not in ("unrestricted", "eu-sovereign")
    )


def test_one_line_changed_in_a_copied_policy_takes_a_route_away_with_the_reason(
    alone: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(ROOT / "policies", alone / "policies")
    explain = ["explain", "--model", "sandbox-small", "--sandbox", "--policy", "eu", "--policies", "policies"]
    assert main(explain) == 0
    (before,) = [line for line in capsys.readouterr().out.splitlines() if "sandbox-fr/sandbox-small" in line]
    assert "may serve" in before
    policy = alone / "policies/eu.toml"
    policy.write_text(policy.read_text().replace("[bound]\n", "[bound]\nretention_days = 0\n"))
    assert main(explain) == 0
    (after,) = [line for line in capsys.readouterr().out.splitlines() if "sandbox-fr/sandbox-small" in line]
    assert after.split() == (
        "sandbox-fr/sandbox-small refused keeps content 30 days; policy eu (key) demands 0".split()
    )


@pytest.mark.usefixtures("alone")
def test_a_key_is_made_listed_and_revoked_where_no_gateway_runs(capsys: pytest.CaptureFixture[str]) -> None:
    def told(*words: str) -> Any:
        assert main(["keys", *words, "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    made = told("create", "--team", "everyone", "--policy", "eu", "--label", "laptop")
    assert made["secret"].startswith("sc_")
    assert [(key["id"], key["state"], key["label"]) for key in told("list")["keys"]] == [
        (made["id"], "active", "laptop")
    ]
    assert told("revoke", made["id"])["state"] == "revoked"
    assert [key["state"] for key in told("list")["keys"]] == ["revoked"]
    kept = [path.read_bytes() for path in Path(".safeconduct").rglob("*") if path.is_file()]
    assert any(sha256(made["secret"].encode()).hexdigest().encode() in content for content in kept)
    assert not any(made["secret"].encode() in content for content in kept)


def test_finding_a_command_loads_no_other_and_no_library() -> None:
    script = (
        "import sys; from gateway.__main__ import main; main(['--help']); print(sorted(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = done.stderr
    for name in ("httpx", "rich", "pydantic", "starlette", "gateway.commands.serve", "gateway.compose"):
        assert f"'{name}'" not in loaded


@pytest.mark.parametrize(
    "words",
    [
        *(["usage"], ["receipts"], ["verify"], ["books", "verify"], ["reload"], ["keys", "list"], ["console"]),
        *(["routes"], ["explain", "--model", "magistral-small"], ["facts"], ["backup", "copy"]),
    ],
)
def test_a_mistyped_state_directory_is_an_error_and_is_not_made(words: list[str], tmp_path: Path) -> None:
    assert main([*words, "--state", str(tmp_path / "mistyped")]) == 1
    assert not (tmp_path / "mistyped").exists()
    assert not Path("copy").exists()
