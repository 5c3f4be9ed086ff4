"""What is measured of running processes: each function is one scenario, and gives the figures of its rounds.

Scenarios that compare ask each target in turn and begin again, so that a drift of the machine meets all of them.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import median
from subprocess import Popen

from tests.bench.processes import CHAT, MESSAGES, Target, begun, ended, load, script

CONNECTIONS = 32
RATE = 50
STREAMS = 100
MANY = 1_000
LARGE = 1_000_000
"""Bytes of a large body."""


@dataclass(frozen=True, slots=True)
class Size:
    """How long everything takes. `leaving_s`: seconds in which a thousand clients a second leave."""

    rounds: int
    full_s: float
    rate_s: float
    streams_s: float
    leaving_s: float
    receipts: int = 100_000
    open_s: float = 6
    resting_s: float = 50
    """By then an unused connection to a provider is closed."""


FULL = Size(rounds=3, full_s=3, rate_s=3, streams_s=4, leaving_s=60)
QUICK = Size(receipts=5_000, rounds=1, full_s=1, rate_s=1, streams_s=2.2, leaving_s=2, open_s=3, resting_s=2)


@dataclass(slots=True)
class Figures:
    """Of one target, one of each round."""

    per_s: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)
    p50_ms: list[float] = field(default_factory=list)
    p99_ms: list[float] = field(default_factory=list)

    def took(self, found: Mapping[str, float], cpu_s: float, counted: str) -> None:
        self.per_s.append(found["per_s"])
        self.cpu_ms.append(cpu_s * 1000 / found[counted] if found[counted] else 0.0)
        self.p50_ms.append(found["p50_ms"])
        self.p99_ms.append(found["p99_ms"])


Targets = Mapping[str, Target]
Found = dict[str, Figures]


def added(ours: list[float], direct: list[float]) -> list[float]:
    return [through - alone for through, alone in zip(ours, direct, strict=True)]


def full(targets: Targets, size: Size) -> Found:
    """As many requests as each answers: 32 connections, each asks again once it is answered."""
    for target in targets.values():
        load("all", target, CONNECTIONS, 0.7)
    return _in_turn(targets, size.rounds, ("all", CONNECTIONS, size.full_s), "requests")


def at_a_rate(targets: Targets, size: Size) -> Found:
    return _in_turn(targets, size.rounds, ("rate", RATE, size.rate_s), "requests")


def streaming(targets: Targets, size: Size) -> Found:
    """A hundred streams at once, of 50 chunks, one every 40 ms. A target named `translated` is asked as Messages."""
    return _in_turn(targets, size.rounds, ("streams", STREAMS, size.streams_s), "chunks")


def _in_turn(targets: Targets, rounds: int, how: tuple[str, int, float], counted: str) -> Found:
    found = {name: Figures() for name in targets}
    for _ in range(rounds):
        for name, target in targets.items():
            before = target.cpu_s()
            said = load(*_to(how, target), path=MESSAGES if name == "translated" else CHAT)
            if said["ok"] < said["requests"]:
                sys.exit(f"{name}: only {said['ok']:.0f} of {said['requests']:.0f} requests got their answer.")
            found[name].took(said, target.cpu_s() - before, counted)
    return found


def _to(how: tuple[str, int, float], target: Target) -> tuple[str, Target, int, float]:
    return how[0], target, how[1], how[2]


@dataclass(frozen=True, slots=True)
class Held:
    """What requests held while they were under way. `kb_each`: of memory; `steady`: how many went as they should."""

    kb_each: float
    steady: int


def slow_streams(target: Target, size: Size) -> Held:
    """A thousand streams that are open at once, with a chunk a second."""
    script(chunks=60, between_ms=1000)
    try:
        return _held(target, ("open", MANY, size.open_s), 0)
    finally:
        script(chunks=50, between_ms=40)


def large_bodies(target: Target) -> Held:
    """32 prompts of 1 MB that wait for their answer at once."""
    script(wait_ms=2000)
    try:
        return _held(target, ("once", CONNECTIONS, 60.0), LARGE)
    finally:
        script(wait_ms=0)


def _held(target: Target, how: tuple[str, int, float], size: int) -> Held:
    before = target.rss_mb()
    with begun(*_to(how, target), size=size) as process:
        most = _peak_mb(target, process)
        found = ended(process, how[2])
    return Held((most - before) * 1024 / how[1], int(found["ok"]))


def _peak_mb(target: Target, process: Popen[str]) -> float:
    most = 0.0
    while process.poll() is None:
        most = max(most, target.rss_mb())
        time.sleep(0.05)
    return most


@dataclass(frozen=True, slots=True)
class Left:
    """After clients that left. `per_s`: how many did in fact; `descriptors`, `mb`: more than before they came."""

    per_s: float
    seconds: float
    served: int
    descriptors: int
    mb: float


def leaving(target: Target, size: Size) -> Left:
    """A thousand clients a second leave, half of them before the reply begins; then a hundred requests at once."""
    load("leave", target, MANY, 1)  # what a first second allocates is not a leak
    load("once", target, 100, 30)
    _quiet(target, 0, 2)
    descriptors, mb = target.descriptors(), target.rss_mb()
    gone = load("leave", target, MANY, size.leaving_s)
    served = load("once", target, 100, 30)
    _quiet(target, descriptors, size.resting_s)
    more = target.descriptors() - descriptors
    return Left(gone["per_s"], size.leaving_s, int(served["ok"]), more, target.rss_mb() - mb)


def sync_ms() -> float:
    """What the disk that holds temporary files takes to keep 4 kB."""
    took = []
    with tempfile.TemporaryFile(buffering=0) as file:
        for _ in range(50):
            file.write(bytes(4096))
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            took.append((time.perf_counter() - began) * 1000)
    return median(took)


def _quiet(target: Target, descriptors: int, patience_s: float) -> None:
    """Wait until no more than that are open, or the number has not changed for so long."""
    last, since = target.descriptors(), time.monotonic()
    while last > descriptors and time.monotonic() - since < patience_s:
        time.sleep(0.1)
        if (now := target.descriptors()) != last:
            last, since = now, time.monotonic()
