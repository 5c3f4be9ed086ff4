"""The process of a coding agent: its environment, its arguments, its temporary files, and its end."""

from __future__ import annotations

import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from gateway.commands.terminal.stop import Stop
from gateway.core.frozen import frozen
from gateway.views.agent_launch import AgentLaunch, LaunchPart, fill

_FORWARDED = (signal.SIGTERM, signal.SIGHUP)


@frozen(repr=False)
class AgentProcess:
    """A process to start. `cleared`: variables of the environment that it does not inherit."""

    program: str
    arguments: tuple[str, ...]
    variables: Mapping[str, str]
    cleared: tuple[str, ...]


def process_of(launch: AgentLaunch, values: Mapping[str, str], key: str, directory: Path) -> AgentProcess:
    """The process, with its temporary files written into `directory`. No file and no argument holds the key.

    `values`: of the places; `model` and `policy` only where they are stated.
    """
    parts = [launch.always, *(getattr(launch, name) for name in ("model", "policy") if name in values)]
    places = {**values, "directory": str(directory)}
    for part in parts:
        _write(part, places, directory)
    variables = {name: fill(text, places) for part in parts for name, text in part.variables.items()}
    return AgentProcess(
        launch.program,
        tuple(fill(text, places) for part in parts for text in part.arguments),
        {**variables, **dict.fromkeys(launch.key_variables, key)},
        launch.cleared,
    )


def _write(part: LaunchPart, places: Mapping[str, str], directory: Path) -> None:
    for name, content in part.files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(fill(content, places))


def run_agent(process: AgentProcess, rest: Sequence[str], environ: Mapping[str, str]) -> int:
    """Start the agent and wait for its end; its exit code, or 128 and the signal that ended it.

    The terminal belongs to the agent: Ctrl-C reaches it directly. Termination and hang-up are passed on.
    """
    inherited = {name: value for name, value in environ.items() if name not in process.cleared}
    program = shutil.which(process.program, path=environ.get("PATH"))
    if program is None:
        raise Stop(f"{process.program} is not installed, or not on the PATH", "install the agent, then try again")
    with _signals() as children:
        child = subprocess.Popen([program, *process.arguments, *rest], env={**inherited, **process.variables})
        children.append(child)
        code = child.wait()
    return code if code >= 0 else 128 - code


@contextmanager
def _signals() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Handlers of this process while an agent runs. A handler, unlike an ignored signal, is not inherited."""
    children: list[subprocess.Popen[bytes]] = []

    def forward(number: int, _: FrameType | None) -> None:
        for child in children:
            child.send_signal(number)

    def leave_to_the_agent(_: int, __: FrameType | None) -> None:
        return

    before = {number: signal.signal(number, forward) for number in _FORWARDED}
    before[signal.SIGINT] = signal.signal(signal.SIGINT, leave_to_the_agent)
    try:
        yield children
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
