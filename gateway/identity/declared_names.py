"""Names that a request states, checked against those that the documents declare."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from gateway.core.errors import InvalidRequest
from gateway.dialects.names import near

_KINDS: Final[Mapping[str, tuple[str, str]]] = {
    "policy": ("policy", "policies"),
    "team": ("team", "teams"),
    "classes": ("data class", "data classes"),
    "provider": ("provider", "providers"),
}
"""Field -> the kind of name that the field holds, one and many."""


def declared(field: str, name: str, known: Collection[str]) -> None:
    """InvalidRequest, with near names, for a name that is not among those. The name itself is not repeated."""
    if name not in known:
        close, (kind, kinds) = near(name, list(known)) or sorted(known), _KINDS[field]
        names = ", ".join(close) or "none"
        raise InvalidRequest(f"`{field}`: unknown {kind}. Known {kinds}: {names}.", field=field, near=close)
