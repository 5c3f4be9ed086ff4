"""Everything that is declared, as one immutable value with a digest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from gateway.core.catalog import Grant, Model, Provider, Route, RouteId
from gateway.core.cost import Fx
from gateway.core.organisation import Organisation, Team
from gateway.core.policy import Policy, meet_policies


@dataclass(frozen=True)
class Snapshot:
    """Everything that is declared, at one moment. Never changes; a reload makes another one.

    `digest`: SHA-256 over the documents, hex. `routes` keeps every route by id, `aliases` every other name of a model,
    `redirects` what the operator answers with another model: names, or prefixes that end in `*`.
    `feeds`: provider -> family of price lists -> the names there that begin with one of these are its models.
    """

    organisation: Organisation
    teams: Mapping[str, Team]
    policies: Mapping[str, Policy]
    providers: Mapping[str, Provider]
    models: Mapping[str, Model]
    routes: Mapping[RouteId, Route]
    grants: Mapping[str, tuple[Grant, ...]]
    regions: Mapping[str, frozenset[str]]
    fx: Fx
    aliases: Mapping[str, str]
    digest: str
    redirects: Mapping[str, str] = field(default_factory=dict)
    feeds: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)

    @cached_property
    def routes_of(self) -> Mapping[str, tuple[Route, ...]]:
        """Model id -> its routes, in the order of the documents."""
        routes: dict[str, list[Route]] = {name: [] for name in self.models}
        for route in self.routes.values():
            routes[route.model.id].append(route)
        return {name: tuple(routes) for name, routes in routes.items()}

    @cached_property
    def tiers_of(self) -> Mapping[str, tuple[int, ...]]:
        """Model id -> the counts of input tokens above which a price of one of its routes changes, rising."""
        return {m: tuple(sorted({t.above for r in rs for t in r.price.tiers})) for m, rs in self.routes_of.items()}

    @cached_property
    def every_class(self) -> Policy:
        """The meet of all class policies: what a label that names no class is held to."""
        classes = self.organisation.classes.values()
        return meet_policies("every data class", (self.policies[c.policy] for c in classes))

    @cached_property
    def _patterns(self) -> tuple[str, ...]:
        """The longest prefix first."""
        return tuple(sorted((name for name in self.redirects if name.endswith("*")), key=len, reverse=True))

    def redirect(self, name: str) -> str:
        """The entry of `redirects` that speaks of this name; empty if none does. A whole name beats any prefix."""
        if name in self.redirects:
            return name
        for pattern in self._patterns:
            if name.startswith(pattern[:-1]):
                return pattern
        return ""

    def model(self, name: str) -> Model | None:
        """The model that a bare name means: where the operator redirects it, else the model called so."""
        entry = self.redirect(name)
        return self.models.get(self.redirects[entry]) if entry else self.called(name)

    def called(self, name: str) -> Model | None:
        """The model of that id, or of that other name, whatever the operator redirects."""
        return self.models.get(name) or self.models.get(self.aliases.get(name, ""))
