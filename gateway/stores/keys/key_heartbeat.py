"""Whether the keys that a gateway knows are those that there are now: for each of its processes, by a file's time.

Failure rule: a file that is missing or cannot be read says no.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

FRESH_FILE: Final = "keys.fresh"
_FRESH_S: Final = 3.0


class Freshness:
    """`home`: the state directory of the first worker, which looks again and again and notes that it did."""

    def __init__(self, home: Path) -> None:
        self._path = home / FRESH_FILE

    def note(self) -> None:
        """The keys were those that there are, just now. OSError."""
        self._path.touch(mode=0o600)

    def lasts(self) -> bool:
        try:
            seen = self._path.stat().st_mtime
        except OSError:
            return False
        return abs(time.time() - seen) < _FRESH_S
