"""One list of file names for all dialect packages: the same role stands in the same file of each."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import gateway.dialects
from gateway.dialects.registry import REGISTRY

ROOM = Path(gateway.dialects.__file__).parent
PACKAGES = sorted(path.parent for path in ROOM.glob("*/__init__.py"))

STEMS = frozenset(
    "request survey decode encode content tools turns reply stream events usage errors counting schema signatures "
    "ids".split()
)
EXTRA = {
    "messages": "the way out of `turns`: both ways in one file would be longer than a file may be",
    "frames": "the way out of `stream`: items and blocks that grow would double the size of `reply`",
    "calls": "calls come in pieces of a dozen forms: with them `events` would be longer than a file may be",
    "payloads": "shapes that `events` and `stream` both decode",
    "parts": "shapes of blocks, parts and tools that `survey` and the shapes of items both need",
    "items": "shapes of items: with them `survey` would be longer than a file may be",
    "texts": "a masker reads it alone, whatever else a dialect does with content",
    "client_tools": "`tools`, `turns` and `frames` need both ways of it: Responses alone has such tools",
    "carriers": "Messages alone is carried by clouds; `request` and `encode` both need it",
    "framing": "frames of a stream have nothing in common with the events inside them",
    "fields": "Google alone has two names for each member; both of its dialects read them",
}
"""Stems beside the list, each with its reason."""

ROLES = {
    "accept": "request",
    "passed": "request",
    "conversation": "decode",
    "written": "encode",
    "writer": "reply",
    "error": "errors",
    "observe": "stream",
    "tally": "stream",
    "fitted": "stream",
    "events": "events",
    "reader": "events",
    "counted": "counting",
    "count": "counting",
    "texts": "texts",
    "reply_framing": "framing",
}
"""Function of the dialect protocols -> the stem that it stands in."""


def test_every_module_of_a_dialect_has_a_name_of_the_list() -> None:
    strange = [
        f"{path.parent.name}/{path.name}"
        for package in PACKAGES
        for path in package.glob("*.py")
        if path.stem not in {"__init__", *STEMS, *EXTRA}
    ]
    assert strange == []


def test_every_name_of_the_list_is_explained_and_used() -> None:
    explained = set(re.findall(r"^    (\w+) {2,}\S", gateway.dialects.__doc__ or "", re.MULTILINE))
    used = {path.stem for package in PACKAGES for path in package.glob("*.py")} - {"__init__"}
    assert explained == used == STEMS | set(EXTRA)


@pytest.mark.parametrize("name", sorted(REGISTRY.wires))
def test_every_function_of_a_dialect_stands_in_the_file_of_its_role(name: str) -> None:
    """In the package itself, or in the one that its family shares."""
    dialect = REGISTRY.wires[name]
    homes = {f"gateway.dialects.{name}", f"gateway.dialects.{name.partition('_')[0]}"}
    for function, stem in ROLES.items():
        if (found := getattr(dialect, function, None)) is not None:
            assert found.__module__ in {f"{home}.{stem}" for home in homes}, function


def test_a_dialect_knows_no_sibling() -> None:
    """It knows its own package, its family's, and the modules of the room."""
    packages = {package.name for package in PACKAGES}
    for package in PACKAGES:
        others = packages - {package.name, package.name.partition("_")[0]}
        for path in package.glob("*.py"):
            imported = set(re.findall(r"^ *from gateway\.dialects\.(\w+)", path.read_text(), re.MULTILINE))
            assert imported.isdisjoint(others), path


@pytest.mark.parametrize("name", sorted(REGISTRY.wires))
def test_no_function_of_a_dialect_is_hidden_by_a_module_of_its_name(name: str) -> None:
    """A module that is imported later takes the place of a function in the package."""
    package: Any = REGISTRY.wires[name]
    functions = [each for each in package.__all__ if each.islower()]
    assert functions
    assert [each for each in functions if isinstance(getattr(package, each), ModuleType)] == []
