"""Price lists as the operator brings them: a file, a wheel, an npm archive or an installed package.

The bytes are read as data. No package is imported, and nothing is fetched.
"""

from __future__ import annotations

import hashlib
import json
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path, PurePosixPath
from typing import Final, TypeAlias

from gateway.core.offers import Feed, FeedLabel
from gateway.feeds import genai_prices, litellm, models_dev
from gateway.feeds.json_text import MOST, parsed
from gateway.feeds.python_data import assigned
from gateway.feeds.refused import FeedRefused

PACKAGES: Final = {
    "genai-prices": "genai_prices/data.py",
    "litellm": "litellm/model_prices_and_context_window_backup.json",
}
"""Python packages that carry a list -> the file in the package."""
_RELAYED: Final = "dist/providers/data/"
_MANIFEST: Final = ".manifest.json"
_PACKAGE_MOST: Final = 512 * 1024 * 1024
_FIRST_DAY: Final = date(2022, 1, 1)
"""Archives made reproducibly carry times before any price list."""


@dataclass(frozen=True, slots=True)
class Brought:
    """The bytes of a list, by the name of each file; its version and its day, where the carrier states them."""

    files: Mapping[str, bytes]
    version: str = ""
    dated: date | None = None

    @property
    def sha256(self) -> str:
        """Digest of one file; of several, of their names and digests."""
        digests = {name: hashlib.sha256(content).hexdigest() for name, content in sorted(self.files.items())}
        if len(digests) == 1:
            return next(iter(digests.values()))
        return hashlib.sha256(json.dumps(digests).encode()).hexdigest()


def installed() -> tuple[str, ...]:
    """The packages with a list that are installed beside this program."""
    return tuple(name for name in PACKAGES if _location(name) is not None)


def read_feed(source: str, day: date | None, today: date) -> Feed:
    """The list at a path, or of an installed package. FeedRefused or OSError where it cannot be read.

    `day`: the day of the list as the operator says; otherwise the carrier's, or the day of the file.
    """
    location = _location(source)
    path = location[0] if location else Path(source)
    brought = _brought(path)
    version = location[1] if location else brought.version
    dated = day or brought.dated or _modified(path)
    if dated > today:
        raise FeedRefused(f"is dated {dated}, which has not come yet", "write the day of the list after the name: @DAY")
    return _read(brought, version, dated)


def _location(package: str) -> tuple[Path, str] | None:
    """The file of the list of an installed package, and the package's version."""
    if package not in PACKAGES:
        return None
    try:
        carrier = distribution(package)
    except PackageNotFoundError:
        return None
    path = Path(str(carrier.locate_file(PACKAGES[package])))
    return (path, carrier.version) if path.is_file() else None


def _brought(path: Path) -> Brought:
    if not path.is_file():
        raise FeedRefused("is neither a file nor an installed package with a price list", "correct the path")
    if path.suffix in (".whl", ".zip"):
        return _wheel(path)
    if path.suffix in (".tgz", ".gz"):
        return _archive(path)
    if path.stat().st_size > MOST:
        raise FeedRefused(f"has more than {MOST} bytes", "bring the price list alone")
    return Brought({path.name: path.read_bytes()})


def _wheel(path: Path) -> Brought:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            member = next((name for name in PACKAGES.values() if name in names), None)
            if member is None:
                raise FeedRefused("holds no price list", f"bring a wheel of {' or '.join(PACKAGES)}")
            if archive.getinfo(member).file_size > MOST:
                raise FeedRefused(f"holds a list of more than {MOST} bytes", "bring the price list alone")
            content = archive.read(member)
    except (zipfile.BadZipFile, EOFError, RuntimeError):
        raise FeedRefused("is not a whole archive", "bring the file again") from None
    parts = path.name.split("-")
    return Brought({PurePosixPath(member).name: content}, parts[1] if len(parts) > 1 else "")


def _archive(path: Path) -> Brought:
    """pi-ai's npm archive: one file per provider, and a manifest with the day."""
    files: dict[str, bytes] = {}
    whole = 0
    try:
        with tarfile.open(path, "r:gz") as archive:
            for member in archive:
                whole += member.size
                if whole > _PACKAGE_MOST:
                    raise FeedRefused(f"holds more than {_PACKAGE_MOST} bytes", "bring the price list alone")
                folder, _, name = member.name.rpartition("/")
                if member.isfile() and (folder.endswith(_RELAYED.rstrip("/")) or member.name == "package/package.json"):
                    content = archive.extractfile(member)
                    files[name] = content.read(MOST + 1) if content else b""
    except (tarfile.TarError, EOFError, OSError):
        raise FeedRefused("is not a whole archive", "bring the file again") from None
    if _MANIFEST not in files:
        raise FeedRefused("holds no price list", "bring the archive of pi-ai, or api.json of models.dev")
    package, manifest = parsed(files.pop("package.json", b"{}")), parsed(files.pop(_MANIFEST))
    return Brought(files, str(package.get("version", "")), _made_on(manifest))


def _made_on(manifest: object) -> date | None:
    moment = manifest.get("generatedAt") if isinstance(manifest, dict) else None
    try:
        return date.fromisoformat(str(moment)[:10]) if moment else None
    except ValueError:
        return None


def _modified(path: Path) -> date:
    day = datetime.fromtimestamp(path.stat().st_mtime, UTC).date()
    if day < _FIRST_DAY:
        raise FeedRefused("does not say of which day it is", "write the day of the list after the name: @DAY")
    return day


def _read(brought: Brought, version: str, dated: date) -> Feed:
    def label(name: str, family: str) -> FeedLabel:
        return FeedLabel(name, family, version, dated, brought.sha256)

    if len(brought.files) > 1:
        documents = {PurePosixPath(name).stem: parsed(content) for name, content in brought.files.items()}
        return models_dev.read_relayed(label("pi-ai", models_dev.FAMILY), documents)
    ((name, content),) = brought.files.items()
    if name.endswith(".py"):
        providers = assigned(content, genai_prices.VARIABLE)
        return genai_prices.read(label(genai_prices.FAMILY, genai_prices.FAMILY), providers)
    document = parsed(content)
    for called, family, is_list, read in _READERS:
        if is_list(document):
            return read(label(called, family), document)
    raise FeedRefused("is not a price list that this version reads", f"bring one of {', '.join(PACKAGES)}, models.dev")


_Reader: TypeAlias = tuple[str, str, Callable[[object], bool], Callable[[FeedLabel, object], Feed]]
_READERS: Final[tuple[_Reader, ...]] = (
    ("genai-prices", genai_prices.FAMILY, genai_prices.is_list, genai_prices.read),
    ("litellm", litellm.FAMILY, litellm.is_list, litellm.read),
    ("models.dev", models_dev.FAMILY, models_dev.is_list, models_dev.read),
)
