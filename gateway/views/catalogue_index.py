"""The catalogue as bit masks: one bit per route, so that the count behind each option of a filter takes no second look.

Every mask follows from the functions that decide on a request; no rule of eligibility stands here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import cached_property

from gateway.core.catalog import Model, Route
from gateway.core.evaluation import (
    POLICY_KINDS,
    Capabilities,
    DecisionBasis,
    candidate,
    health_rejections,
    is_admitted,
    rejections_of,
)
from gateway.core.frozen import frozen
from gateway.core.health import Health
from gateway.core.policy import ANY_EVIDENCE, EffectivePolicy, EvidenceRule, Layer, LayerKind, combine
from gateway.core.posture import Posture, Value, within
from gateway.core.snapshot import Snapshot
from gateway.core.treatment import facts_in_force, posture
from gateway.views.catalogue import plain_demand

Mask = int
"""One bit per route, in the order of `CatalogueIndex.routes`."""


@frozen
class ViewerMasks:
    """Routes of one caller: those that its policy admits, and of them those that a plain request can use."""

    admitted: Mask
    usable: Mask


class CatalogueIndex:
    """The masks of one snapshot, one day and one set of capabilities. Made in steps: each takes a fraction of a
    millisecond, so that a caller may give the event loop back between them."""

    def __init__(self, snapshot: Snapshot, means: Capabilities, today: date) -> None:
        self.snapshot, self.means, self.today = snapshot, means, today
        self.routes: tuple[Route, ...] = tuple(snapshot.routes.values())
        self.everything: Mask = (1 << len(self.routes)) - 1
        self.policies: dict[str, Mask] = {}
        """Policy -> the routes that it alone admits."""
        self._postures: dict[EvidenceRule, list[Posture]] = {}
        self._limits: dict[tuple[EvidenceRule, str, Value], Mask] = {}
        self._viewers: dict[tuple[EffectivePolicy, bool], ViewerMasks] = {}

    def steps(self) -> Iterator[None]:
        """Work out what every page needs: postures as they are stated, and the routes of each policy."""
        yield from self.posture_steps(ANY_EVIDENCE)
        for name, policy in self.snapshot.policies.items():
            demanded = combine([Layer(LayerKind.KEY, policy)])
            mask = 0
            for bit, route in enumerate(self.routes):
                mask |= self._is_admitted(route, demanded, self.means) << bit
                yield
            self.policies[name] = mask

    def posture_steps(self, evidence: EvidenceRule) -> Iterator[None]:
        """Work out the posture of every route under a demand on evidence, once."""
        if evidence in self._postures:
            return
        postures: list[Posture] = []
        for route in self.routes:
            grants = self.snapshot.grants.get(route.provider.id, ())
            sheets = facts_in_force(route.provider, route.model, frozenset(), grants, self.today)
            postures.append(posture(sheets, evidence, self.today).with_guaranteed_places())
            yield
        self._postures[evidence] = postures

    def viewer_steps(self, demanded: EffectivePolicy, means: Capabilities) -> Iterator[None]:
        """Work out the routes of a caller, once."""
        key = (demanded, means.priced_only)
        if key in self._viewers:
            return
        admitted, usable, basis = 0, 0, DecisionBasis(self.snapshot, means, self.today)
        for bit, route in enumerate(self.routes):
            demand = plain_demand(route.model)
            reasons = rejections_of(candidate(route, demand), demand, demanded, basis)
            admitted |= (not any(reason.kind in POLICY_KINDS for reason in reasons)) << bit
            usable |= (not reasons) << bit
            yield
        self._viewers[key] = ViewerMasks(admitted, usable)

    def viewer(self, demanded: EffectivePolicy, means: Capabilities, health: Health) -> ViewerMasks:
        """The routes of a caller at this moment, after `viewer_steps`."""
        masks = self._viewers[demanded, means.priced_only]
        if not (health.cooling or health.locked_out):
            return masks
        resting = self._mask(lambda route: bool(health_rejections(route, health)))
        return replace(masks, usable=masks.usable & ~resting)

    def limit(self, evidence: EvidenceRule, dimension: str, value: Value) -> Mask:
        """The routes whose treatment is at most `value` in one dimension, after `posture_steps`."""
        key = (evidence, dimension, value)
        mask = self._limits.get(key)
        if mask is None:
            mask = 0
            for bit, treated in enumerate(self._postures[evidence]):
                mask |= within(getattr(treated, dimension), value) << bit
            self._limits[key] = mask
        return mask

    def posture(self, bit: int) -> Posture:
        """The treatment on a route as it counts, whatever the age of its evidence."""
        return self._postures[ANY_EVIDENCE][bit]

    def routes_in(self, mask: Mask) -> Iterator[tuple[int, Route]]:
        """(bit, route) of every route of a mask."""
        while mask:
            bit = (mask & -mask).bit_length() - 1
            yield bit, self.routes[bit]
            mask &= mask - 1

    @cached_property
    def models(self) -> Mapping[str, Mask]:
        """Model -> its routes."""
        masks = dict.fromkeys(self.snapshot.models, 0)
        for bit, route in enumerate(self.routes):
            masks[route.model.id] |= 1 << bit
        return masks

    @cached_property
    def providers(self) -> Mapping[str, Mask]:
        """Provider record -> its routes."""
        masks = dict.fromkeys(self.snapshot.providers, 0)
        for bit, route in enumerate(self.routes):
            masks[route.provider.id] |= 1 << bit
        return masks

    @cached_property
    def labs(self) -> Mapping[str, Mask]:
        """Lab -> the routes of its models."""
        masks: dict[str, Mask] = {}
        for bit, route in enumerate(self.routes):
            masks[route.model.lab] = masks.get(route.model.lab, 0) | 1 << bit
        return masks

    @cached_property
    def countries(self) -> Mapping[str, Mask]:
        """Country -> the routes that process in this country alone."""
        masks: dict[str, Mask] = {}
        for bit, treated in enumerate(self._postures[ANY_EVIDENCE]):
            places = treated.processed_in
            if isinstance(places, frozenset) and len(places) == 1:
                (country,) = places
                masks[country] = masks.get(country, 0) | 1 << bit
        return masks

    @cached_property
    def usd(self) -> tuple[tuple[Decimal, Decimal] | None, ...]:
        """The standard rates of each route in USD per million tokens, input and output; None without a price."""
        fx, prices = self.snapshot.fx, []
        for route in self.routes:
            rates, currency = route.price.rates, route.price.currency
            known = route.price.is_priced and fx.rate(currency) is not None
            assert not known or (rates.input is not None and rates.output is not None)
            prices.append((fx.in_usd(rates.input, currency), fx.in_usd(rates.output, currency)) if known else None)  # type: ignore[arg-type]
        return tuple(prices)  # type: ignore[arg-type]

    def able(self, ability: str) -> Mask:
        """The routes that are known to be able: `tools`, `vision`, …"""
        kind = _INPUTS.get(ability)
        if kind is not None:
            return self._mask(lambda route: kind in (route.abilities.inputs or ()))
        return self._mask(lambda route: getattr(route.abilities, ability) is True)

    def context(self, least: int) -> Mask:
        """The routes that take at least so many tokens."""
        return self._mask(lambda route: (route.abilities.context or 0) >= least)

    def priced_at_most(self, side: int, most: Decimal) -> Mask:
        """The routes with a price of at most so many USD. `side`: 0 for input, 1 for output."""
        mask = 0
        for bit, price in enumerate(self.usd):
            mask |= (price is not None and price[side] <= most) << bit
        return mask

    def cheapest_model(self, mask: Mask) -> str | None:
        """The model of the cheapest priced route of a mask; else of any of its routes; None for an empty mask."""
        bits = [bit for bit, _ in self.routes_in(mask)]
        priced = [(sum(rates), bit) for bit in bits if (rates := self.usd[bit]) is not None]
        if not bits:
            return None
        return self.routes[min(priced)[1] if priced else bits[0]].model.id

    def named(self, words: str) -> Mask:
        """The routes of models whose name, id, lab or other names hold all of these words."""
        parts = words.casefold().split()
        mask = 0
        for model_id, own in self.models.items():
            text = _names(self.snapshot.models[model_id])
            if all(part in text for part in parts):
                mask |= own
        return mask

    def _mask(self, holds: Callable[[Route], bool]) -> Mask:
        mask = 0
        for bit, route in enumerate(self.routes):
            mask |= holds(route) << bit
        return mask

    def _is_admitted(self, route: Route, demanded: EffectivePolicy, means: Capabilities) -> bool:
        demand = plain_demand(route.model)
        return is_admitted(candidate(route, demand), demand, demanded, DecisionBasis(self.snapshot, means, self.today))


_INPUTS: Mapping[str, str] = {"vision": "image", "audio": "audio", "documents": "pdf"}


def _names(model: Model) -> str:
    return " ".join((model.name, model.id, model.lab, *model.aliases)).casefold()
