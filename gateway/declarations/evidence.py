"""Evidence in documents: `sources`, `read_on`, `verified_on`, `verified_by`, `looked_at`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from gateway.core.evidence import Source
from gateway.core.posture import DIMENSIONS
from gateway.declarations.faults import shown
from gateway.declarations.reader import Table

_DIMENSIONS: Final = {name: name for name in DIMENSIONS}


@dataclass(frozen=True, slots=True)
class RecordEvidence:
    """Evidence that a fact inherits from its record.

    `pinned`: the day that replaces every `read_on` of the bundled provider.
    """

    read_on: date | None = None
    verified_on: date | None = None
    sources: tuple[Source, ...] = ()
    pinned: date | None = None
    verified_by: str = ""
    looked_at: str = ""


def read_evidence(table: Table, inherited: RecordEvidence) -> RecordEvidence:
    """The evidence that `table` states, else the inherited one. A table that states any of it states all of it."""
    read_on, verified_on = table.past_day("read_on"), table.past_day("verified_on")
    verified_by, looked_at = table.text("verified_by"), table.text("looked_at")
    sources = read_sources(table)
    if verified_on is None and (verified_by or looked_at):
        table.fault("verified_on", "is missing beside verified_by or looked_at", "add the day of the verification")
    if read_on is None and verified_on is None and sources is None:
        return inherited
    read = inherited.pinned or read_on or (None if verified_on else inherited.read_on)
    return RecordEvidence(read, verified_on, sources or (), inherited.pinned, verified_by, looked_at)


def read_sources(table: Table) -> tuple[Source, ...] | None:
    """`sources`: texts, or tables with `url`, `dated`, `supports` and `note`. None where the key is missing."""
    entries = table.entries("sources", "url")
    if entries is None:
        return None
    return tuple(Source(entry) if isinstance(entry, str) else _source(entry) for entry in entries)


def _source(table: Table) -> Source:
    table.require(url='url = "https://…"')
    supports = table.chosen("supports", _DIMENSIONS)
    if supports == frozenset():
        table.fault("supports", f"{shown([])} names no dimension", "list the dimensions, or leave the key out")
    return Source(table.text("url"), table.past_day("dated"), supports or frozenset(), table.text("note"))
