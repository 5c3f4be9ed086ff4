"""Names of keys in Redis. One hash tag per organisation keeps all of its keys in one slot of a Cluster."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KeySpace:
    """`books`: the organisation whose keys these are. Organisations may share a Redis."""

    books: str

    def __call__(self, *parts: str) -> str:
        return ":".join((f"{{safeconduct/{self.books}}}", *parts))
