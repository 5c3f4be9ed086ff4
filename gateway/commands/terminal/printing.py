"""Output of commands: tables and lines for people, JSON for programs, notes and errors beside both."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TextIO, TypeAlias

from gateway.core.errors import Json

if TYPE_CHECKING:
    from rich.text import Text

Tone: TypeAlias = Literal["good", "bad", "quiet", "strong"]
_STYLES: Final[Mapping[Tone, str]] = {"good": "green", "bad": "red", "quiet": "dim", "strong": "bold"}
_WIDTH_ELSEWHERE: Final = 160
"""Columns without a terminal."""


@dataclass(frozen=True, slots=True)
class Toned:
    """A cell with a colour, where there are colours."""

    text: str
    tone: Tone


Cell: TypeAlias = str | Toned


class Printer:
    """`as_json` is the user's `--json`: then `value` prints and the rest of standard output is silent."""

    def __init__(self, stdout: TextIO, stderr: TextIO, *, as_json: bool, width: int | None = None) -> None:
        self.as_json = as_json
        self._stdout, self._stderr, self._width = stdout, stderr, width

    def value(self, value: Json) -> None:
        """The answer for programs; nothing without `--json`."""
        if self.as_json:
            print(json.dumps(value, indent=2, ensure_ascii=False), file=self._stdout)

    def rows(self, columns: Sequence[str], rows: Iterable[Sequence[str | int]]) -> None:
        """CSV with a line of names, for programs that read tables."""
        write_rows(self._stdout, columns, rows)

    def line(self, text: str = "") -> None:
        """One line for people."""
        if not self.as_json:
            print(text, file=self._stdout, flush=True)

    def greeting(self, text: str) -> None:
        """One line for people beside a log: on standard error unless standard output is a terminal."""
        if self._stdout.isatty():
            self.line(text)
        elif not self.as_json:
            self.note(text)

    def note(self, text: str) -> None:
        """Something to know beside the answer, on standard error."""
        print(text, file=self._stderr)

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[Cell]], *, title: str = "") -> None:
        """Columns whose name ends in `>` are set flush right. A cell may hold several lines.

        The first column is never folded: it names what people paste into the next command.
        """
        if self.as_json:
            return
        from rich import box
        from rich.console import Console
        from rich.table import Table

        terminal = self._stdout.isatty()
        console = Console(file=self._stdout, width=self._width or (None if terminal else _WIDTH_ELSEWHERE))
        table = Table(
            box=box.SIMPLE_HEAD, title=title or None, title_justify="left", title_style="bold", padding=(0, 1)
        )
        for place, name in enumerate(columns):
            side: Literal["left", "right"] = "right" if name.endswith(">") else "left"
            table.add_column(name.rstrip(">"), justify=side, overflow="fold", no_wrap=place == 0)
        for row in rows:
            table.add_row(*map(_text, row))
        console.print(table)


def write_rows(file: TextIO, columns: Sequence[str], rows: Iterable[Sequence[str | int]]) -> None:
    """CSV as RFC 4180 has it, but for the line's end."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)


def _text(cell: Cell) -> Text:
    from rich.text import Text

    return Text(cell.text, style=_STYLES[cell.tone]) if isinstance(cell, Toned) else Text(cell)
