"""`make bench`: set-up, start-up, CPU, latency and memory of the gateway, against the scripted provider, in one run.

The gateway is pinned to the first core, provider and load to the second. Absolute figures drift with the machine;
compare within one run. CPU is user and system time of the gateway's process, divided by requests or chunks.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import distributions
from pathlib import Path
from typing import Final

PORT, PROVIDER_PORT = 18_000, 18_001
URL: Final = f"http://127.0.0.1:{PORT}/v1/chat/completions"
DIRECT: Final = f"http://127.0.0.1:{PROVIDER_PORT}/v1/chat/completions"
TICKS: Final = os.sysconf("SC_CLK_TCK")
CORES: Final = sorted(os.sched_getaffinity(0))
SERVE: Final = Path(__file__).with_name("serve")


@contextmanager
def running(core: int, *command: str) -> Iterator[subprocess.Popen[str]]:
    """A process pinned to one core, ended with the block."""
    pinned = [CORES[core % len(CORES)]]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, preexec_fn=lambda: os.sched_setaffinity(0, pinned)
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(15)


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline().strip()
    if not line:
        sys.exit("The measured process ended before it was ready; run tests/bench/serve by hand to see why.")
    return line


def load(how: str, url: str, key: str, amount: int, seconds: int) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.bench.load", how, url, key, str(amount), str(seconds)]
    pinned = [CORES[1 % len(CORES)]]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=True,
        timeout=seconds + 60,
        preexec_fn=lambda: os.sched_setaffinity(0, pinned),
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def rss_mb(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def main() -> None:
    packages = len({d.metadata["Name"] for d in distributions()})
    rows: list[tuple[str, str]] = [("packages installed, development included", str(packages))]
    with running(1, sys.executable, "-m", "tests.bench.provider", str(PROVIDER_PORT)) as provider:
        first_line(provider)
        began = time.perf_counter()
        with running(0, str(SERVE), str(PORT), f"http://127.0.0.1:{PROVIDER_PORT}") as gateway:
            key = first_line(gateway)
            rows.append(("start to ready, seconds", f"{time.perf_counter() - began:.2f}"))
            rows.append(("memory idle, MB", f"{rss_mb(gateway.pid):.0f}"))
            rows += measured(gateway.pid, key)
    width = max(len(name) for name, _ in rows)
    print("\n".join(f"{name.ljust(width)}  {value}" for name, value in rows))


def measured(pid: int, key: str) -> Iterator[tuple[str, str]]:
    load("all", URL, key, 32, 2)  # warm
    before = cpu_s(pid)
    full = load("all", URL, key, 32, 5)
    yield "requests per second, 32 connections, one core", f"{full['per_s']:.0f}"
    yield "CPU per request, ms", f"{(cpu_s(pid) - before) * 1000 / full['requests']:.3f}"
    direct, through = load("rate", DIRECT, key, 50, 6), load("rate", URL, key, 50, 6)
    yield "added latency at 50 requests/s, ms, p50", f"{through['p50_ms'] - direct['p50_ms']:.2f}"
    yield "added latency at 50 requests/s, ms, p99", f"{through['p99_ms'] - direct['p99_ms']:.2f}"
    before = cpu_s(pid)
    streams = load("streams", URL, key, 100, 6)
    yield "CPU per streamed chunk, ms", f"{(cpu_s(pid) - before) * 1000 / streams['chunks']:.3f}"
    yield "first token, 100 streams begun at once, ms, p50", f"{streams['p50_ms']:.2f}"
    yield "first token, 100 streams begun at once, ms, p99", f"{streams['p99_ms']:.2f}"
    yield "memory after load, MB", f"{rss_mb(pid):.0f}"


if __name__ == "__main__":
    main()
