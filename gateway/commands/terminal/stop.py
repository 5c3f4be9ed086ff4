"""Why a command ends early."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

FAILED: Final = 1
"""Exit code: it could not be done, or what was looked at is not in order."""
MISUSED: Final = 2
"""Exit code: an option or a name is wrong."""


class Stop(Exception):
    """The command ends here. `what` is wrong; `do` says what to do next; `faults` lists each finding on its own."""

    def __init__(self, what: str, do: str, *, code: int = FAILED, faults: Sequence[str] = ()) -> None:
        super().__init__(what)
        self.what, self.do, self.code, self.faults = what, do, code, tuple(faults)


def undeclared(kind: str, name: str, near: Sequence[str], known: str) -> Stop:
    """A name that no document declares. `known`: the command or place that lists the declared ones."""
    hint = f"did you mean {', '.join(near)}? " if near else ""
    return Stop(f"unknown {kind} {name!r}", f"{hint}{known}", code=MISUSED)
