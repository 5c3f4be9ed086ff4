"""Evidence behind a fact: its sources with their dates, who read it, and who verified it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Source:
    """A text that supports facts. `dated`: the day the text itself names; None if it names none.

    `supports`: the dimensions it was read for; empty for a source of the record as a whole.
    """

    url: str
    dated: date | None = None
    supports: frozenset[str] = frozenset()
    note: str = ""


def sources_of(dimension: str, sources: Iterable[Source]) -> tuple[Source, ...]:
    """The sources that name this dimension; where none does, those of the record as a whole."""
    listed = tuple(sources)
    named = tuple(source for source in listed if dimension in source.supports)
    return named or tuple(source for source in listed if not source.supports)


def aged_from(read_on: date | None, verified_on: date | None, sources: Iterable[Source]) -> date | None:
    """The day from which a fact ages: its verification, else the older of reading and newest source.

    None for a fact without any date. An undated source does not make a fact younger or older.
    """
    if verified_on is not None:
        return verified_on
    newest = max((source.dated for source in sources if source.dated is not None), default=None)
    return min((day for day in (read_on, newest) if day is not None), default=None)
