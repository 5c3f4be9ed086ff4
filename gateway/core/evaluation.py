"""Reasons that keep a route from serving a demand.

Pure: snapshot, credentials, health and the day are arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Final

from gateway.core.catalog import Abilities, Connection, Facts, Feature, Route
from gateway.core.demand import Demand, Need
from gateway.core.errors import Json
from gateway.core.frozen import frozen
from gateway.core.health import Health
from gateway.core.policy import ANY_EVIDENCE, EffectivePolicy, Layer, Policy
from gateway.core.posture import Breach, Posture, Value, within, word
from gateway.core.snapshot import Snapshot
from gateway.core.terms import unpriced_terms
from gateway.core.treatment import facts_in_force, posture


class Kind(Enum):
    """Kind of a reason."""

    POSTURE = "posture"  # treats content worse than the bound
    EVIDENCE = "evidence"  # would be good enough, but the fact is too old or not verified
    PRICE = "price"
    CAPABILITY = "capability"
    EXCLUDED = "excluded"  # by `only`, `ignore`, `quantizations` or the pinned provider
    UNPRICED = "unpriced"
    NOT_CALLABLE = "not_callable"
    RETIRED = "retired"  # past its last day at the provider
    NO_CREDENTIAL = "no_credential"
    LOCKED_OUT = "locked_out"  # credential, account or model; an operator has to act
    COOLING_DOWN = "cooling_down"  # failed a moment ago


POLICY_KINDS: Final = frozenset({Kind.POSTURE, Kind.EVIDENCE, Kind.PRICE, Kind.EXCLUDED, Kind.UNPRICED})
"""Kinds of reason that policy gives; the others come from capabilities, abilities and health."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that keeps a route out: what is offered, what is demanded, and by which layer (with its policy)."""

    kind: Kind
    dimension: str = ""
    offered: Json = None
    demanded: Json = None
    layer: str = ""
    policy: str = ""

    @property
    def code(self) -> str:
        """`posture:training`, `no_credential`: what a receipt keeps."""
        return f"{self.kind.value}:{self.dimension}" if self.dimension else self.kind.value

    @property
    def cited(self) -> str:
        """`posture:training@team:eu`: the code with the layer and the policy that demand it, where one does."""
        if not self.layer:
            return self.code
        return f"{self.code}@{self.layer}:{self.policy}" if self.policy else f"{self.code}@{self.layer}"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """Capabilities of this process: its credentials, its dialects and its default output limit.

    `unset` maps a provider to the settings its base URL needs and that are missing. `priced_only`: an unpriced route is
    ineligible, because a hard budget applies.
    """

    credentials: frozenset[str]
    spoken: frozenset[str]
    unset: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    default_max_output: int = 8192
    priced_only: bool = False


@frozen
class DecisionBasis:
    """Basis of a decision: the documents, the capabilities of the process, and the day."""

    snapshot: Snapshot
    means: Capabilities
    today: date


@dataclass(frozen=True, slots=True)
class Candidate:
    """A route with the dialect in which it would be asked; `wire` is empty where the route does not offer the
    operation."""

    route: Route
    wire: str


def candidate(route: Route, demand: Demand) -> Candidate:
    """The route as `demand` would use it."""
    return Candidate(route, route.wire(demand.dialect, demand.operation))


def rejections_of(
    candidate: Candidate, demand: Demand, demanded: EffectivePolicy, basis: DecisionBasis
) -> tuple[Reason, ...]:
    """Every reason that keeps `candidate` out, except for its health."""
    route, snapshot, means, today = candidate.route, basis.snapshot, basis.means, basis.today
    return (
        *_retired(route, today),
        *_connected(candidate, demand, means),
        *_excluded(route, demand, demanded),
        *_treatment(candidate, demand, demanded, snapshot, today),
        *_affordable(candidate, demand, demanded, snapshot, means),
        *_capable(candidate, demand, demanded),
    )


def is_admitted(candidate: Candidate, demand: Demand, demanded: EffectivePolicy, basis: DecisionBasis) -> bool:
    """Whether policy alone admits `candidate`: none of `rejections_of` is of POLICY_KINDS. Words no reason, for
    questions about every route of a catalogue."""
    snapshot, means, today = basis.snapshot, basis.means, basis.today
    sheets = _sheets(candidate.route, demand.features_in(candidate.wire), snapshot, today)
    return (
        posture(sheets, demanded.evidence, today).with_guaranteed_places() <= demanded.bound
        and not _excluded(candidate.route, demand, demanded)
        and not _affordable(candidate, demand, demanded, snapshot, means)
    )


def _retired(route: Route, today: date) -> list[Reason]:
    """Offered: the last day of service, where a source names it. Demanded: the successor, where a source names one."""
    if not route.is_retired(today):
        return []
    last = route.last_day
    return [Reason(Kind.RETIRED, offered=last.isoformat() if last else None, demanded=route.next_model or None)]


