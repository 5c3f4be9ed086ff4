"""The process of a coding agent."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.commands.terminal.agent_process import AgentProcess, process_of, run_agent
from gateway.commands.terminal.stop import Stop
from gateway.views.agent_launch import AgentLaunch, LaunchPart

SECRET = "sc_SECRET"
LAUNCH = AgentLaunch(
    name="Agent",
    program="agent",
    key_variables=("AGENT_KEY",),
    always=LaunchPart({"AGENT_URL": "{{origin}}/v1", "AGENT_HOME": "{{directory}}"}, ("--url", "{{origin}}")),
    model=LaunchPart(arguments=("--model", "{{model}}")),
    policy=LaunchPart(files={".agent/headers.json": '{"policy": "{{policy}}"}'}),
    cleared=("OTHER_KEY",),
)


def agent(directory: Path, program: str) -> dict[str, str]:
    """A program `agent` of these lines of Python; the environment in which it is found."""
    path = directory / "agent"
    path.write_text(f"#!{sys.executable}\nimport json, os, signal, sys, time\n{program}\n")
    path.chmod(0o755)
    return {"PATH": str(directory), "OTHER_KEY": "x", "HOME": str(directory)}


def a_process(**variables: str) -> AgentProcess:
    return AgentProcess("agent", ("--own",), variables, ("OTHER_KEY",))


def test_settings_that_are_not_stated_are_left_out(tmp_path: Path) -> None:
    process = process_of(LAUNCH, {"origin": "https://a"}, SECRET, tmp_path)
    assert process.arguments == ("--url", "https://a")
    assert process.variables == {"AGENT_URL": "https://a/v1", "AGENT_HOME": str(tmp_path), "AGENT_KEY": SECRET}
    assert list(tmp_path.iterdir()) == []


def test_files_are_written_below_the_directory_and_never_hold_the_key(tmp_path: Path) -> None:
    process = process_of(LAUNCH, {"origin": "https://a", "model": "m", "policy": "p"}, SECRET, tmp_path)
    assert process.arguments == ("--url", "https://a", "--model", "m")
    assert json.loads((tmp_path / ".agent/headers.json").read_text()) == {"policy": "p"}
    assert not any(SECRET in path.read_text() for path in tmp_path.rglob("*") if path.is_file())
    assert SECRET not in repr(process)
    assert SECRET not in process.arguments


def test_an_agent_gets_its_settings_and_the_callers_arguments_and_leaves_its_exit_code(tmp_path: Path) -> None:
    environ = agent(tmp_path, "json.dump([sys.argv[1:], dict(os.environ)], open('seen', 'w')); sys.exit(7)")
    before = Path.cwd()
    os.chdir(tmp_path)
    try:
        assert run_agent(a_process(AGENT_KEY=SECRET), ["-p", "hi"], environ) == 7
    finally:
        os.chdir(before)
    words, variables = json.loads((tmp_path / "seen").read_text())
    assert words == ["--own", "-p", "hi"]
    assert variables["AGENT_KEY"] == SECRET
    assert variables["HOME"] == str(tmp_path)
    assert "OTHER_KEY" not in variables


def test_an_agent_that_a_signal_ends_is_told_by_its_code(tmp_path: Path) -> None:
    environ = agent(tmp_path, "os.kill(os.getpid(), signal.SIGTERM)")
    assert run_agent(a_process(), [], environ) == 128 + signal.SIGTERM


def test_handlers_of_signals_are_restored(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    run_agent(a_process(), [], agent(tmp_path, ""))
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before


def test_an_agent_that_is_not_installed_is_named(tmp_path: Path) -> None:
    with pytest.raises(Stop, match="agent is not installed"):
        run_agent(a_process(), [], {"PATH": str(tmp_path)})


LAUNCHER = """
import os, sys
from gateway.commands.terminal.agent_process import AgentProcess, run_agent
sys.exit(run_agent(AgentProcess("agent", (), {}, ()), [], os.environ))
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_the_launcher_ends_the_agent_first(tmp_path: Path, number: signal.Signals) -> None:
    program = (
        f"signal.pthread_sigmask(signal.SIG_BLOCK, [{int(number)}])\nprint('ready', flush=True)\n"
        f"print('ended', int(signal.sigwait([{int(number)}])), flush=True)\nsys.exit(3)"
    )
    environ = {**agent(tmp_path, program), "PYTHONPATH": str(Path(__file__).parents[3])}
    with subprocess.Popen([sys.executable, "-c", LAUNCHER], env=environ, stdout=subprocess.PIPE, text=True) as launcher:
        assert launcher.stdout is not None
        assert launcher.stdout.readline() == "ready\n"
        launcher.send_signal(number)
        assert launcher.stdout.readline() == f"ended {int(number)}\n"
        assert launcher.wait(30) == 3


def test_ctrl_c_is_left_to_the_agent(tmp_path: Path) -> None:
    """An agent that goes on after Ctrl-C keeps its launcher, and is not started with the signal ignored."""
    program = (
        "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])\n"
        "print('ignored' if signal.getsignal(signal.SIGINT) is signal.SIG_IGN else 'ready', flush=True)\n"
        "signal.sigwait([signal.SIGINT])\nprint('interrupted', flush=True)\nprint('done', flush=True)"
    )
    environ = {**agent(tmp_path, program), "PYTHONPATH": str(Path(__file__).parents[3])}
    with subprocess.Popen(
        [sys.executable, "-c", LAUNCHER], env=environ, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as launcher:
        assert launcher.stdout is not None
        assert launcher.stdout.readline() == "ready\n"
        os.killpg(launcher.pid, signal.SIGINT)
        assert launcher.stdout.readline() == "interrupted\n"
        assert launcher.stdout.readline() == "done\n"
        assert launcher.wait(30) == 0
