"""Selections of receipts: the days and the values of the groups that a report is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final


@dataclass(frozen=True, slots=True)
class Selection:
    """The receipts of exchanges that began on these days in UTC, both included, and have these values.

    `where`: name of a group -> its value. None for a day: no limit on that side.
    """

    since: date | None = None
    until: date | None = None
    where: Mapping[str, str] = field(default_factory=dict)

    def narrowed(self, **where: str) -> Selection:
        """The selection with more values. A value that the selection states already stands beside no other."""
        if apart := [name for name, value in where.items() if self.where.get(name, value) != value]:
            raise ValueError(f"the selection has another value of {apart[0]}")
        return replace(self, where={**self.where, **where})


EVERYTHING: Final = Selection()
"""Every receipt."""


def days(since: date | None = None, until: date | None = None) -> Selection:
    """Every receipt of these days."""
    return Selection(since, until)
