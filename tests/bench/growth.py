"""How the gateway's cost grows with its input: bodies, streams and catalogues, as points and as one picture.

usage: python -m tests.bench.growth PICTURE.svg. Prints the points; a few minutes.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.bench.chart import Panel, Point, drawn
from tests.bench.processes import CORES, Target, gateway, load, provider, script

BODIES: Final = (1_000, 4_000, 16_000, 64_000, 256_000, 1_000_000, 4_000_000)
LENGTHS: Final = (10, 50, 250, 1_000)
CATALOGUES: Final = (30, 100, 300, 1_000, 1_500)
AT_ONCE: Final = 8
SECONDS: Final = 2.0


def cpu_ms(target: Target, how: str, size: int = 0) -> float:
    """Per request or stream, of those that ended in time and those that ended a little later."""
    load(how, target, AT_ONCE, 0.3, size=size)
    before = target.cpu_s()
    found = load(how, target, AT_ONCE, SECONDS, size=size)
    if found["ok"] < found["requests"]:
        sys.exit(f"Only {found['ok']:.0f} of {found['requests']:.0f} requests got their answer.")
    return (target.cpu_s() - before) * 1000 / found["requests"]


def of_bodies(ours: Target) -> Iterator[Point]:
    for size in BODIES:
        yield Point(size / 1000, cpu_ms(ours, "all", size))


def of_streams(ours: Target) -> Iterator[Point]:
    for chunks in LENGTHS:
        script(chunks=chunks, between_ms=1)
        yield Point(chunks, cpu_ms(ours, "streams"))
    script(chunks=50, between_ms=40)


def of_catalogues() -> Iterator[Point]:
    for routes in CATALOGUES:
        with gateway(BENCH_CANDIDATES=str(routes)) as ours:
            yield Point(routes, cpu_ms(ours, "all"))


def main() -> None:
    os.sched_setaffinity(0, {CORES[1 % len(CORES)]})
    with provider():
        with gateway() as ours:
            bodies, streams = tuple(of_bodies(ours)), tuple(of_streams(ours))
        catalogues = tuple(of_catalogues())
    panels = (
        Panel("a request, by the size of its body", "kB", bodies),
        Panel("a stream, by its length", "chunks", streams),
        Panel("a request, by the routes of its model", "routes", catalogues),
    )
    for panel in panels:
        print(panel.title, *(f"{point.x:g} {panel.unit}: {point.y:.3f} ms" for point in panel.points), sep="\n  ")
    Path(sys.argv[1]).write_text(drawn("CPU of the gateway, ms", panels))


if __name__ == "__main__":
    main()
