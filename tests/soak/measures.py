"""What a process uses: memory and open descriptors, at moments of a long run."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.soak.invariants import Invariant

_MORE_KB: Final = 32 * 1024
_MORE_DESCRIPTORS: Final = 16


@dataclass(frozen=True, slots=True)
class Used:
    """Resident memory in kB, open descriptors."""

    memory_kb: int
    descriptors: int

    def __str__(self) -> str:
        return f"{self.memory_kb / 1024:.1f} MB, {self.descriptors} descriptors"


def used(pid: int) -> Used:
    """By a process of ours that may be looked into (`SAFECONDUCT_UNSAFE_ALLOW_DEBUG`)."""
    status = Path(f"/proc/{pid}/status").read_text()
    (memory,) = (line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:"))
    return Used(int(memory), len(os.listdir(f"/proc/{pid}/fd")))


def growth(early: Used, late: Used) -> list[Invariant]:
    """Both under the same load, the first once everything is warm. What grows with the requests is more than this."""
    return [
        Invariant(
            "memory does not grow with the load",
            late.memory_kb <= early.memory_kb + _MORE_KB,
            f"{early.memory_kb / 1024:.1f} MB, then {late.memory_kb / 1024:.1f}",
        ),
        Invariant(
            "descriptors do not grow with the load",
            late.descriptors <= early.descriptors + _MORE_DESCRIPTORS,
            f"{early.descriptors}, then {late.descriptors}",
        ),
    ]
