"""Checks of a request's top-level members that all dialects share: plain types, known names, a declared model."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from gateway.core.errors import InvalidRequest, ModelNotFound
from gateway.core.policy import Policy
from gateway.core.snapshot import Snapshot
from gateway.dialects import narrowing
from gateway.dialects.names import Named, near, resolve

SAFE_NAME: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9_]{0,47}\Z")
MOST: Final = 2**31


def no_lookalikes(values: Mapping[str, Any], folded: Mapping[str, str]) -> None:
    """InvalidRequest for a member that differs from a listed one only in case. `folded`: casefolded name -> name."""
    for name in values:
        known = folded.get(name.casefold())
        if known is not None and known != name:
            raise InvalidRequest(f"A member differs from `{known}` only in upper and lower case.", field=known)


def model(name: object, snapshot: Snapshot) -> Named:
    """The model of that name. InvalidRequest, or ModelNotFound with near names."""
    if not isinstance(name, str) or not name:
        raise InvalidRequest("`model` must name a model.", field="model")
    named = resolve(name, snapshot)
    if named is None:
        raise ModelNotFound(near(name.rpartition("/")[2], snapshot.models))
    return named


def narrowed(values: Mapping[str, Any], header: str, snapshot: Snapshot) -> tuple[Policy, ...]:
    """The policies of the request itself: from the header, and from the member `provider`."""
    policies = narrowing.from_header(header, snapshot)
    return (
        policies + narrowing.from_object(values["provider"], snapshot)
        if values.get("provider") is not None
        else policies
    )


def demand(values: Mapping[str, Any], name: str, what: str) -> None:
    """InvalidRequest for a request without this member."""
    if name not in values:
        raise InvalidRequest(f"`{name}` must be {what}.", field=name)


def nulls(values: Mapping[str, Any], names: Iterable[str]) -> dict[str, bytes | None]:
    """The change that leaves out null in the place of a reference: no provider has to read it as none."""
    return {name: None for name in names if name in values and values[name] is None}


def unlisted(names: Iterable[str], listed: frozenset[str], harmless: frozenset[str]) -> Iterable[str]:
    """Names of the members that no table lists. A name that is not a plain word is not repeated."""
    for name in names:
        if name not in listed and name not in harmless:
            yield name if SAFE_NAME.match(name) else "(a member whose name is not a plain word)"


def count(values: Mapping[str, Any], name: str, *, most: int = MOST, least: int = 1) -> int | None:
    """A whole number from `least` to `most`; None if absent."""
    value = values.get(name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise InvalidRequest(f"`{name}` must be a whole number from {least} to {most}.", field=name)
    return value


def number(values: Mapping[str, Any], name: str) -> float | None:
    """A number as the client wrote it; None if absent."""
    value = values.get(name)
    if value is None:
        return None
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise InvalidRequest(f"`{name}` must be a number.", field=name)
    return value


def flag(values: Mapping[str, Any], name: str) -> bool:
    """False if absent."""
    value = values.get(name)
    if not isinstance(value, bool | None):
        raise InvalidRequest(f"`{name}` must be true or false.", field=name)
    return bool(value)


def text(values: Mapping[str, Any], name: str) -> str:
    """Empty if absent."""
    value = values.get(name)
    if not isinstance(value, str | None):
        raise InvalidRequest(f"`{name}` must be a string.", field=name)
    return value or ""


def table(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """An object; empty if absent."""
    value = values.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidRequest(f"`{name}` must be an object.", field=name)
    return value


def rows(values: Mapping[str, Any], name: str) -> list[Any]:
    """A list; empty if absent."""
    value = values.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise InvalidRequest(f"`{name}` must be a list.", field=name)
    return value
