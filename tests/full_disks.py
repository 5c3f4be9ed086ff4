"""Disks that are full, for real: a small file system of its own for a gateway, and a limit on its files."""

from __future__ import annotations

import resource
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, Protocol

from tests.processes import ROOT, Process

_NAMESPACES: Final = (("--user", "--map-root-user", "--mount"), ("--mount",))
"""What may mount something that nobody else sees: anybody where namespaces of users are allowed, else root."""
_MOUNT: Final = 'mount -t tmpfs -o size="$1" none "$0" && echo mounted && exec cat'


class Disk(Protocol):
    """What a gateway keeps its state on."""

    state: Path
    """As the gateway names it."""
    seen: Path
    """The same place, for everybody else."""
    within: list[str]
    """How a command begins that is to run there."""

    def fill(self, gateway: Process, left: int = 0) -> None:
        """Nothing more can be written, but for so many bytes."""

    def make_room(self, gateway: Process) -> None: ...


class SmallDisk:
    """A file system in memory, mounted where only its own processes see it; gone when its holder ends."""

    def __init__(self, holder: subprocess.Popen[bytes], namespaces: Sequence[str], at: Path) -> None:
        self.state = at / "state"
        self.seen = Path(f"/proc/{holder.pid}/root{self.state}")
        self._ballast = self.seen.parent / "ballast"
        entered = [word for word in namespaces if word != "--map-root-user"]
        kept = ["--preserve-credentials"] if "--user" in namespaces else []
        self.within = ["nsenter", "--target", str(holder.pid), *entered, *kept, f"--wd={ROOT}", "--"]

    def fill(self, _: Process, left: int = 0) -> None:
        with self._ballast.open("ab", buffering=0) as ballast:
            for size in (2**20, 4096):
                with suppress(OSError):  # until there is no room for so much
                    while True:
                        ballast.write(bytes(size))
            ballast.truncate(ballast.tell() - left)

    def make_room(self, _: Process) -> None:
        self._ballast.unlink()


class NoSmallDisk(Exception):
    """This machine does not let us mount one; the message says what it answered."""


@contextmanager
def a_small_disk(size: int) -> Iterator[SmallDisk]:
    said = []
    with tempfile.TemporaryDirectory(prefix="disk-") as at:
        for namespaces in _NAMESPACES:
            with subprocess.Popen(
                ["unshare", *namespaces, "sh", "-c", _MOUNT, at, str(size)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            ) as holder:
                assert holder.stdout is not None
                assert holder.stderr is not None
                if holder.stdout.readline():
                    try:
                        yield SmallDisk(holder, namespaces, Path(at))
                    finally:
                        holder.kill()
                    return
                said.append(holder.stderr.read().decode().strip())
    raise NoSmallDisk("; ".join(said))


class LimitedFiles:
    """No file of the gateway's may grow beyond what it is: every machine can do that. SQLite hears EFBIG."""

    def __init__(self, at: Path) -> None:
        self.state = self.seen = at / "state"
        self.within: list[str] = []

    def fill(self, gateway: Process, left: int = 0) -> None:
        largest = max(path.stat().st_size for path in self.state.iterdir() if path.is_file())
        resource.prlimit(gateway.popen.pid, resource.RLIMIT_FSIZE, (largest + left, resource.RLIM_INFINITY))

    def make_room(self, gateway: Process) -> None:
        if gateway.popen.poll() is None:
            resource.prlimit(gateway.popen.pid, resource.RLIMIT_FSIZE, 2 * (resource.RLIM_INFINITY,))
