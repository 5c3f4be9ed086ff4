"""Names that documents give to what they declare, where each was declared, and references to them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from gateway.declarations.faults import one_of, shown
from gateway.declarations.reader import Table

T = TypeVar("T")

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]*")
_MODEL: Final = re.compile(r"[a-z0-9][a-z0-9._+-]*")


def read_name(table: Table, key: str) -> str:
    """The name of a provider, team, policy or data class: it becomes part of addresses, variables, account names."""
    return _matching(table, key, _NAME, "lower-case letters, digits and hyphens")


def read_model_name(table: Table, key: str) -> str:
    """A model's id, or the variant of a route: a name that may hold dots, as versions do."""
    return _matching(table, key, _MODEL, "lower-case letters, digits, dots and hyphens")


def is_name(word: str) -> bool:
    return _NAME.fullmatch(word) is not None


def _matching(table: Table, key: str, pattern: re.Pattern[str], letters: str) -> str:
    word = table.text(key)
    if word and not pattern.fullmatch(word):
        table.fault(key, f"{shown(word)} is not a name", f"write it with {letters}")
        return ""
    return word


def named_as_file(table: Table, key: str, stem: str) -> str:
    """The name under `key`, which must be that of the file; the file's where it is missing or faulty."""
    name = read_name(table, key)
    if name and name != stem:
        table.fault(key, f"{shown(name)} is not the name of the file", f'call the file {name}.toml or write "{stem}"')
    return stem


class Register(Generic[T]):
    """Values by name, with the document and the table that declared each."""

    def __init__(self) -> None:
        self.values: dict[str, T] = {}
        self._tables: dict[str, Table] = {}

    def add(self, name: str, value: T, table: Table, key: str = "id") -> None:
        """Keep a value under its name, if it has one. The first of two stays, and the second is a fault."""
        before = self._tables.get(name)
        if before is not None:
            where = before.path if before.file == table.file else before.file
            table.fault(key, f"{shown(name)} is declared already ({where})", "remove one, or give it another name")
        elif name:
            self.values[name], self._tables[name] = value, table

    def __getitem__(self, name: str) -> Table:
        """The table that declared it."""
        return self._tables[name]


@dataclass(frozen=True, slots=True)
class Declared:
    """The names of one kind. `complete` is False if a document that may declare more could not be read."""

    kind: str
    names: Collection[str]
    complete: bool = True

    def check(self, table: Table, key: str, word: str) -> None:
        """Report a reference to a name that is not declared."""
        if word and self.complete and word not in self.names:
            table.fault(key, f"{shown(word)} is not a declared {self.kind}", one_of(word, self.names))

    def check_all(self, table: Table | None, key: str, words: Iterable[str]) -> None:
        for word in sorted(words) if table else ():
            if table is not None:
                self.check(table, key, word)


@dataclass(frozen=True, slots=True)
class Names:
    """Everything that may be referred to."""

    providers: Declared
    models: Declared
    routes: Declared
    policies: Declared
