"""The query of a page's address: one value per member, and no empty members in an address that is passed on."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from gateway.console.page import Redirect, Visit
from gateway.core.errors import InvalidRequest

_FORMAT = "format"


def members_of(visit: Visit) -> dict[str, str]:
    """The members of a query in which each stands once. InvalidRequest for one that stands twice."""
    if any(len(values) > 1 for values in visit.query.values()):
        raise InvalidRequest("Each member of the address must stand there once.")
    return {name: values[0] for name, values in visit.query.items() if name != _FORMAT}


def first_members(visit: Visit) -> dict[str, str]:
    """The first value of every member, for queries in which some members may stand several times."""
    return {name: values[0] for name, values in visit.query.items() if name != _FORMAT}


def teams_seen(visit: Visit) -> list[str]:
    """The teams that the reader may know of: every team for an operator, else the own one."""
    if visit.visitor.operator is not None:
        return sorted(visit.in_force.snapshot.teams)
    return [visit.visitor.principal.team.id] if visit.visitor.principal is not None else []


def without_empty(visit: Visit) -> Redirect | None:
    """The address without the empty members that a form sends; None where the address has none."""
    pairs = [(name, value) for name, values in visit.query.items() for value in values]
    full = [(name, value) for name, value in pairs if value.strip()]
    return None if len(full) == len(pairs) else Redirect(address(visit.path, full))


def address(path: str, members: Mapping[str, str] | list[tuple[str, str]]) -> str:
    """A path with a query."""
    query = urlencode(members)
    return f"{path}?{query}" if query else path
