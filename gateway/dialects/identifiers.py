"""Identifiers of a client's users and machines: replaced on the way out, so that no provider learns them.

The same person keeps the same pseudonym, so that a provider's handling of abuse and of caches still works.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

import orjson

Pseudonym: TypeAlias = Callable[[str], str]

PLAIN: Final = ("user", "safety_identifier", "prompt_cache_key")
TABLES: Final[Mapping[str, frozenset[str] | None]] = {"metadata": frozenset({"user_id"}), "client_metadata": None}
"""Objects that hold identifiers: in these members, or in all (None)."""

Members: TypeAlias = tuple[tuple[str, ...], ...]
"""Paths of members that name the end user, the decisive one first."""


def end_user(members: Members, values: Mapping[str, Any], pseudonym: Pseudonym) -> str:
    """The pseudonym of the end user whom the request names in one of `members`; empty if it names none."""
    for path in members:
        value: object = values
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        if isinstance(value, str) and value:
            return pseudonym(value)
    return ""


def hidden(values: Mapping[str, Any], pseudonym: Pseudonym | None) -> tuple[dict[str, bytes | None], tuple[str, ...]]:
    """(changes of top-level members, names of the members left out): replaces every identifier by its pseudonym.

    Without `pseudonym`, identifiers are left out; so is an identifier that is not a string.
    """
    changes: dict[str, bytes | None] = {}
    dropped: list[str] = []
    for name in PLAIN:
        if values.get(name) is not None:
            changes[name] = _replaced(values[name], pseudonym)
            dropped += [name] if changes[name] is None else []
    for name, inner in TABLES.items():
        held = values.get(name)
        if isinstance(held, dict) and (inner is None or not inner.isdisjoint(held)):
            changes[name], lost = _table(name, held, inner, pseudonym)
            dropped += lost
        elif inner is None and held is not None:  # no object, and all of it meant as one
            changes[name] = None
            dropped.append(name)
    return changes, tuple(dropped)


def _replaced(value: object, pseudonym: Pseudonym | None) -> bytes | None:
    return orjson.dumps(pseudonym(value)) if isinstance(value, str) and pseudonym is not None else None


def _table(
    name: str, held: Mapping[str, Any], inner: frozenset[str] | None, pseudonym: Pseudonym | None
) -> tuple[bytes | None, list[str]]:
    """An object with its identifiers replaced; None if nothing is left of it."""
    if inner is None and pseudonym is None:
        return None, [name]
    kept: dict[str, Any] = {}
    lost = []
    for key, value in held.items():
        if inner is not None and key not in inner:
            kept[key] = value
        elif isinstance(value, str) and pseudonym is not None:
            kept[key] = pseudonym(value)
        else:
            lost.append(name if inner is None else f"{name}.{key}")
    return orjson.dumps(kept) if kept else None, list(dict.fromkeys(lost))
