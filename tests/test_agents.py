"""Real coding agents, started by `safeconduct launch` against the sandbox. `make proof` installs them from their
registries; AGENTS_HOME names the directory: `node_modules/.bin` and `aider/bin` in it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from gateway.views.launches import AGENTS
from tests.processes import Process, documents, running

HOME = Path(os.environ.get("AGENTS_HOME", ""))
HEADLESS = {
    "claude": ("-p", "Hello"),
    "codex": ("exec", "--skip-git-repo-check", "Hello"),
    "gemini": ("--skip-trust", "-p", "Hello"),
    "opencode": ("run", "Hello"),
    "aider": ("--no-git", "--yes-always", "--no-check-update", "--no-show-model-warnings", "--message", "Hello"),
}
PATIENCE_S = 180.0


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    at = tmp_path_factory.mktemp("agents")
    with running(at / "state", *documents(at)) as process:
        yield process


def launched(gateway: Process, home: Path, agent: str, *words: str) -> tuple[str, Mapping[str, bytes]]:
    """The words that the agent prints, and the files that it leaves in a home and a temporary directory of its own."""
    (home / "tmp").mkdir(parents=True)
    (home / "work").mkdir()
    path = [
        str(HOME / "node_modules/.bin"),
        str(HOME / "aider/bin"),
        str(Path(sys.executable).parent),
        os.environ["PATH"],
    ]
    environ = {
        "PATH": os.pathsep.join(path),
        "HOME": str(home),
        "TMPDIR": str(home / "tmp"),
        "LLM_ADDRESS": gateway.url,
        "LLM_KEY": gateway.key,
    }
    done = subprocess.run(
        [sys.executable, "-m", "gateway", "launch", agent, *words, "--", *HEADLESS[agent]],
        capture_output=True,
        timeout=PATIENCE_S,
        env={**environ, "PYTHONPATH": str(Path.cwd())},
        cwd=home / "work",
        stdin=subprocess.DEVNULL,
        check=False,
    )
    left = {str(each.relative_to(home)): each.read_bytes() for each in home.rglob("*") if each.is_file()}
    return (done.stdout + done.stderr).decode(errors="replace"), left


@pytest.mark.proof
@pytest.mark.parametrize("agent", AGENTS)
def test_an_agent_is_answered_and_leaves_no_key_behind(gateway: Process, tmp_path: Path, agent: str) -> None:
    said, left = launched(gateway, tmp_path / "home", agent, "--model", "magistral-small")
    assert "Hello from sandbox-" in said
    assert [name for name, content in left.items() if gateway.key.encode() in content] == []
    assert not any("safeconduct-" in name for name in left)


@pytest.mark.proof
@pytest.mark.parametrize("agent", AGENTS)
def test_a_policy_of_the_launch_holds_for_every_request(gateway: Process, tmp_path: Path, agent: str) -> None:
    model = "sandbox-us/sandbox-small"
    said, _ = launched(gateway, tmp_path / "home", agent, "--model", model, "--policy", "eu-zero-retention")
    assert "Hello from sandbox-" not in said
    assert "eu-zero-retention" in said
