"""The gateway as a process of its own, as `make run` starts it: what it prints and keeps, how it is told to end."""

from __future__ import annotations

import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

from gateway.stores.journal.files import JOURNAL_FILE
from gateway.stores.ledger.ledger import SqliteLedger
from tests.replays import replay_kept

ROOT = Path(__file__).parent.parent
PATIENCE_S = 30.0
QUICK = {
    "SAFECONDUCT_GRACE_S": "0",
    "SAFECONDUCT_SANDBOX_PACE_MS": "0",
    "SAFECONDUCT_SANDBOX_SLOW_MS": "0",
}
"""Nothing waits for the sake of people or load balancers."""


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """This process's own, without settings of a gateway but those given."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("SAFECONDUCT_")}
    return {**ours, **QUICK, **given}


class Process:
    """A running gateway. Its lines are read as they come, so that it never waits for a reader."""

    def __init__(self, process: subprocess.Popen[bytes], state: Path) -> None:
        self.popen, self.state = process, state
        self._lines: queue.Queue[bytes] = queue.Queue()
        self.events: list[dict[str, Any]] = []
        """Of the log, as far as they were read."""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        said = self._value()
        self.url, self.key = str(said["base_url"]), str(said["key"])
        self.pages = str(said["pages"] or "")

    def _read(self) -> None:
        assert self.popen.stdout is not None
        with suppress(ValueError):  # closed under our hands, when the test has seen enough
            for line in self.popen.stdout:
                self._lines.put(line)
        self._lines.put(b"")

    def _line(self) -> bytes:
        line = self._lines.get(timeout=PATIENCE_S)
        if not line:
            self._lines.put(b"")
            errors = self.popen.stderr.read() if self.popen.stderr else b""
            raise AssertionError(f"the gateway ended: {errors.decode()}")
        if line.startswith(b'{"time"'):
            self.events.append(json.loads(line))
        return line

    def _value(self) -> dict[str, Any]:
        """What `serve --json` prints once requests are accepted."""
        text = b""
        while not text.endswith(b"}\n"):
            line = self._line()
            text += b"" if line.startswith(b'{"time"') else line
        return dict(json.loads(text))

    def event(self, name: str, since: int = 0) -> dict[str, Any]:
        """The first event of that name after so many others; waits for it."""
        while True:
            for event in self.events[since:]:
                if event["event"] == name:
                    return event
            since = len(self.events)
            self._line()

    @property
    def ledger(self) -> SqliteLedger:
        return SqliteLedger(self.state / JOURNAL_FILE)

    def receipts(self) -> list[dict[str, Any]]:
        """Every receipt, newest first."""
        found: list[dict[str, Any]] = self.ledger.newest(100_000)
        return found

    def admin(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> httpx.Response:
        transport = httpx.HTTPTransport(uds=str(self.state / "admin.sock"))
        with httpx.Client(transport=transport, base_url="http://gateway", timeout=PATIENCE_S) as client:
            return client.request(method, path, json=body)

    def tell(self, number: signal.Signals) -> None:
        self.popen.send_signal(number)

    def end(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, bytes]:
        """Tell it to end; its exit code and what it said as an error."""
        self.tell(number)
        code = self.popen.wait(PATIENCE_S)
        self._reader.join(PATIENCE_S)
        assert self.popen.stderr is not None
        return code, self.popen.stderr.read()


@contextmanager
def running(state: Path, *words: str, within: Sequence[str] = (), **environ: str) -> Iterator[Process]:
    """A gateway with its sandbox and a new key, on a free port. What still runs when the block ends is killed.

    The decisions of its receipts are replayed then. `within`: a command that runs another in its own place, like
    `nsenter`.
    """
    command = [*within, sys.executable, "-m", "gateway", "serve", "--sandbox", "--with-key", "--json", "--port", "0"]
    with subprocess.Popen(
        [*command, "--state", str(state), *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env=environment(environ),
    ) as popen:
        try:
            yield Process(popen, state)
        finally:
            popen.kill()
    replay_kept(state)


def documents(at: Path) -> list[str]:
    """A copy of the shipped documents below `at`; the options that name it."""
    for name in ("config", "policies"):
        shutil.copytree(ROOT / name, at / name)
    return ["--config", str(at / "config"), "--policies", str(at / "policies")]


def edit(path: Path, change: Callable[[str], str]) -> None:
    path.write_text(change(path.read_text()))
