"""Edits of documents on disk: all of them in force together, or none."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from gateway.commands.terminal.stop import Stop

if TYPE_CHECKING:
    from gateway.settings import Settings


def put_documents(contents: Mapping[Path, bytes], settings: Settings, do: str) -> None:
    """Replace documents below the directory of configuration. The set must get no fault by it.

    On failure: Stop, and every document is as before.
    """
    faults = _new_faults(contents, settings)
    if faults:
        raise Stop("the documents would have faults", f"nothing was written; {do}", faults=faults)
    replace_files(contents)


def _new_faults(contents: Mapping[Path, bytes], settings: Settings) -> list[str]:
    from gateway.compose import read

    before = {(fault.key, fault.what) for fault in read(settings).faults}
    with TemporaryDirectory() as folder:
        config = Path(shutil.copytree(settings.config, Path(folder) / "config"))
        for path, content in contents.items():
            (config / path.relative_to(settings.config)).write_bytes(content)
        loaded = read(settings.model_copy(update={"config": config}))
        return [
            str(fault).replace(str(config), str(settings.config))
            for fault in loaded.faults
            if (fault.key, fault.what) not in before
        ]


def replace_files(contents: Mapping[Path, bytes]) -> None:
    """Write every file beside its place, then rename each. On failure: the files that were renamed are put back."""
    with _drafts(contents) as drafts:
        before = {path: path.read_bytes() if path.exists() else None for path in contents}
        replaced: list[Path] = []
        try:
            for path, draft in drafts.items():
                draft.replace(path)
                replaced.append(path)
        except OSError:
            for path in replaced:
                _put_back(path, before[path])
            raise


@contextmanager
def _drafts(contents: Mapping[Path, bytes]) -> Iterator[dict[Path, Path]]:
    """Each content in a hidden file beside its place, on disk; a draft that was not renamed is removed."""
    drafts: dict[Path, Path] = {}
    try:
        for path, content in contents.items():
            drafts[path] = path.with_name(f".{path.name}.{os.getpid()}.new")
            with drafts[path].open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            if path.exists():
                shutil.copymode(path, drafts[path])
        yield drafts
    finally:
        for draft in drafts.values():
            draft.unlink(missing_ok=True)


def _put_back(path: Path, content: bytes | None) -> None:
    if content is None:
        path.unlink(missing_ok=True)
    else:
        path.write_bytes(content)
