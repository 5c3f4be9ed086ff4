"""Callers and decisions remembered: what the same few ask for all day is evaluated once a day and snapshot."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from gateway.core.catalog import Feature, Route, RouteId
from gateway.core.demand import Demand
from gateway.core.errors import Json
from gateway.core.evaluation import Capabilities, treatment
from gateway.core.health import Health
from gateway.core.operation import CHAT
from gateway.core.policy import Layer, LayerKind
from gateway.core.posture import word
from gateway.core.principal import Caller, Principal, principal
from gateway.core.receipt import SharedSection, canonical, digest
from gateway.core.snapshot import Snapshot
from gateway.core.treatment import facts_in_force
from gateway.dialects.registry import REGISTRY
from gateway.exchange.bounded import remember
from gateway.exchange.policy_in_force import PolicyInForce


@dataclass(frozen=True, slots=True)
class Treated:
    """Treatment of content on a route today: the posture in words and as a digest, the date of the oldest fact, and the
    region that the record declares."""

    posture: Mapping[str, Json]
    digest: str
    evidence_from: str
    region: str
    """Countries with `+` between, or `unknown`."""


class DecisionCache:
    """The memory of one snapshot. Everything in it follows from the snapshot and the day; nothing is ever corrected.

    A request's own narrowing may hold the client's words: such a policy is combined anew and goes with its exchange.
    """

    def __init__(self, snapshot: Snapshot, means: Capabilities) -> None:
        self._snapshot, self._means = snapshot, means
        self._callers: dict[str, tuple[Caller, Principal | None]] = {}
        self._policies: dict[tuple[tuple[int, str], ...], PolicyInForce] = {}
        self._ways: dict[tuple[str, str, str], tuple[tuple[str, Route], ...]] = {}
        self._who: dict[tuple[str, str, str], SharedSection] = {}
        self._treated: dict[tuple[date, RouteId, frozenset[Feature]], Treated] = {}

    def principal(self, caller: Caller) -> Principal | None:
        """`core.principal.principal`. A caller that changes is another object."""
        known = self._callers.get(caller.credential)
        if known is None or known[0] is not caller:
            known = (caller, principal(caller, self._snapshot))
            remember(self._callers, caller.credential, known)
        return known[1]

    def who(self, caller: Principal) -> SharedSection:
        """The section `who` of the receipts of a caller that names no end user."""
        key = (caller.organisation.id, caller.team.id, caller.caller.id)
        section = self._who.get(key)
        if section is None:
            remember(self._who, key, section := SharedSection())
        return section

    def policy(self, layers: tuple[Layer, ...]) -> PolicyInForce:
        """The layers combined; remembered unless the request wrote one of them itself."""
        key = tuple([(layer.kind, layer.policy.name) for layer in layers])
        policy = self._policies.get(key)
        if policy is None or not policy.combines(layers):
            policy = PolicyInForce(layers, self._snapshot)
            if not any(map(self._is_of_the_request, layers)):
                remember(self._policies, key, policy)
        return policy

    def _is_of_the_request(self, layer: Layer) -> bool:
        """A policy that a request wrote, not one that it named."""
        return layer.kind is LayerKind.REQUEST and self._snapshot.policies.get(layer.policy.name) is not layer.policy

    def ways(self, demand: Demand) -> tuple[tuple[str, Route], ...]:
        """(dialect, a route of it) for each dialect in which this process could ask for the demanded model."""
        key = (demand.model, demand.dialect, demand.operation.name)
        ways = self._ways.get(key)
        if ways is None:
            open_to_us = (
                r
                for r in self._snapshot.routes_of.get(demand.model, ())
                if r.provider.id in self._means.credentials and not r.provider.connection.why_not
            )
            firsts: dict[str, Route] = {}
            for route in open_to_us:
                firsts.setdefault(route.wire(demand.dialect, demand.operation), route)
            ways = tuple((wire, r) for wire, r in firsts.items() if wire in self._means.spoken)
            remember(self._ways, key, ways)
        return ways

    def usable(self, models: Iterable[str], policy: PolicyInForce, means: Capabilities, today: date) -> list[str]:
        """The models that a plain request under the policy could use."""
        dialect = REGISTRY.offering(CHAT)[0]
        plain = (Demand(dialect, CHAT, name, streaming=False, input_tokens=1) for name in models)
        return [demand.model for demand in plain if policy.decide(demand, means, Health(), today).plan]

    def treated(self, route: Route, features: frozenset[Feature], today: date) -> Treated:
        """The posture of `route` as receipts and headers state it."""
        key = (today, route.id, features)
        treated = self._treated.get(key)
        if treated is None:
            treated = self._treat(route, features, today)
            remember(self._treated, key, treated)
        return treated

    def _treat(self, route: Route, features: frozenset[Feature], today: date) -> Treated:
        posture = {name: word(value) for name, value in treatment(route, features, self._snapshot, today)}
        grants = self._snapshot.grants.get(route.provider.id, ())
        sheets = facts_in_force(route.provider, route.model, features, grants, today)
        dates = [d for sheet in sheets for f in sheet.values() if (d := f.aged_from) is not None]
        since = min(dates).isoformat() if dates else ""
        return Treated(posture, digest(canonical(posture)), since, _region(posture))


def _region(posture: Mapping[str, Json]) -> str:
    places = posture.get("processed_in")
    return "+".join(map(str, places)) if isinstance(places, list) else "unknown"
