"""Model names as clients write them: bare, pinned to a provider, or an alias; and near names for those who mistype."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from gateway.core.catalog import RouteId, Snapshot


@dataclass(frozen=True, slots=True)
class Named:
    """What a model name means: the model's id, and the provider or route it is pinned to."""

    model: str
    pinned: str | None = None


def resolve(name: str, snapshot: Snapshot) -> Named | None:
    """`magistral-small`, `evroc/magistral-small`, `evroc/magistral-small@fast`, or an alias of the model; else None."""
    route = snapshot.routes.get(RouteId(name))
    if route is not None:
        # Without a variant all variants of that provider are meant.
        return Named(route.model.id, route.id if route.variant else route.provider.id)
    provider, slash, rest = name.partition("/")
    if slash and provider in snapshot.providers:
        model = snapshot.model(rest)
        return Named(model.id, provider) if model else None
    model = snapshot.model(name)
    return Named(model.id) if model else None


def near(name: str, known: Iterable[str]) -> list[str]:
    """Up to three known names that resemble `name`."""
    return get_close_matches(name[:128], list(known), n=3, cutoff=0.6)
