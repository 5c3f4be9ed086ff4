"""The headers of one request, sorted once and looked up by name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from gateway.core.errors import InvalidRequest

ScopeHeaders: TypeAlias = Iterable[tuple[bytes, bytes]]
"""The scope's own: lower-case names, in the order of arrival."""


class Fields:
    """Headers of a head at this moment: a server may append trailers to its own list later."""

    __slots__ = ("_all", "_last")

    def __init__(self, headers: ScopeHeaders) -> None:
        self._all = tuple(headers)
        self._last = dict(self._all)

    def one(self, name: bytes) -> str | None:
        """The value of a header; None if absent. InvalidRequest if it is repeated: one of the two would be ignored."""
        value = self._last.get(name)
        if value is None:
            return None
        if len(self.every(name)) > 1:
            header = name.decode("ascii")
            raise InvalidRequest(f"The header {header} stands there more than once.", header=header)
        return value.decode("latin-1")

    def every(self, name: bytes) -> Sequence[bytes]:
        """All values of a header, in the order of arrival."""
        if name not in self._last:
            return ()
        if len(self._last) == len(self._all):  # no name is repeated
            return (self._last[name],)
        return [value for own, value in self._all if own == name]
