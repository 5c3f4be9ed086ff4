"""The command line: finds the command, and loads no more than that."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from gateway.__main__ import COMMANDS, main
from gateway.commands.stop import FAILED, MISUSED


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


def test_finding_a_command_loads_no_other_and_no_library() -> None:
    script = (
        "import sys; from gateway.__main__ import main; main(['--help']); print(sorted(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = done.stderr
    for name in ("httpx", "rich", "pydantic", "starlette", "gateway.commands.serve", "gateway.compose"):
        assert f"'{name}'" not in loaded
