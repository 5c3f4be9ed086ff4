"""Google's JSON: a member may stand under its name in camel case or in snake case, and a single value for a list of it.

Both come from Google's own reader of JSON, and its published examples rely on them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from gateway.core.errors import InvalidRequest
from gateway.dialects.members import MOST

_HUMP: Final = re.compile(r"_([a-z0-9])")


def camel(name: str) -> str:
    """`max_output_tokens` as `maxOutputTokens`; a name in camel case as it is."""
    return _HUMP.sub(lambda hump: hump.group(1).upper(), name) if "_" in name else name


def snake(name: str) -> str:
    """`maxOutputTokens` as `max_output_tokens`."""
    return re.sub("[A-Z]", lambda hump: "_" + hump.group().lower(), name)


def fault(field: str, what: str) -> InvalidRequest:
    return InvalidRequest(f"`{field}` {what}.", field=field)


class GoogleObject:
    """One object of a request. Members are asked for in camel case; what is null is absent.

    `where`: the path to it, for faults; empty at the top. Every reading raises InvalidRequest with the member's path.
    """

    __slots__ = ("_values", "where")

    def __init__(self, document: object, where: str = "") -> None:
        if not isinstance(document, dict):
            raise fault(where or "body", "must be an object")
        self.where = where
        self._values: dict[str, Any] = {}
        for key, value in document.items():
            if value is None:
                continue
            name = camel(key)
            if name in self._values:
                raise fault(where or "body", "has one member in two spellings")
            self._values[name] = value

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def path(self, name: str) -> str:
        return f"{self.where}.{name}" if self.where else name

    def raw(self, name: str) -> Any:
        """None if absent."""
        return self._values.get(name)

    def text(self, name: str) -> str:
        """Empty if absent."""
        value = self._values.get(name, "")
        if not isinstance(value, str):
            raise fault(self.path(name), "must be a string")
        return value

    def number(self, name: str) -> float | None:
        value = self._values.get(name)
        if value is not None and (not isinstance(value, int | float) or isinstance(value, bool)):
            raise fault(self.path(name), "must be a number")
        return value

    def count(self, name: str, *, least: int = 1, most: int = MOST) -> int | None:
        """A whole number; `40.0` is one."""
        value = self.number(name)
        if value is None:
            return None
        if value != (whole := int(value)) or not least <= whole <= most:
            raise fault(self.path(name), f"must be a whole number from {least} to {most}")
        return whole

    def flag(self, name: str) -> bool:
        """False if absent."""
        value = self._values.get(name, False)
        if not isinstance(value, bool):
            raise fault(self.path(name), "must be true or false")
        return value

    def inner(self, name: str) -> GoogleObject:
        """An object; empty if absent."""
        return GoogleObject(self._values.get(name, {}), self.path(name))

    def table(self, name: str) -> Mapping[str, Any]:
        """An object whose members are not Google's: arguments, schemas."""
        value = self._values.get(name, {})
        if not isinstance(value, dict):
            raise fault(self.path(name), "must be an object")
        return value

    def rows(self, name: str) -> list[Any]:
        """A list, or a single value in its place; empty if absent."""
        value = self._values.get(name, [])
        return value if isinstance(value, list) else [value]

    def each(self, name: str) -> Iterable[GoogleObject]:
        """The objects of a list."""
        for place, value in enumerate(self.rows(name)):
            yield GoogleObject(value, f"{self.path(name)}[{place}]")

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of strings that are not empty."""
        values = self.rows(name)
        if not all(isinstance(value, str) and value for value in values):
            raise fault(self.path(name), "must be a list of strings")
        return tuple(values)

    def word(self, name: str, words: Mapping[int, str]) -> str:
        """An enum's name in upper case; empty if absent. Old clients of Google write its number."""
        value = self._values.get(name, "")
        if isinstance(value, int) and value in words:
            return words[value]
        if not isinstance(value, str):
            raise fault(self.path(name), "must be a name of its enum")
        return value.upper()