def _connected(candidate: Candidate, demand: Demand, means: Capabilities) -> list[Reason]:
    wire, provider = candidate.wire, candidate.route.provider.id
    connection = candidate.route.provider.connection
    if connection.why_not:
        return [Reason(Kind.NOT_CALLABLE, offered=connection.why_not)]
    if not wire:
        return [Reason(Kind.NOT_CALLABLE, offered=f"it offers no {demand.operation.name} at this address")]
    if wire not in means.spoken:
        return [Reason(Kind.NOT_CALLABLE, "dialect", wire, sorted(means.spoken))]
    if missing := means.unset.get(provider):
        return [Reason(Kind.NOT_CALLABLE, "settings", None, [setting_name(provider, name) for name in missing])]
    if provider not in means.credentials:
        return [Reason(Kind.NO_CREDENTIAL, demanded=_credential_settings(provider, connection))]
    return []


def _credential_settings(provider: str, connection: Connection) -> Json:
    """The setting of the key; of a record that takes tokens, first the one that names their source."""
    key = setting_name(provider, "key")
    return key if connection.token is None else [setting_name(provider, "credential"), key]


def setting_name(provider: str, name: str) -> str:
    """The name of a provider's setting in a reason: `evroc.key`. Views turn it into the operator's own words."""
    return f"{provider}.{name}"


def _excluded(route: Route, demand: Demand, demanded: EffectivePolicy) -> list[Reason]:
    rules, provider, reasons = demanded.rules, route.provider.id, []
    if demand.pinned is not None and demand.pinned not in (provider, route.id):
        reasons.append(Reason(Kind.EXCLUDED, "pinned", provider, demand.pinned, "request"))
    for rule, own, allowed in (
        ("only_providers", provider, rules.only_providers),
        ("only_models", route.model.id, rules.only_models),
        ("quantizations", route.quantization or "unknown", rules.quantizations),
    ):
        if allowed is not None and own not in allowed:
            layer = demanded.who(_forbids(rule, own))
            reasons.append(_by(layer, Reason(Kind.EXCLUDED, rule, own, sorted(allowed))))
    if hit := sorted({provider, route.model.id, route.id} & rules.ignored):
        layer = demanded.who(lambda p: not p.rules.ignored.isdisjoint(hit))
        reasons.append(_by(layer, Reason(Kind.EXCLUDED, "ignored", hit[0])))
    return reasons


def _forbids(rule: str, own: str) -> Callable[[Policy], bool]:
    def forbidden(policy: Policy) -> bool:
        allowed: frozenset[str] | None = getattr(policy.rules, rule)
        return allowed is not None and own not in allowed

    return forbidden


def _by(layer: Layer | None, reason: Reason) -> Reason:
    """The reason with the layer that demands it; several may only together, then none is named."""
    return replace(reason, layer=layer.kind.label, policy=layer.policy.name) if layer else reason


def _treatment(
    candidate: Candidate, demand: Demand, demanded: EffectivePolicy, snapshot: Snapshot, today: date
) -> list[Reason]:
    sheets = _sheets(candidate.route, demand.features_in(candidate.wire), snapshot, today)
    believed = posture(sheets, demanded.evidence, today).with_guaranteed_places()
    if believed <= demanded.bound:
        return []
    undemoted = posture(sheets, ANY_EVIDENCE, today)
    return [_breach_reason(b, undemoted, sheets, demanded, today) for b in believed.breaches(demanded.bound)]


def _sheets(route: Route, features: frozenset[Feature], snapshot: Snapshot, today: date) -> tuple[Facts, ...]:
    grants = snapshot.grants.get(route.provider.id, ())
    return facts_in_force(route.provider, route.model, features, grants, today)


def treatment(route: Route, features: frozenset[Feature], snapshot: Snapshot, today: date) -> Posture:
    """Posture of `route` on that day by every stated fact, whatever its evidence."""
    return posture(_sheets(route, features, snapshot, today), ANY_EVIDENCE, today)


def _breach_reason(
    breach: Breach, undemoted: Posture, sheets: tuple[Facts, ...], demanded: EffectivePolicy, today: date
) -> Reason:
    name, rule = breach.dimension, demanded.evidence
    as_read: Value = getattr(undemoted.with_guaranteed_places(), name)
    if not within(as_read, breach.demanded):
        layer = demanded.who(lambda p: not within(as_read, getattr(p.bound, name)))
        return _by(layer, Reason(Kind.POSTURE, name, _offered(name, as_read, undemoted), word(breach.demanded)))

    def disbelieves(policy: Policy) -> bool:
        believed = posture(sheets, policy.evidence, today).with_guaranteed_places()
        return not within(getattr(believed, name), breach.demanded)

    offered: dict[str, Json] = {"value": word(as_read), "dated": _oldest(name, sheets)}
    accepted: dict[str, Json] = {"grade": rule.grade.name.lower(), "max_age_days": rule.max_age_days}
    return _by(demanded.who(disbelieves), Reason(Kind.EVIDENCE, name, offered, accepted))


def _offered(name: str, counted: Value, undemoted: Posture) -> Json:
    """The value as it counts; beside places that nobody guarantees, the list that the provider states."""
    listed: Value = getattr(undemoted, name)
    if counted == listed:
        return word(counted)
    return {"value": word(listed), "location_guarantee": word(undemoted.location_guarantee)}


