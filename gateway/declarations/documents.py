"""The documents' files and bytes. Other files may lie beside them; a `.toml` without a reader is a fault."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final

from gateway.declarations.faults import Report, one_of

SINGLE: Final = (
    "organisation.toml",
    "teams.toml",
    "contracts.toml",
    "regions.toml",
    "fx.toml",
    "feeds.toml",
    "deployments.toml",
)
"""Documents of `config/` itself, in the order of reading."""
DOCUMENT_MOST: Final = 8 * 1024 * 1024
"""Bytes of one document. The largest of the shipped ones has less than a tenth of it."""

_MAY_BE_ABSENT: Final = frozenset({"contracts.toml", "feeds.toml", "deployments.toml"})


@dataclass(frozen=True, slots=True)
class DeclaredDocument:
    """One file. `name`: `config/catalog/evroc.toml`, wherever `config` lies; `file`: what to call it towards people."""

    name: str
    file: str
    content: bytes

    @property
    def stem(self) -> str:
        """`evroc` of `catalog/evroc.toml`."""
        return PurePosixPath(self.name).name.removesuffix(".toml")


@dataclass(frozen=True, slots=True)
class Shelf:
    """Every document, by what it declares. `bundled`: records and models of the bundled provider."""

    single: Mapping[str, DeclaredDocument] = field(default_factory=dict)
    catalog: tuple[DeclaredDocument, ...] = ()
    models: tuple[DeclaredDocument, ...] = ()
    policies: tuple[DeclaredDocument, ...] = ()
    bundled: tuple[Shelf, ...] = ()

    def __iter__(self) -> Iterator[DeclaredDocument]:
        yield from (*self.single.values(), *self.catalog, *self.models, *self.policies)
        for shelf in self.bundled:
            yield from shelf


def find(config: Path, policies: Path, extra: Iterable[Path], report: Report) -> Shelf:
    """The documents of these directories. A missing, unreadable or misnamed one is a fault."""
    single = {document.stem + ".toml": document for document in _files("config", config, report)}
    for name in SINGLE:
        if name not in single and name not in _MAY_BE_ABSENT and config.is_dir():
            report.fault(called(config / name), "", "the document is missing", "copy it from the shipped config/")
    for name, document in single.items():
        if name not in SINGLE:
            report.fault(document.file, "", "no document has this name", f"rename it: {one_of(name, SINGLE)}")
    return Shelf(
        single={name: single[name] for name in SINGLE if name in single},
        catalog=_files("config/catalog", config / "catalog", report) if config.is_dir() else (),
        models=_files("config/models", config / "models", report) if config.is_dir() else (),
        policies=_files("policies", policies, report),
        bundled=tuple(_bundled(number, path, report) for number, path in enumerate(extra)),
    )


def _bundled(number: int, path: Path, report: Report) -> Shelf:
    name = f"sandbox-{number + 1}" if number else "sandbox"
    return Shelf(
        catalog=_files(f"{name}/catalog", path / "catalog", report),
        models=_files(f"{name}/models", path / "models", report),
    )


def _files(name: str, directory: Path, report: Report) -> tuple[DeclaredDocument, ...]:
    """The documents of one directory by name. Hidden files (editors leave some) are not documents."""
    if not directory.is_dir():
        report.fault(called(directory), "", "the directory does not exist", "create it, or correct the setting")
        return ()
    files = []
    for path in sorted(directory.iterdir()):
        if path.suffix != ".toml" or path.name.startswith("."):
            continue
        try:
            if problem := _unreadable(path):
                report.fault(called(path), "", *problem)
                continue
            files.append(DeclaredDocument(f"{name}/{path.name}", called(path), path.read_bytes()))
        except OSError as error:
            report.fault(called(path), "", f"it cannot be read ({error.strerror})", "correct its permissions")
    return tuple(files)


def _unreadable(path: Path) -> tuple[str, str] | None:
    """The fault and the remedy of a file that would block a reader or fill the memory. A link to a file is a file."""
    if not path.is_file():
        return "it is not a regular file", "remove it, or put the document itself in its place"
    if path.stat().st_size > DOCUMENT_MOST:
        return f"it is larger than {DOCUMENT_MOST} bytes", "split it, or remove all but declarations"
    return None


def called(path: Path) -> str:
    """A file as the person at this terminal would name it: from where they stand, if it lies below."""
    try:
        return path.absolute().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return path.as_posix()


def digest(documents: Mapping[str, bytes]) -> str:
    """SHA-256 over names and contents in the order of names, hex. The place of the directories does not matter."""
    whole = hashlib.sha256()
    for name, content in sorted(documents.items()):
        for part in (name.encode(), content):
            whole.update(len(part).to_bytes(8, "big"))
            whole.update(part)
    return whole.hexdigest()
