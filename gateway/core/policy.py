"""A policy is a named bound with route rules and a preference; layers of policies can only narrow one another."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Final

from gateway.core.posture import UNBOUNDED, Posture, meet_all


class LayerKind(IntEnum):
    """Origin of a policy, outermost first. An inner layer narrows the outer ones."""

    ORGANISATION = 0
    TEAM = 1
    KEY = 2
    DATA_CLASS = 3
    REQUEST = 4

    @property
    def label(self) -> str:
        return self.name.lower()


class Evidence(IntEnum):
    """Grade of evidence. VERIFIED: a person checked the fact against the provider's own page or contract."""

    READ = 0
    VERIFIED = 1


class SortKey(Enum):
    """Measure by which routes are ordered."""

    PRICE = "price"
    LATENCY = "latency"
    THROUGHPUT = "throughput"


@dataclass(frozen=True, slots=True)
class Preference:
    """Order of the eligible routes: first those of `explicit` (provider or route ids) in its order, then by `keys`."""

    explicit: tuple[str, ...] = ()
    keys: tuple[SortKey, ...] = (SortKey.PRICE,)


@dataclass(frozen=True, slots=True)
class MaxPrice:
    """Highest price in USD per million tokens; None: not limited."""

    input: Decimal | None = None
    output: Decimal | None = None

    def meet(self, other: MaxPrice) -> MaxPrice:
        return MaxPrice(_smaller(self.input, other.input), _smaller(self.output, other.output))


def _smaller(a: Decimal | None, b: Decimal | None) -> Decimal | None:
    return min((x for x in (a, b) if x is not None), default=None)


@dataclass(frozen=True, slots=True)
class RouteRules:
    """Rules beside the bound. `None` in an `only` means all; `ignored` holds provider, model and route ids.

    `requires_parameters`: a route is eligible only if it is known to support everything the request uses.
    `allows_failover`: False leaves the first route of the plan alone.
    """

    only_providers: frozenset[str] | None = None
    only_models: frozenset[str] | None = None
    ignored: frozenset[str] = frozenset()
    max_price: MaxPrice = MaxPrice()
    quantizations: frozenset[str] | None = None
    requires_parameters: bool = False
    allows_failover: bool = True

    def meet(self, other: RouteRules) -> RouteRules:
        return RouteRules(
            only_providers=_intersection(self.only_providers, other.only_providers),
            only_models=_intersection(self.only_models, other.only_models),
            ignored=self.ignored | other.ignored,
            max_price=self.max_price.meet(other.max_price),
            quantizations=_intersection(self.quantizations, other.quantizations),
            requires_parameters=self.requires_parameters or other.requires_parameters,
            allows_failover=self.allows_failover and other.allows_failover,
        )


def _intersection(a: frozenset[str] | None, b: frozenset[str] | None) -> frozenset[str] | None:
    if a is None or b is None:
        return b if a is None else a
    return a & b


@dataclass(frozen=True, slots=True)
class EvidenceRule:
    """Demand on the evidence of a fact. Age runs from `Fact.aged_from`."""

    max_age_days: int | None = None
    grade: Evidence = Evidence.READ

    def meet(self, other: EvidenceRule) -> EvidenceRule:
        ages = [a for a in (self.max_age_days, other.max_age_days) if a is not None]
        return EvidenceRule(min(ages, default=None), max(self.grade, other.grade))

    def accepts(self, aged_from: date | None, *, verified: bool, today: date) -> bool:
        """Whether a fact of that age is believed on that day. An age limit refuses a fact without a date."""
        if self.grade is Evidence.VERIFIED and not verified:
            return False
        if self.max_age_days is None:
            return True
        return aged_from is not None and (today - aged_from).days <= self.max_age_days


ANY_EVIDENCE: Final = EvidenceRule()
"""Believes every fact."""