def _oldest(dimension: str, sheets: tuple[Facts, ...]) -> str | None:
    """The oldest date of what is known of one dimension; None if any of it has no date."""
    dates = [f.aged_from for sheet in sheets if (f := sheet.get(dimension))]
    known = [d for d in dates if d is not None]
    return min(known).isoformat() if known and len(known) == len(dates) else None


def _affordable(
    candidate: Candidate, demand: Demand, demanded: EffectivePolicy, snapshot: Snapshot, means: Capabilities
) -> list[Reason]:
    route, limit, reasons = candidate.route, demanded.rules.max_price, []
    price = route.price
    priced = price.is_priced and snapshot.fx.rate(price.currency) is not None
    if means.priced_only and not priced:
        return [Reason(Kind.UNPRICED, "budget", None, "a price, because a hard budget applies")]
    if means.priced_only and (unknown := _unpriced_parts(candidate, demand)):
        return [
            Reason(Kind.UNPRICED, part, None, f"a price of {part}, because a hard budget applies") for part in unknown
        ]
    for side, most in (("input", limit.input), ("output", limit.output)):
        if most is None:
            continue
        usd = _dearest_in_usd(route, side, demand, snapshot) if priced else None
        if usd is not None and usd <= most:
            continue
        kind, offered = (Kind.UNPRICED, None) if usd is None else (Kind.PRICE, _figure(usd))
        layer = demanded.who(_caps(side, usd))
        reasons.append(_by(layer, Reason(kind, side, offered, _figure(most))))
    return reasons


def _unpriced_parts(candidate: Candidate, demand: Demand) -> list[str]:
    """Terms and tools of the request that have no known price on this route."""
    price = candidate.route.price
    parts = [*unpriced_terms(price, demand.terms_in(candidate.wire))] if demand.terms else []
    if price.free or not demand.tools:
        return parts
    return [*parts, *(tool for tool, _ in demand.tools_in(candidate.wire) if price.fee(tool) is None)]


def _dearest_in_usd(route: Route, side: str, demand: Demand, snapshot: Snapshot) -> Decimal | None:
    """Per million, in the dearest tier that this demand can reach."""
    price = route.price
    dearest = max(rates.rate(side) for rates in price.reachable_rates(demand.input_tokens))
    return snapshot.fx.in_usd(dearest, price.currency)


def _figure(amount: Decimal) -> str:
    return format(amount.normalize(), "f")


def _caps(side: str, usd: Decimal | None) -> Callable[[Policy], bool]:
    def capped(policy: Policy) -> bool:
        most: Decimal | None = getattr(policy.rules.max_price, side)
        return most is not None and (usd is None or usd > most)

    return capped


_ABILITY: Mapping[Need, str] = {
    Need.TOOLS: "tools",
    Need.STRUCTURED_OUTPUT: "structured_output",
    Need.REASONING: "reasoning",
}
_INPUT: Mapping[Need, str] = {Need.VISION: "image", Need.AUDIO: "audio", Need.DOCUMENTS: "pdf"}


def _capable(candidate: Candidate, demand: Demand, demanded: EffectivePolicy) -> list[Reason]:
    able, kind, reasons = candidate.route.abilities, candidate.route.model.kind, []
    carried = demand.carried_in(candidate.wire)
    if carried.unfit:
        reasons.append(Reason(Kind.CAPABILITY, "dialect", carried.dialect, list(carried.unfit)))
    if carried.dropped and demanded.rules.requires_parameters:
        layer = demanded.who(lambda p: p.rules.requires_parameters)
        reasons.append(_by(layer, Reason(Kind.CAPABILITY, "parameters", None, list(carried.dropped))))
    if kind != demand.operation.model_kind:
        reasons.append(Reason(Kind.CAPABILITY, "endpoint", kind, demand.operation.name))
    for need in sorted(demand.needs, key=lambda n: n.value):
        can = _can(able, need)
        if can is False:
            reasons.append(Reason(Kind.CAPABILITY, need.value, can, True))
        if can is None and demanded.rules.requires_parameters:
            layer = demanded.who(lambda p: p.rules.requires_parameters)
            reasons.append(_by(layer, Reason(Kind.CAPABILITY, need.value, can, True)))
    return reasons


def _can(able: Abilities, need: Need) -> bool | None:
    """None where nobody says."""
    if need in _INPUT:
        return None if able.inputs is None else _INPUT[need] in able.inputs
    known: bool | None = getattr(able, _ABILITY[need]) if need in _ABILITY else True
    return known


def health_rejections(route: Route, health: Health) -> tuple[Reason, ...]:
    """The reason that keeps `route` out at this moment, whatever is demanded. Offered: the scope of the fault."""
    outage = health.outage(route.id, route.provider.id)
    if outage is None:
        return ()
    if outage.scope.locks_out:
        return (Reason(Kind.LOCKED_OUT, offered=outage.scope.value, demanded=setting_name(route.provider.id, "key")),)
    return (Reason(Kind.COOLING_DOWN, offered=outage.scope.value),)
