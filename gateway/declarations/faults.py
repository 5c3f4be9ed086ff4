"""Faults of documents: file, key, fault and remedy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from difflib import get_close_matches
from typing import Final, TypeAlias

Toml: TypeAlias = "str | int | Decimal | bool | datetime | date | time | list[Toml] | dict[str, Toml]"
"""A value as the TOML reader gives it; every float is a Decimal."""

_SHOWN_MOST: Final = 60
_LISTED_MOST: Final = 24


@dataclass(frozen=True, slots=True)
class DocumentFault:
    """One thing wrong with one document. `key` names the place (`routes[magistral-small].price.input`) or is empty.

    `what` and `do` complete one sentence each: `"nope" is not a value of training; use one of no, opt_out, yes`.
    """

    file: str
    key: str
    what: str
    do: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.file, self.key, f"{self.what}; {self.do}") if part)


class Report:
    """Everything found so far. Faults keep documents from serving; warnings do not."""

    def __init__(self) -> None:
        self.faults: list[DocumentFault] = []
        self.warnings: list[DocumentFault] = []

    def fault(self, file: str, key: str, what: str, do: str) -> None:
        self.faults.append(DocumentFault(file, key, what, do))

    def warn(self, file: str, key: str, what: str, do: str) -> None:
        self.warnings.append(DocumentFault(file, key, what, do))

    @property
    def faulty(self) -> frozenset[str]:
        """The documents with at least one fault."""
        return frozenset(fault.file for fault in self.faults)


def one_of(wrong: str, known: Iterable[str]) -> str:
    """The remedy for an unknown word: the known ones, or of a long list those that resemble it."""
    words = sorted(known)
    near = get_close_matches(wrong[:128], words, n=3, cutoff=0.7)
    if len(words) <= _LISTED_MOST:
        listed = f"use one of {', '.join(words)}" if words else "remove it: none is declared"
        return f"{listed} (did you mean {near[0]}?)" if near else listed
    if near:
        return f"did you mean {' or '.join(near)}?"
    return f"use one of the {len(words)} that are declared, such as {', '.join(words[:3])}"


def shown(value: Toml) -> str:
    """A value as the document has it, cut to a line's worth."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        text = f"[{', '.join(shown(item) for item in value[:8])}{', …' if len(value) > 8 else ''}]"
    elif isinstance(value, dict):
        text = "a table"
    elif isinstance(value, str):
        text = f'"{value}"'
    else:
        text = str(value)
    return text if len(text) <= _SHOWN_MOST else f"{text[:_SHOWN_MOST]}…"


def some(names: Iterable[str], most: int = 5) -> str:
    """The first few names and how many more there are: `a, b, c and 9 more`."""
    listed = sorted(names)
    rest = len(listed) - most
    return ", ".join(listed[:most]) + (f" and {rest} more" if rest > 0 else "")
