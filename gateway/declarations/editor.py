"""Edits of documents, with their comments and their order kept. The caller decides where the bytes go.

Reading is `reader`'s business: an edited document is read and checked again before it is put in force.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final, cast

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AbstractTable, InlineTable

from gateway.core.posture import DIMENSIONS

_POSTURE: Final = "posture"
_EVIDENCE: Final = ("read_on", "verified_on", "verified_by", "looked_at", "sources")


class CannotEdit(Exception):
    """The document does not have what is to be changed. `reason` completes a sentence about the document."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Verification:
    """One dimension of a record, looked at by a person.

    `value`: a TOML value where the person found another one; empty to keep the value that is there.
    `dated`: the day that the source itself names.
    """

    dimension: str
    on: date
    by: str
    source: str
    looked_at: str = ""
    value: str = ""
    dated: date | None = None


def with_verification(content: bytes, verification: Verification) -> bytes:
    """The record's document with the verification written at its dimension. CannotEdit, or the new bytes."""
    document = parsed_document(content)
    posture = document.get(_POSTURE)
    name = verification.dimension
    if name not in DIMENSIONS:
        raise CannotEdit(f"knows no dimension {name!r}; the dimensions are {', '.join(DIMENSIONS)}")
    if not isinstance(posture, AbstractTable):
        raise CannotEdit("has no table [posture]")
    if name not in posture and not verification.value:
        raise CannotEdit(f"states nothing for {name}; say what the source states with --value")
    posture[name] = _fact(posture.get(name), verification)
    return dumped(document, content)


def parsed_document(content: bytes) -> tomlkit.TOMLDocument:
    try:
        return tomlkit.parse(content.decode())
    except (TOMLKitError, UnicodeDecodeError):
        raise CannotEdit("is not TOML") from None


def dumped(document: tomlkit.TOMLDocument, before: bytes) -> bytes:
    """The bytes of an edited document. A line that was not edited stays as it was, to the last space.

    tomlkit loses the space between a date and the brace behind it.
    """
    original = before.decode()
    again = tomlkit.dumps(tomlkit.parse(original))
    changed = {
        new: old for old, new in zip(original.splitlines(True), again.splitlines(True), strict=False) if old != new
    }
    return "".join(changed.get(line, line) for line in tomlkit.dumps(document).splitlines(True)).encode()


def _fact(before: Any, verification: Verification) -> InlineTable:
    """The fact as an inline table: value, note and dispute stay, the evidence is the verification's."""
    fact = tomlkit.inline_table()
    kept = cast("dict[str, Any]", before) if isinstance(before, AbstractTable | InlineTable) else {"value": before}
    fact["value"] = _value(verification.value) if verification.value else kept["value"]
    for key, item in kept.items():
        if key != "value" and key not in _EVIDENCE:
            fact[key] = item
    fact["verified_on"] = verification.on
    fact["verified_by"] = verification.by
    if verification.looked_at:
        fact["looked_at"] = verification.looked_at
    source = tomlkit.inline_table()
    source["url"] = verification.source
    if verification.dated is not None:
        source["dated"] = verification.dated
    sources = tomlkit.array()
    sources.append(source)
    fact["sources"] = sources
    return fact


def _value(text: str) -> Any:
    """A TOML value as a person types it; a bare word is text."""
    try:
        return tomlkit.value(text)
    except TOMLKitError:
        return text
