"""A table of a document, read key by key: what is asked for is what may be there, and what is wrong is reported.

A reader never raises and never stops: a faulty value is reported and read as if it were missing, so that one pass finds
everything. The keys that a table may hold are not written down twice: the keys that are read are the known ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from sys import intern
from typing import Final, TypeVar

import tomli

from gateway.declarations.faults import Report, Toml, one_of, shown

T = TypeVar("T")

_AMOUNT_MOST: Final = Decimal(1_000_000_000)
_AMOUNT_DECIMALS: Final = 18
"""Prices with more decimals would not be exact in the arithmetic of `core.cost`."""


class Table:
    """One table. `path` is its place in the document: empty for the document itself, `posture`, `routes[a/b].price`."""

    __slots__ = ("_content", "_inner", "_page", "_read_keys", "path")

    def __init__(self, page: Page, content: Mapping[str, Toml], path: str) -> None:
        self._page, self._content, self.path = page, content, path
        self._read_keys: set[str] = set()
        self._inner: dict[str, Table] = {}
        page.opened.append(self)

    @property
    def file(self) -> str:
        return self._page.file

    @property
    def report(self) -> Report:
        return self._page.report

    def key(self, name: str) -> str:
        """The full name of a key of this table."""
        return f"{self.path}.{name}" if self.path else name

    def fault(self, name: str, what: str, do: str) -> None:
        """Report something about one key, or about the table itself where `name` is empty."""
        self._page.report.fault(self._page.file, self.key(name) if name else self.path, what, do)

    def names(self) -> tuple[str, ...]:
        """Every key, for a table whose keys are names that the document chooses."""
        self._read_keys.update(self._content)
        return tuple(self._content)

    def raw(self, name: str) -> Toml | None:
        self._read_keys.add(name)
        return self._content.get(name)

    def require(self, **example: str) -> None:
        """Report each of these keys that is missing; the values are how one would write it."""
        for name, line in example.items():
            if name not in self._content:
                self.fault(name, "is missing", f"add {line}")

    def text(self, name: str) -> str:
        """Empty where missing. Text that is there but empty is a fault: leave the key out instead."""
        value = self.raw(name)
        if value is None:
            return ""
        if not isinstance(value, str) or not value.strip():
            self.fault(name, f"{shown(value)} is not text", 'write it in quotes, such as "evroc", or leave the key out')
            return ""
        return intern(value)  # sources, settings and names repeat thousands of times in a catalogue

    def whole(self, name: str, least: int = 0) -> int | None:
        value = self.raw(name)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value < 2**53:
            self.fault(
                name,
                f"{shown(value)} is not a whole number of at least {least}",
                "write it without quotes, or leave the key out if nobody says",
            )
            return None
        return value

    def flag(self, name: str) -> bool | None:
        value = self.raw(name)
        if value is None or isinstance(value, bool):
            return value
        self.fault(name, f"{shown(value)} is not true or false", "write true or false without quotes, or leave it out")
        return None

    def day(self, name: str) -> date | None:
        """A day that the document states. A day still to come is for `expires_on` and the like: see `past_day`."""
        value = self.raw(name)
        if value is None:
            return None
        if not isinstance(value, date) or isinstance(value, datetime):
            self.fault(name, f"{shown(value)} is not a date", "write it without quotes, as in 2026-11-23")
            return None
        return value

    def past_day(self, name: str) -> date | None:
        """A day on which somebody did something. In the future it would keep evidence fresh for ever."""
        value = self.day(name)
        # One day of grace: in the east it is tomorrow already.
        if value is not None and (value - self._page.today).days > 1:
            self.fault(name, f"{value} has not come yet", "write the day on which it was done")
            return None
        return value

    def amount(self, name: str) -> Decimal | None:
        """An amount of money or a rate, exact. Text is accepted too: people quote sums of money."""
        value = self.raw(name)
        if value is None:
            return None
        amount = _decimal(value)
        if amount is None or not 0 <= amount < _AMOUNT_MOST or _decimals(amount) > _AMOUNT_DECIMALS:
            self.fault(name, f"{shown(value)} is not an amount of at least 0", f"write a plain number: {name} = 0.54")
            return None
        return amount

    def choice(self, name: str, options: Mapping[str, T]) -> T | None:
        """The value that a word stands for; None where the key is missing or no such word."""
        value = self.raw(name)
        if value is None:
            return None
        if not isinstance(value, str) or value not in options:
            self.fault(name, f"{shown(value)} is not a value of {name}", one_of(str(value), options))
            return None
        return options[value]

    def words(self, name: str) -> tuple[str, ...] | None:
        """A list of texts, without repetition. None without the key; anything but text is a fault."""
        value = self.raw(name)
        if value is None:
            return None
        if not isinstance(value, list):
            self.fault(name, f"{shown(value)} is not a list", f"write {name} = [{shown(value)}]")
            return ()
        values: dict[str, None] = {}
        for item in value:
            if not isinstance(item, str) or not item.strip():
                self.fault(name, f"{shown(item)} in this list is not text", "write each entry in quotes")
            elif item in values:
                self.fault(name, f"{shown(item)} is listed twice", "keep one of them")
            else:
                values[intern(item)] = None
        return tuple(values)

    def entries(self, name: str, label: str) -> list[str | Table] | None:
        """A list of texts and tables, mixed; `label`: the key that names a table in reports. None where missing."""
        value = self.raw(name)
        if value is None:
            return None
        if not isinstance(value, list):
            self.fault(name, f"{shown(value)} is not a list", f"write {name} = [{shown(value)}]")
            return []
        entries: list[str | Table] = []
        for count, item in enumerate(value, start=1):
            if isinstance(item, str) and item.strip():
                entries.append(intern(item))
            elif isinstance(item, dict):
                called = item.get(label)
                entries.append(
                    Table(self._page, item, f"{self.key(name)}[{called if isinstance(called, str) else count}]")
                )
            else:
                self.fault(
                    name, f"{shown(item)} in this list is neither text nor a table", "write it in quotes or braces"
                )
        return entries

    def chosen(self, name: str, options: Mapping[str, T]) -> frozenset[T] | None:
        """The values that a list of words stands for."""
        words = self.words(name)
        if words is None:
            return None
        for word in words:
            if word not in options:
                self.fault(name, f"{shown(word)} is not a value of {name}", one_of(word, options))
        return _shared(frozenset(options[word] for word in words if word in options))

    def mapping(self, name: str) -> Mapping[str, str]:
        """A table of texts under names that the document chooses; empty where missing."""
        table = self.table(name)
        return {key: text for key in table.names() if (text := table.text(key))} if table else {}

    def table(self, name: str) -> Table | None:
        """The table under a key; the same one whenever it is asked for."""
        if name in self._inner:
            return self._inner[name]
        value = self.raw(name)
        if value is None:
            return None
        if not isinstance(value, dict):
            self.fault(name, f"{shown(value)} is not a table", f"write [{self.key(name)}] and its keys below it")
            return None
        self._inner[name] = Table(self._page, value, self.key(name))
        return self._inner[name]

    def tables(self, name: str, label: Callable[[Mapping[str, Toml]], str] | None = None) -> list[Table]:
        """A list of tables. `label` names an entry in reports (`routes[gpt-4.1]`); without one they are counted."""
        value = self.raw(name)
        if value is None:
            return []
        if not isinstance(value, list):
            self.fault(name, f"{shown(value)} is not a list of tables", f"write [[{self.key(name)}]] above each")
            return []
        items = []
        for count, item in enumerate(value, start=1):
            if isinstance(item, dict):
                called = (label and label(item)) or f"#{count}"
                items.append(Table(self._page, item, f"{self.key(name)}[{called}]"))
            else:
                self.fault(name, f"{shown(item)} in this list is not a table", "write [[…]] above each entry")
        return items

    def close(self) -> None:
        """Report every key that nobody asked for, and let go of the content."""
        if len(self._content) > len(self._read_keys) or not self._read_keys.issuperset(self._content):
            for name in self._content:
                if name not in self._read_keys:
                    known = f"{one_of(name, self._read_keys)}, or " if self._read_keys else ""
                    self.fault(name, "is not a key here", f"{known}remove it")
        self._content, self._inner = {}, {}


class Page:
    """One document being read: its root table, and every table opened in it."""

    def __init__(self, file: str, content: Mapping[str, Toml], report: Report, today: date) -> None:
        self.file, self.report, self.today = file, report, today
        self.opened: list[Table] = []
        self.root = Table(self, content, "")

    def close(self) -> None:
        """Report the keys that nobody asked for. Call when all was read: its tables only report from then on.

        Tables and page hold one another: what they hold is let go here, so that no document outlives its reading.
        """
        for table in self.opened:
            table.close()
        self.opened.clear()


def parse(file: str, content: bytes, report: Report) -> Mapping[str, Toml] | None:
    """The content of a document; None, with a fault, for anything but TOML."""
    try:
        parsed: Mapping[str, Toml] = tomli.loads(content.decode("utf-8"), parse_float=Decimal)
    except UnicodeDecodeError as error:
        report.fault(file, "", f"byte {error.start} is not UTF-8", "save the document as UTF-8")
    except tomli.TOMLDecodeError as error:
        report.fault(file, f"line {error.lineno}", f"this is not TOML ({error.msg})", "correct the line")
    except (ValueError, ArithmeticError, RecursionError):
        report.fault(file, "", "a number or a nesting in it is beyond all bounds", "make it smaller")
    else:
        return parsed
    return None


@lru_cache(maxsize=512)
def _shared(values: frozenset[T]) -> frozenset[T]:
    """One object for all sets that are equal: hundreds of routes take and give the same."""
    return values


def labelled(*names: str) -> Callable[[Mapping[str, Toml]], str]:
    """A label from the first of these keys that holds text."""

    def label(entry: Mapping[str, Toml]) -> str:
        return next((value for name in names if isinstance(value := entry.get(name), str) and value), "")

    return label


def _decimal(value: Toml) -> Decimal | None:
    if isinstance(value, Decimal):
        return value if value.is_finite() else None
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    if isinstance(value, str):
        try:
            amount = Decimal(value)
        except ArithmeticError:
            return None
        return amount if amount.is_finite() else None
    return None


def _decimals(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0
