"""Callers and decisions remembered: what the same few ask for all day is evaluated once a day and snapshot."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, TypeVar

from gateway.core.catalog import Feature, Route, RouteId
from gateway.core.decision import Decision, Evaluation, evaluate, evaluation_key, planned, with_health
from gateway.core.demand import Demand
from gateway.core.errors import Json
from gateway.core.evaluation import Capabilities, treatment
from gateway.core.health import Health, Outage
from gateway.core.operation import CHAT
from gateway.core.policy import EffectivePolicy, Layer, LayerKind, combine
from gateway.core.posture import word
from gateway.core.principal import Caller, Principal, principal
from gateway.core.receipt import Part, canonical, digest
from gateway.core.replay import policies_record, rejections_record
from gateway.core.snapshot import Snapshot
from gateway.core.treatment import facts_in_force
from gateway.dialects.registry import REGISTRY

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

_MOST: Final = 4096
"""Entries of each memory; beyond it, everything is forgotten and evaluated anew."""


@dataclass(frozen=True, slots=True)
class Treated:
    """Treatment of content on a route today: the posture in words and as a digest, the date of the oldest fact, and the
    region that the record declares."""

    posture: Part
    digest: str
    evidence_from: str
    region: str
    """Countries with `+` between, or `unknown`."""


class DecisionCache:
    """The memory of one snapshot. Everything in it follows from the snapshot and the day; nothing is ever corrected.

    What a request itself asks for may hold the client's words: such a demand, and what follows from it, is worked out
    anew and goes with its exchange.
    """

    def __init__(self, snapshot: Snapshot, means: Capabilities) -> None:
        self._snapshot, self._means = snapshot, means
        self._ways: dict[tuple[str, str, str], tuple[tuple[str, Route], ...]] = {}
        self._demanded: dict[tuple[int, ...], tuple[tuple[Layer, ...], EffectivePolicy]] = {}
        self._lasting: dict[int, EffectivePolicy] = {}
        """Policies by identity that hold none of a request's own words; only decisions under these are remembered."""
        self._judged: dict[Hashable, tuple[EffectivePolicy, Evaluation]] = {}
        self._unwell: tuple[Mapping[RouteId, Outage], Mapping[str, Outage]] = ({}, {})
        self._well: dict[int, tuple[Evaluation, Evaluation]] = {}
        """Of the last state of health alone."""
        self._treated: dict[tuple[date, RouteId, frozenset[Feature]], Treated] = {}
        self._codes: dict[int, tuple[object, Part]] = {}
        self._names: dict[int, tuple[EffectivePolicy, Part]] = {}
        self._callers: dict[str, tuple[Caller, Principal | None]] = {}

    def principal(self, caller: Caller) -> Principal | None:
        """`core.principal.principal`. A caller that changes is another object."""
        found = self._callers.get(caller.credential)
        if found is None or found[0] is not caller:
            found = (caller, principal(caller, self._snapshot))
            _remember(self._callers, caller.credential, found)
        return found[1]

    def demanded(self, layers: tuple[Layer, ...]) -> EffectivePolicy:
        """`combine(layers)`."""
        # Policies of one snapshot are single objects: comparing them by identity is exact, and costs nothing. The
        # layers are kept beside the answer, so that no identity is given to another object meanwhile.
        key = tuple(id(layer.policy) for layer in layers)
        found = self._demanded.get(key)
        if found is None or any(a.kind is not b.kind for a, b in zip(found[0], layers, strict=True)):
            found = (layers, combine(layers))
            if not any(map(self._is_of_its_own, layers)):
                _remember(self._demanded, key, found)
                _remember(self._lasting, id(found[1]), found[1])
        return found[1]

    def names(self, demanded: EffectivePolicy) -> Part:
        """Layer -> the policies that apply there: what a receipt keeps of them."""
        found = self._names.get(id(demanded))
        if found is None or found[0] is not demanded:
            found = (demanded, policies_record(demanded.layers))
            if id(demanded) in self._lasting:
                _remember(self._names, id(demanded), found)
        return found[1]

    def _is_of_its_own(self, layer: Layer) -> bool:
        """A policy that a request wrote, not one that it named."""
        return layer.kind is LayerKind.REQUEST and self._snapshot.policies.get(layer.policy.name) is not layer.policy

    def decide(
        self, demand: Demand, demanded: EffectivePolicy, means: Capabilities, health: Health, today: date
    ) -> Decision:
        """`core.decision.decide`, with the evaluation of the routes and the healthy ones among them kept a day."""
        key = (today, id(demanded), means.priced_only, evaluation_key(demand, demanded, self._snapshot))
        found = self._judged.get(key)
        if found is None:
            found = (demanded, evaluate(demand, demanded, self._snapshot, means, today))
            if id(demanded) in self._lasting:
                _remember(self._judged, key, found)
        now = self._who_is_well(found[1], health, lasting=id(demanded) in self._lasting)
        return planned(now, demand, demanded, self._snapshot, means, health)

    def _who_is_well(self, evaluation: Evaluation, health: Health, *, lasting: bool) -> Evaluation:
        unwell = (health.cooling, health.locked_out)
        if not any(unwell):
            return evaluation
        if unwell != self._unwell:
            self._unwell = unwell
            self._well.clear()
        found = self._well.get(id(evaluation))
        if found is None:
            found = (evaluation, with_health(evaluation, health))
            if lasting:
                _remember(self._well, id(evaluation), found)
        return found[1]

    def ways(self, demand: Demand) -> tuple[tuple[str, Route], ...]:
        """(dialect, a route of it) for each dialect in which this process could ask for the demanded model."""
        key = (demand.model, demand.dialect, demand.operation.name)
        found = self._ways.get(key)
        if found is None:
            open_to_us = (
                r
                for r in self._snapshot.routes_of.get(demand.model, ())
                if r.provider.id in self._means.credentials and not r.provider.connection.why_not
            )
            firsts: dict[str, Route] = {}
            for route in open_to_us:
                firsts.setdefault(route.wire(demand.dialect, demand.operation), route)
            found = tuple((wire, r) for wire, r in firsts.items() if wire in self._means.spoken)
            _remember(self._ways, key, found)
        return found

    def usable(self, models: Iterable[str], demanded: EffectivePolicy, means: Capabilities, today: date) -> list[str]:
        """Those of the models that a plain request under `demanded` could use."""
        return [name for name in models if self._usable(name, demanded, means, today)]

    def _usable(self, model: str, demanded: EffectivePolicy, means: Capabilities, today: date) -> bool:
        plain = Demand(REGISTRY.offering(CHAT)[0], CHAT, model, streaming=False, input_tokens=1)
        return bool(self.decide(plain, demanded, means, Health(), today).plan)

    def treated(self, route: Route, features: frozenset[Feature], today: date) -> Treated:
        """The posture of `route` as receipts and headers state it."""
        key = (today, route.id, features)
        found = self._treated.get(key)
        if found is None:
            found = self._treat(route, features, today)
            _remember(self._treated, key, found)
        return found

    def codes(self, decision: Decision) -> Part:
        """Route -> why not: what a receipt keeps of the rejections."""
        found = self._codes.get(id(decision.rejections))
        if found is None or found[0] is not decision.rejections:
            found = (decision.rejections, rejections_record(decision.rejections))
            if id(decision.demanded) in self._lasting:
                _remember(self._codes, id(decision.rejections), found)
        return found[1]

    def _treat(self, route: Route, features: frozenset[Feature], today: date) -> Treated:
        posture = Part((name, word(value)) for name, value in treatment(route, features, self._snapshot, today))
        grants = self._snapshot.grants.get(route.provider.id, ())
        sheets = facts_in_force(route.provider, route.model, features, grants, today)
        dates = [d for sheet in sheets for f in sheet.values() if (d := f.aged_from) is not None]
        since = min(dates).isoformat() if dates else ""
        return Treated(posture, digest(canonical(posture)), since, _region(posture))


def _region(posture: Mapping[str, Json]) -> str:
    places = posture.get("processed_in")
    return "+".join(map(str, places)) if isinstance(places, list) else "unknown"


def _remember(memory: dict[K, V], key: K, value: V) -> None:
    if len(memory) >= _MOST:
        memory.clear()
    memory[key] = value
