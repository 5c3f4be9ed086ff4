"""Style sheets and scripts, read once and served under the digest of all of them, for ever."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Final

from gateway.core.frozen import frozen

_DIRECTORY: Final = Path(__file__).resolve().parent / "assets"
_MEDIA: Final[Mapping[str, str]] = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


@frozen
class Asset:
    """One file. `packed`: the same, by gzip."""

    media_type: str
    body: bytes
    packed: bytes


class Assets:
    """Every file of the directory, by name."""

    @cached_property
    def files(self) -> Mapping[str, Asset]:
        """Name -> the file."""
        return {
            path.name: Asset(_MEDIA[path.suffix], body := path.read_bytes(), gzip.compress(body, 9, mtime=0))
            for path in sorted(_DIRECTORY.iterdir())
            if path.suffix in _MEDIA
        }

    @cached_property
    def digest(self) -> str:
        """Names every file at once: modules import each other by relative addresses."""
        digest = hashlib.sha256()
        for name, asset in self.files.items():
            digest.update(name.encode() + b"\0" + asset.body + b"\0")
        return digest.hexdigest()[:16]

    def find(self, digest: str, name: str) -> Asset | None:
        """The file under that digest; None for another version's."""
        return self.files.get(name) if digest == self.digest else None
