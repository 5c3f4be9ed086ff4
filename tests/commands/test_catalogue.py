"""`safeconduct catalogue`, as a process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from gateway.commands.terminal.stop import MISUSED
from tests.commands.calling import call
from tests.commands.proposals.lists import a_catalogue, genai, litellm


def process(at: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "gateway", "catalogue", *words]
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.run(command, cwd=at, env=environ, capture_output=True, text=True, timeout=60, check=False)


def test_a_price_goes_from_two_lists_into_the_documents(tmp_path: Path) -> None:
    options = a_catalogue(tmp_path)
    old = tmp_path / "old"
    sources = ["--from", litellm(tmp_path, alpha=3e-06), "--from", genai(tmp_path, alpha=3)]
    updated = process(tmp_path, "update", *sources, *options, "--json")
    assert (updated.returncode, json.loads(updated.stdout)["proposed"]) == (0, 1), updated.stderr
    reviewed = process(tmp_path, "review", "proposal.json", *options)
    assert (reviewed.returncode, "alpha/small:price.input" in reviewed.stdout) == (0, True), reviewed.stderr
    old.mkdir()
    (old / "alpha.toml").write_bytes((tmp_path / "config/catalog/alpha.toml").read_bytes())
    accepted = process(tmp_path, "accept", "proposal.json", "--by", "N. N.", *options)
    assert accepted.returncode == 0, accepted.stderr
    assert "input = 3\n" in (tmp_path / "config/catalog/alpha.toml").read_text()
    compared = process(tmp_path, "diff", "old/alpha.toml", "config", *options)
    assert (compared.returncode, "open: 2 -> 2 routes" in compared.stdout) == (0, True), compared.stderr


def test_a_bad_list_is_told_without_a_traceback(tmp_path: Path) -> None:
    options = a_catalogue(tmp_path)
    (tmp_path / "cut.json").write_text('{"a": {"litellm_provider"')
    refused = process(tmp_path, "update", "--from", "cut.json", *options)
    assert refused.returncode == 1
    assert "is not JSON at line 1" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not (tmp_path / "proposal.json").exists()


def test_a_verb_must_be_named() -> None:
    called = call("catalogue")
    assert called.stop is not None
    assert called.code == MISUSED
    assert "update, review, accept, diff" in called.stop.do
