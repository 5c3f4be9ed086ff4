"""Model names as clients write them: bare, pinned to a provider, or an alias; and near names for those who mistype."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from gateway.core.catalog import RouteId, Snapshot


@dataclass(frozen=True, slots=True)
class Named:
    """What a model name means: the model's id, and the provider or route it is pinned to.

    `alias`: the declared name or pattern by which it was asked for, where that is not the model's id.
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
        return Named(model.id, provider, _other_name(rest, model.id)) if model else None
    model = snapshot.model(name)
    return Named(model.id, alias=snapshot.redirect(name) or _other_name(name, model.id)) if model else None


def _other_name(name: str, model: str) -> str:
    """A name that is not the id was found among the declared ones, or there would be no model."""
    return "" if name == model else name


def near(name: str, known: Iterable[str]) -> list[str]:
    """Up to three known names that resemble `name`."""
    return get_close_matches(name[:128], list(known), n=3, cutoff=0.6)
