"""Two sets of documents to compare: directories, single files, or the documents in force with one of them replaced."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from gateway.commands.terminal.stop import MISUSED, Stop
from gateway.core.admission_shift import ComparedPolicy, ComparedSide
from gateway.core.snapshot import Snapshot

if TYPE_CHECKING:
    from gateway.settings import Settings


@contextmanager
def policies_of(named: str, settings: Settings) -> Iterator[tuple[Snapshot, str]]:
    """The documents with these policies, and the one policy that is named; "" for a directory.

    `named`: a directory of policies, the file of one policy, or the name of a declared one.
    """
    path = Path(named)
    if path.is_dir():
        yield _loaded(settings.model_copy(update={"policies": path}), named), ""
    elif path.is_file():
        with TemporaryDirectory() as folder:
            policies = Path(shutil.copytree(settings.policies, Path(folder) / "policies"))
            shutil.copy(path, policies / path.name)
            yield _loaded(settings.model_copy(update={"policies": policies}), named), path.stem
    else:
        snapshot = _loaded(settings, named)
        if named not in snapshot.policies:
            known = ", ".join(sorted(snapshot.policies))
            do = f"name a directory, a file or one of {known}"
            raise Stop(f"{named!r} is neither a path nor a declared policy", do, code=MISUSED)
        yield snapshot, named


@contextmanager
def catalogue_of(named: str, settings: Settings) -> Iterator[Snapshot]:
    """The documents with this catalogue.

    `named`: a directory of configuration, a directory with `catalog/` or `models/`, or the file of one record or lab.
    Everything else comes from the documents in force.
    """
    path = Path(named)
    if not path.exists():
        raise Stop(f"{named!r} does not exist", "name a directory of configuration or a record's file", code=MISUSED)
    with TemporaryDirectory() as folder:
        config = Path(shutil.copytree(settings.config, Path(folder) / "config"))
        if path.is_dir():
            _overlay(path, config)
        else:
            place = "models" if path.parent.name == "models" else "catalog"
            shutil.copy(path, config / place / path.name)
        yield _loaded(settings.model_copy(update={"config": config}), named)


def _overlay(directory: Path, config: Path) -> None:
    """Replace the directories that `directory` has, and its single documents."""
    folders = [name for name in ("catalog", "models") if (directory / name).is_dir()]
    if not folders:
        raise Stop(f"{directory} has neither catalog/ nor models/", "name a directory of configuration", code=MISUSED)
    for name in folders:
        shutil.rmtree(config / name, ignore_errors=True)
        shutil.copytree(directory / name, config / name)
    for document in directory.glob("*.toml"):
        shutil.copy(document, config / document.name)


def _loaded(settings: Settings, named: str) -> Snapshot:
    from gateway.compose import read

    loaded = read(settings)
    if loaded.snapshot is None:
        faults = [str(fault) for fault in loaded.faults]
        raise Stop(f"the documents with {named} have errors", "correct them first", faults=faults)
    return loaded.snapshot


def pairs(before: tuple[Snapshot, str], after: tuple[Snapshot, str]) -> list[ComparedPolicy]:
    """The policies to compare: the two that are named, else those of the same name."""
    (old, one), (new, other) = before, after
    if one or other:
        first, second = one or other, other or one
        return [(_side(old, first), _side(new, second))]
    return [(_side(old, name), _side(new, name)) for name in old.policies if name in new.policies]


def _side(snapshot: Snapshot, name: str) -> ComparedSide:
    if name not in snapshot.policies:
        raise Stop(f"one side has no policy {name!r}", f"the policies are {', '.join(sorted(snapshot.policies))}")
    return ComparedSide(snapshot, snapshot.policies[name])
