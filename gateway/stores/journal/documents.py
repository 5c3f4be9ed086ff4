"""Every set of documents that has served, kept under its digest: any decision can be recomputed years later."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Final

CAPABILITIES_FILE: Final = "capabilities.json"
"""The one document of a set that says what the process could do."""
_DIGITS = frozenset("0123456789abcdef")


class Documents:
    """Sets of documents under `<state>/documents/<digest>/`. A set is written whole or not at all, and never again."""

    def __init__(self, state_dir: Path) -> None:
        self._root = state_dir / "documents"

    def keep(self, digest: str, documents: Mapping[str, bytes]) -> None:
        """Keep the set, if it is not kept yet. Names are relative paths with `/`; ValueError for any other."""
        target = self._folder(digest)
        if target.is_dir():
            return
        for folder in (self._root.parent, self._root):  # `parents` would not give the state directory the mode
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=".", dir=self._root))  # mode 0700
        try:
            for name, content in documents.items():
                _write(draft, _parts(name), content)
            for path in (draft, *draft.rglob("*")):  # when all is written: the first sync takes the others' along
                _sync(path)
            draft.rename(target)
            _sync(self._root)
        except OSError:
            if not target.is_dir():  # else another process kept the same set first
                raise
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    def folder(self, digest: str) -> Path | None:
        """The folder of the set; None for an unknown digest."""
        folder = self._folder(digest)
        return folder if folder.is_dir() else None

    def load(self, digest: str) -> dict[str, bytes] | None:
        """The set as it was kept, in the order of its names; None for an unknown digest."""
        folder = self._folder(digest)
        if not folder.is_dir():
            return None
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}

    def _folder(self, digest: str) -> Path:
        if not digest or not _DIGITS.issuperset(digest):
            raise ValueError("a digest is written in lower-case hexadecimal digits")
        return self._root / digest


def _parts(name: str) -> tuple[str, ...]:
    path = PurePosixPath(name)
    if path.is_absolute() or not path.parts or ".." in path.parts or "\0" in name:
        raise ValueError(f"a document is named by a relative path, not {name!r}")
    return path.parts


def _write(root: Path, parts: tuple[str, ...], content: bytes) -> None:
    folder = root
    for part in parts[:-1]:
        folder /= part
        folder.mkdir(mode=0o700, exist_ok=True)
    handle = os.open(folder / parts[-1], os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)


def _sync(path: Path) -> None:
    """A file, or which names a folder holds."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
