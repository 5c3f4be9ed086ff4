"""A gateway with its sandbox in a process of its own, as `make run` starts it: once for this room."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Running:
    """Where it listens, the key it made at start, and how commands are told of it."""

    base_url: str
    key: str
    state: Path
    documents: Path
    pages: str = ""

    @property
    def options(self) -> list[str]:
        policies = self.documents / "policies"
        return ["--state", str(self.state), "--config", str(self.documents / "config"), "--policies", str(policies)]

    def ask(self, model: str = "sandbox-small", **headers: str) -> httpx.Response:
        """One request of a client."""
        body = {"model": model, "messages": [{"role": "user", "content": "Hello"}]}
        sent = {"authorization": f"Bearer {self.key}", **headers}
        return httpx.post(f"{self.base_url}/chat/completions", json=body, headers=sent, timeout=30)


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    from tests.commands.calling import documents

    at = tmp_path_factory.mktemp("gw")
    words = [*documents(at), "--state", str(at / "state"), "--port", "0", "--sandbox", "--json"]
    (at / "policies/unrestricted.toml").write_text('name = "unrestricted"\npurpose = "Everything."\n')
    environ = {name: value for name, value in os.environ.items() if not name.startswith("SAFECONDUCT_")}
    with subprocess.Popen(
        [sys.executable, "-m", "gateway", "serve", "--with-key", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env=environ,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            answer = _first_value(process)
            yield Running(answer["base_url"], answer["key"], at / "state", at, answer["pages"])
        finally:
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=30)
        assert (process.returncode, errors) == (0, "")


def _first_value(process: subprocess.Popen[str]) -> dict[str, str]:
    """The value that `serve --json` prints once requests are accepted, among the lines of the log."""
    assert process.stdout is not None
    lines: list[str] = []
    for line in process.stdout:
        if line.startswith("{") and '"event"' in line:
            continue
        lines.append(line)
        if line == "}\n":
            return dict(json.loads("".join(lines)))
    raise AssertionError(process.stderr.read() if process.stderr else "")