class Identifiers(IntEnum):
    """Treatment of the names that a client gives its users and sessions (`user`, `metadata.user_id`) on the way out."""

    PSEUDONYM = 0  # replaced by another that stays the same and means nothing to anybody else
    DROP = 1


class TokenCounts(IntEnum):
    """Origin of a token count that a client asks for. EXACT sends the prompt to a provider for it."""

    EXACT = 0
    ESTIMATE = 1


@dataclass(frozen=True, slots=True)
class Policy:
    """One document of `policies/`, or what a request itself asks for. `token_counts` None: it does not say."""

    name: str
    purpose: str = ""
    bound: Posture = UNBOUNDED
    evidence: EvidenceRule = EvidenceRule()
    rules: RouteRules = RouteRules()
    prefer: Preference | None = None
    identifiers: Identifiers = Identifiers.PSEUDONYM
    token_counts: TokenCounts | None = None


UNRESTRICTED: Final = Policy("unrestricted")


@dataclass(frozen=True, slots=True)
class Layer:
    """A policy together with who put it in force."""

    kind: LayerKind
    policy: Policy


@dataclass(frozen=True, slots=True)
class EffectivePolicy:
    """Demands of several layers together. Hashable: a plan can be kept per value."""

    bound: Posture
    evidence: EvidenceRule
    rules: RouteRules
    prefer: Preference
    layers: tuple[Layer, ...]
    identifiers: Identifiers = Identifiers.PSEUDONYM
    token_counts: TokenCounts = TokenCounts.ESTIMATE

    def who(self, breached: Callable[[Policy], bool]) -> Layer | None:
        """The outermost layer for which `breached(policy)` holds."""
        return next((layer for layer in self.layers if breached(layer.policy)), None)


def combine(layers: Iterable[Layer]) -> EffectivePolicy:
    """Intersect layers: bounds meet, `only` intersects, `ignored` unites, the smaller price and age win.

    The order of evaluation does not matter for what is admitted. The preference is the innermost one stated.
    """
    ordered = tuple(sorted(layers, key=lambda layer: layer.kind))
    evidence, rules = EvidenceRule(), RouteRules()
    prefer, identifiers = Preference(), Identifiers.PSEUDONYM
    for layer in ordered:
        evidence = evidence.meet(layer.policy.evidence)
        rules = rules.meet(layer.policy.rules)
        prefer = layer.policy.prefer or prefer
        identifiers = max(identifiers, layer.policy.identifiers)
    bound = meet_all(layer.policy.bound for layer in ordered)
    return EffectivePolicy(bound, evidence, rules, prefer, ordered, identifiers, _counted(ordered))


def _counted(layers: tuple[Layer, ...]) -> TokenCounts:
    """EXACT must be allowed by a layer that the operator put in force: a request cannot allow it, only forbid it."""
    rules = {layer.policy.token_counts for layer in layers}
    allowed = any(
        layer.policy.token_counts is TokenCounts.EXACT and layer.kind is not LayerKind.REQUEST for layer in layers
    )
    return TokenCounts.EXACT if allowed and TokenCounts.ESTIMATE not in rules else TokenCounts.ESTIMATE


def meet_policies(name: str, policies: Iterable[Policy]) -> Policy:
    """The meet of several policies as one policy: what an unknown data-class label is held to."""
    several = tuple(policies)
    demanded = combine(Layer(LayerKind.DATA_CLASS, p) for p in several)
    return Policy(
        name,
        bound=demanded.bound,
        evidence=demanded.evidence,
        rules=demanded.rules,
        identifiers=demanded.identifiers,
        token_counts=_strictest_count({p.token_counts for p in several}),
    )


def _strictest_count(rules: set[TokenCounts | None]) -> TokenCounts | None:
    """One that says nothing allows less than one that allows exact counts."""
    if TokenCounts.ESTIMATE in rules:
        return TokenCounts.ESTIMATE
    return TokenCounts.EXACT if rules == {TokenCounts.EXACT} else None
