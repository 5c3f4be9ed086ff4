"""Model names as clients write them: bare, pinned to a provider, or an alias; and near names for those who mistype."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from gateway.core.catalog import RouteId
from gateway.core.frozen import frozen
from gateway.core.snapshot import Snapshot


@frozen
class Named:
    """A resolved model name: the model's id, and the provider or route that the name pins.

    `alias`: the operator's alias, a name or a prefix with `*`, that led to this model; empty if none did.
    """

    model: str
    pinned: str | None = None
    alias: str = ""


def resolve(name: str, snapshot: Snapshot) -> Named | None:
    """`magistral-small`, `evroc/magistral-small`, `evroc/magistral-small@fast`, or an alias of the model; else None.

    Only bare names are redirected by the operator's aliases: who pins a provider means that model there.
    """
    route = snapshot.routes.get(RouteId(name))
    if route is not None:
        # Without a variant all variants of that provider are meant.
        return Named(route.model.id, route.id if route.variant else route.provider.id)
    provider, slash, rest = name.partition("/")
    if slash and provider in snapshot.providers:
        model = snapshot.called(rest)
        return Named(model.id, provider) if model else None
    model = snapshot.model(name)
    return Named(model.id, alias=snapshot.redirect(name)) if model else None


def near(name: str, known: Iterable[str]) -> list[str]:
    """Up to three known names that resemble `name`."""
    return get_close_matches(name[:128], list(known), n=3, cutoff=0.6)
