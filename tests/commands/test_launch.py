"""`safeconduct launch`: a coding agent with address and key for its process alone."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from gateway.commands.terminal.stop import MISUSED
from tests.commands.calling import Called, call

ENVIRON = {"LLM_KEY": "sc_SECRET", "LLM_ADDRESS": "https://llm.example.org/v1"}


@pytest.fixture
def agents(tmp_path: Path) -> Path:
    """A directory with a scripted agent under every name. It writes what it was started with, and its files."""
    for name in ("claude", "codex", "gemini", "opencode", "aider"):
        path = tmp_path / name
        path.write_text(
            f"#!{sys.executable}\nimport json, os, pathlib, sys\n"
            "named = [pathlib.Path(v) for v in os.environ.values() if '/safeconduct-' in v]\n"
            "roots = {next(q for q in (p, *p.parents) if q.name.startswith('safeconduct-')) for p in named}\n"
            "files = [p.read_text() for root in roots for p in root.rglob('*') if p.is_file()]\n"
            "seen = {'words': sys.argv[1:], 'environ': dict(os.environ), 'files': files}\n"
            "pathlib.Path(__file__).with_suffix('.seen').write_text(json.dumps(seen))\n"
            "sys.exit(5)\n"
        )
        path.chmod(0o755)
    return tmp_path


def launch(agents: Path, *words: str, **environ: str) -> dict[str, Any]:
    called = call("launch", *words, environ={"PATH": str(agents), **ENVIRON, **environ})
    assert called.code == 5, called.stop
    seen: dict[str, Any] = json.loads((agents / f"{words[0]}.seen").read_text())
    return seen


def what_of(called: Called) -> str:
    assert called.stop is not None
    return called.stop.what


@pytest.mark.parametrize("agent", ["claude", "codex", "gemini", "opencode", "aider"])
def test_an_agent_is_started_with_address_key_model_and_policy(agents: Path, agent: str) -> None:
    seen = launch(agents, agent, "--model", "alpha/small", "--policy", "strict", "--", "-p", "--json", "hi")
    everything = json.dumps(seen)
    assert seen["words"][-3:] == ["-p", "--json", "hi"]
    assert "sc_SECRET" in seen["environ"].values()
    assert "sc_SECRET" not in json.dumps([seen["words"], seen["files"]])
    for value in ("https://llm.example.org", "alpha/small", "strict"):
        assert value in everything


def test_nothing_is_left_behind(agents: Path) -> None:
    seen = launch(agents, "gemini", TMPDIR=str(agents))
    assert '"selectedType": "gemini-api-key"' in seen["files"][0]
    assert not Path(seen["environ"]["GEMINI_CLI_HOME"]).exists()


def test_variables_that_lead_elsewhere_are_cleared(agents: Path) -> None:
    seen = launch(agents, "claude", ANTHROPIC_API_KEY="sk-other", CLAUDE_CODE_USE_BEDROCK="1", ANTHROPIC_BASE_URL="x")
    assert "ANTHROPIC_API_KEY" not in seen["environ"]
    assert "CLAUDE_CODE_USE_BEDROCK" not in seen["environ"]
    assert seen["environ"]["ANTHROPIC_BASE_URL"] == "https://llm.example.org"


def test_a_model_is_the_agents_own_unless_one_is_named(agents: Path) -> None:
    assert "ANTHROPIC_MODEL" not in launch(agents, "claude")["environ"]
    refused = call("launch", "opencode", environ={"PATH": str(agents), **ENVIRON})
    assert (refused.code, "has no model of its own" in what_of(refused)) == (MISUSED, True)


def test_the_pair_that_make_run_prints_is_enough(agents: Path) -> None:
    pair = {"OPENAI_BASE_URL": "http://127.0.0.1:8080/v1", "OPENAI_API_KEY": "sc_PRINTED"}
    seen = launch(agents, "claude", **pair, LLM_KEY="", LLM_ADDRESS="")
    assert seen["environ"]["ANTHROPIC_BASE_URL"] == "http://127.0.0.1:8080"
    assert seen["environ"]["ANTHROPIC_AUTH_TOKEN"] == "sc_PRINTED"


def test_a_key_of_a_vendor_is_never_sent_to_the_gateway(agents: Path) -> None:
    pair = {"OPENAI_BASE_URL": "https://api.openai.example/v1", "OPENAI_API_KEY": "sk-vendor"}
    refused = call("launch", "claude", environ={"PATH": str(agents), **pair})
    assert (refused.code, "address must be stated" in what_of(refused)) == (MISUSED, True)
    refused = call("launch", "claude", "--address", "https://a", environ={"PATH": str(agents), **pair})
    assert (refused.code, "key of the gateway must be stated" in what_of(refused)) == (MISUSED, True)


def test_a_key_file_comes_before_the_environment(agents: Path) -> None:
    (agents / "key").write_text("sc_FILED\n")
    seen = launch(agents, "codex", "--key-file", str(agents / "key"))
    assert seen["environ"]["LLM_KEY"] == "sc_FILED"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--model", 'x", other="1'], "--model must be the name of a model"),
        (["--policy", "a\nb"], "--policy must be the name of a policy"),
        (["--address", "llm.example.org"], "scheme and a host"),
        (["--address", "https://user:pass@llm.example.org"], "scheme and a host"),
        (["--address", "https://llm.example.org?key=sc_x"], "scheme and a host"),
    ],
)
def test_what_cannot_be_a_name_or_an_address_is_refused(agents: Path, words: list[str], said: str) -> None:
    refused = call("launch", "claude", *words, environ={"PATH": str(agents), **ENVIRON})
    assert (refused.code, said in what_of(refused)) == (MISUSED, True)
    assert not (agents / "claude.seen").exists()


def test_a_key_of_several_lines_is_refused(agents: Path) -> None:
    (agents / "key").write_text("sc_ONE\nsc_TWO\n")
    refused = call("launch", "claude", "--key-file", str(agents / "key"), environ={"PATH": str(agents), **ENVIRON})
    assert (refused.code, "sc_ONE" in what_of(refused)) == (1, False)
