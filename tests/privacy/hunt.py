"""Markers that stand for content, and the search for them: raw, and in every spelling a library could have given them.

All markers begin alike, so that one search finds any of them; what is found is then told apart.
"""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

BEGIN: Final = "Mk7QxW3vTz9RhBd2"
"""No byte of any file looks like this by chance."""
_NEAR: Final = 400
"""Bytes on either side of a find in which the whole marker must stand."""


def sign(scene: str) -> str:
    """How all markers of a scene begin."""
    return BEGIN + hashlib.sha256(scene.encode()).hexdigest()[:8]


def marker(scene: str, place: str) -> str:
    """The text that stands at `place` in `scene`: letters and digits, so that no format need escape it."""
    return sign(scene) + hashlib.sha256(place.encode()).hexdigest()[:8]


def spellings(text: str) -> dict[str, bytes]:
    """How `text` looks inside a longer text that was written in each of the encodings."""
    data = text.encode()
    found = {
        "raw": data,
        "hex": data.hex().encode(),
        "utf-16-le": text.encode("utf-16-le"),
        "utf-16-be": text.encode("utf-16-be"),
        "percent": "".join(f"%{b:02x}" for b in data).encode(),
        "json": "".join(f"\\u{b:04x}" for b in data).encode(),
        "python": "".join(f"\\x{b:02x}" for b in data).encode(),
    }
    for shift in range(3):
        # Only the digits that no neighbour of the text has a part in.
        whole = base64.b64encode(bytes(shift) + data)
        found[f"base64+{shift}"] = whole[-(-shift * 8 // 6) : (shift + len(data)) * 8 // 6]
    return found


def _folds(spelling: str) -> bool:
    """Whether upper and lower case mean the same in it; a raw name may have been folded by whoever read it."""
    return not spelling.startswith("base64")


_SOUGHT: Final = {
    spelling: re.compile(re.escape(needle), re.IGNORECASE if _folds(spelling) else 0)
    for spelling, needle in spellings(BEGIN).items()
}


@dataclass(frozen=True, slots=True)
class Find:
    """A marker where none may be. `around`: the whole neighbourhood, to tell which."""

    sink: str
    spelling: str
    around: bytes

    def is_of(self, scene: str) -> bool:
        needle = spellings(sign(scene))[self.spelling]
        return needle.lower() in self.around.lower() if _folds(self.spelling) else needle in self.around

    def __str__(self) -> str:
        return f"{self.sink}: {self.spelling}: {self.around[_NEAR - 60 : _NEAR + 60]!r}"


def hunt(sinks: Mapping[str, bytes]) -> list[Find]:
    """Every marker in every sink."""
    return [
        Find(sink, spelling, data[max(0, found.start() - _NEAR) : found.end() + _NEAR])
        for sink, data in sinks.items()
        for spelling, sought in _SOUGHT.items()
        for found in sought.finditer(data)
    ]


def holds(sinks: Mapping[str, bytes], text: str | bytes) -> list[str]:
    """The sinks that hold something else, such as a secret or a digest: a text in any spelling, or bytes."""
    needles = spellings(text).values() if isinstance(text, str) else (text, *spellings(text.hex()).values())
    return [sink for sink, data in sinks.items() for needle in needles if needle in data]


def files(*folders: Path) -> dict[str, bytes]:
    """Every file below the folders as its bytes; of a database also what its rows say, wherever pages cut it.

    A file's own name is a sink too.
    """
    found: dict[str, bytes] = {}
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            name = f"{folder.name}/{path.relative_to(folder)}"
            found[f"{name} (name)"] = name.encode()
            if path.is_file():
                found[name] = path.read_bytes()
            if path.suffix == ".sqlite":
                found[f"{name} (rows)"] = rows(path)
    return found


def rows(database: Path) -> bytes:
    """What the tables hold, the write-ahead log included, read from a copy."""
    with tempfile.TemporaryDirectory() as work:
        for suffix in ("", "-wal"):
            if (part := database.with_name(database.name + suffix)).exists():
                shutil.copy(part, Path(work) / f"copy{suffix}")
        connection = sqlite3.connect(Path(work) / "copy")
        try:
            return b"\n".join(_cells(connection))
        finally:
            connection.close()


def _cells(connection: sqlite3.Connection) -> Iterator[bytes]:
    tables: Iterable[tuple[str]] = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    for (table,) in tables:
        for row in connection.execute(f'SELECT * FROM "{table}"'):
            for cell in row:
                yield cell if isinstance(cell, bytes) else str(cell).encode("utf-8", "surrogatepass")
