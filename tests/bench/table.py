"""The marks, what was reached, and the one table that says both."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from statistics import median

UNMEASURED = "-"


class Sense(Enum):
    """On which side of its mark a figure is good."""

    AT_MOST = "<="
    AT_LEAST = ">="


@dataclass(frozen=True, slots=True)
class Mark:
    """A bound for one figure. `digits`: behind the point, for mark and figure."""

    bound: float
    unit: str = ""
    digits: int = 2
    sense: Sense = Sense.AT_MOST

    def __str__(self) -> str:
        return f"{self.sense.value} {self.bound:,g} {self.unit}".strip()

    def reached_by(self, figure: float) -> bool:
        return figure <= self.bound if self.sense is Sense.AT_MOST else figure >= self.bound


@dataclass(frozen=True, slots=True)
class Row:
    """One line. `figures`: one of each round, of which the median counts; none: not measured, and `note` says why."""

    what: str
    figures: Sequence[float]
    mark: Mark
    note: str = ""
    judged: bool = True
    """False for a figure that has no mark and stands there to compare with."""

    def cells(self) -> tuple[str, str, str, str, str]:
        mark = str(self.mark) if self.judged else UNMEASURED
        if not self.figures:
            return self.what, mark, UNMEASURED, "not measured", self.note
        figure = round(median(self.figures), self.mark.digits)
        reached = f"{figure:,.{self.mark.digits}f} {self.mark.unit}".strip()
        verdict = ("ok" if self.mark.reached_by(figure) else "MISSED") if self.judged else ""
        return self.what, mark, reached, verdict, self.note


HEADS = ("all features on", "mark", "reached", "", "")


def table(rows: Iterable[Row]) -> str:
    """In Markdown, aligned for a terminal."""
    lines = [HEADS, *(row.cells() for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    padded = ["| " + " | ".join(map(str.ljust, line, widths)) + " |" for line in lines]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([padded[0], rule, *padded[1:]])
