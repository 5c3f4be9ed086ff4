"""Why nobody may serve a demand, as the error of an empty plan: every candidate, its reasons, and what would help."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Final

from gateway.core.catalog import Feature
from gateway.core.decision import Decision, Rejection, evaluate
from gateway.core.errors import (
    BudgetExceeded,
    Json,
    KeptStateRefused,
    NoEligibleRoute,
    NotAllowed,
    Refused,
    RoutesUnavailable,
    Unsupported,
    UpstreamLimited,
)
from gateway.core.evaluation import Capabilities, DecisionBasis, Kind, Reason, candidate, rejections_of
from gateway.core.health import FaultScope
from gateway.core.snapshot import Snapshot
from gateway.views.reasons import as_json

_ABSENT: Final = frozenset({Kind.NO_CREDENTIAL, Kind.NOT_CALLABLE, Kind.RETIRED})
"""Reasons for which this gateway never asks a route: a caller that reads of such a route can do nothing about it."""

_NAMED: Final = 4
"""Names in a message at most; its details have all."""


def refusal(
    decision: Decision, snapshot: Snapshot, means: Capabilities, today: date
) -> Refused | RoutesUnavailable | UpstreamLimited:
    """The error of an empty plan. The names of unlisted members are in it; nothing else that a client wrote."""
    rejections = decision.rejections
    if decision.demand.rests_on and _stands_alone(decision, snapshot, means, today):
        members = [reliance.member for reliance in decision.demand.rests_on]
        return KeptStateRefused(decision.demand.rests_on[0].code, members, routes=_listed(rejections))
    if rejections and all(_unable(r) for r in rejections):
        unable = _names(r for rejection in rejections for r in rejection.reasons if r.kind is Kind.CAPABILITY)
        return Unsupported(
            f"No route of this model can do what the request asks for: {unable}.", routes=_listed(rejections)
        )
    if waiting := [r for r in rejections if all(x.kind is Kind.COOLING_DOWN for x in r.reasons)]:
        if any(reason.offered == FaultScope.RATE.value for rejection in waiting for reason in rejection.reasons):
            return UpstreamLimited(None, routes=_listed(waiting))
        return RoutesUnavailable(
            "Every eligible route failed a moment ago and is cooling down.", routes=_listed(waiting)
        )
    if features := _to_blame(decision, snapshot, means, today):
        return NotAllowed(
            f"Policy does not allow this on any route of this model: {', '.join(map(str, features))}. "
            f"Send the request without it.{_how_to_list(decision, features)}",
            features=features,
            routes=_listed(rejections),
        )
    return NoEligibleRoute(
        _why_none(rejections),
        routes=_listed(rejections),
        closest=_closest(rejections),
        compliant_models=_compliant_models(decision, snapshot, means, today),
    )


def _stands_alone(decision: Decision, snapshot: Snapshot, means: Capabilities, today: date) -> bool:
    """Whether the request would be served if it rested on nothing that a provider keeps."""
    used = decision.demand.features - {Feature.STORED_RESPONSES, Feature.FILES, Feature.EXPLICIT_CACHE}
    alone = replace(decision.demand, features=used, rests_on=(), carried=())
    return bool(evaluate(alone, decision.demanded, DecisionBasis(snapshot, means, today)).eligible)


def _unable(rejection: Rejection) -> bool:
    """Cannot do it, whatever the policy; not: is not known to do it, and a policy wants to be sure."""
    return any(r.kind is Kind.CAPABILITY and r.offered is not None for r in rejection.reasons)


def _why_none(rejections: tuple[Rejection, ...]) -> str:
    """The reason that the caller can act on, since some clients show nothing but the message: of the routes that this
    gateway could ask, and of a pinned model only those that it is pinned to."""
    meant = [r for r in rejections if not any(x.dimension == "pinned" for x in r.reasons)] or list(rejections)
    reached = [r for r in meant if not any(x.kind in _ABSENT for x in r.reasons)]
    if any(all(x.kind is Kind.LOCKED_OUT for x in r.reasons) for r in reached):
        return (
            "Policy admits routes of this model, but their providers refuse this gateway's account at the moment: "
            "ask its operator, or take another model of GET /v1/models. Each route is listed with its reasons."
        )
    if not reached and any(all(x.kind is Kind.NO_CREDENTIAL for x in r.reasons) for r in meant):
        return (
            "Policy admits routes of this model, but this gateway has no credential for any of them: "
            "ask its operator, or take a model of GET /v1/models. Each route is listed with its reasons."
        )
    because = f" because of {names}" if (names := _names(x for r in reached or meant for x in r.reasons)) else ""
    return f"No route of this model may serve this request{because}. Each route is listed with its reasons."


def _names(reasons: Iterable[Reason]) -> str:
    """The reasons in the way, the most frequent first: `retention_days under eu-zero-retention, audio`."""
    counted = Counter(name for reason in reasons for name in _named(reason))
    return ", ".join(name for name, _ in counted.most_common(_NAMED))


def _named(reason: Reason) -> list[str]:
    if reason.dimension in ("dialect", "parameters") and isinstance(reason.demanded, list):
        return [str(member) for member in reason.demanded]
    name = reason.dimension or reason.kind.value
    if reason.dimension == "endpoint":
        name = str(reason.demanded)
    elif reason.kind is Kind.PRICE:
        name = f"its price ({name})"
    elif reason.dimension == "pinned":
        name = "the provider that the model is pinned to"
    return [f"{name} under {reason.policy}" if reason.policy else name]


def _listed(rejections: tuple[Rejection, ...] | list[Rejection]) -> Json:
    return [{"route": str(r.route.id), "reasons": [as_json(reason) for reason in r.reasons]} for r in rejections]


def _to_blame(decision: Decision, snapshot: Snapshot, means: Capabilities, today: date) -> list[Json]:
    """Names of the features without which a route would be admitted; empty if none would be."""
    used = decision.demand.features

    def admits(features: frozenset[Feature]) -> bool:
        demand = replace(decision.demand, features=features)
        return bool(evaluate(demand, decision.demanded, DecisionBasis(snapshot, means, today)).eligible)

    if not used or not admits(frozenset()):
        return []
    # Each may be fine alone and only all together be too much: then all are named.
    blamed = {f for f in used if not admits(frozenset({f}))} or used
    unlisted = decision.demand.unlisted if Feature.UNLISTED in blamed else ()
    listed = sorted(f.value for f in blamed if f is not Feature.UNLISTED or not unlisted)
    return [*listed, *unlisted]


def _how_to_list(decision: Decision, features: list[Json]) -> str:
    """The way of an operator who knows an unlisted member to be harmless."""
    if not any(name in features for name in decision.demand.unlisted):
        return ""
    return " An operator who knows a member to be harmless lists its name under `harmless` in config/organisation.toml."


def _closest(rejections: tuple[Rejection, ...]) -> Json:
    """Single relaxations, the most rewarding first: which one thing, if it gave way, would admit which routes."""
    gains: dict[str, tuple[Reason, list[Json]]] = {}
    for rejection in rejections:
        if len(rejection.reasons) == 1:
            reason = rejection.reasons[0]
            # Only routes that offer the same gain by the same concession: `opt_out` does not admit who offers `yes`.
            _, admits = gains.setdefault(repr(reason), (reason, []))
            admits.append(str(rejection.route.id))
    ranked = sorted(gains.values(), key=lambda gain: (-len(gain[1]), gain[0].code, gain[1][0]))
    return [{"relax": as_json(reason), "admits": admits} for reason, admits in ranked]


def _compliant_models(decision: Decision, snapshot: Snapshot, means: Capabilities, today: date) -> Json:
    """Up to ten other models with a route that this same request could use now."""
    demand = replace(decision.demand, pinned=None)
    relaxations: list[Json] = []
    basis = DecisionBasis(snapshot, means, today)
    for model, routes in snapshot.routes_of.items():
        within_reach = [r for r in routes if r.provider.id in means.credentials]  # most of a catalogue is not
        if model != demand.model and any(
            not rejections_of(candidate(r, demand), demand, decision.demanded, basis) for r in within_reach
        ):
            relaxations.append(model)
            if len(relaxations) == 10:
                break
    return relaxations


def over_budget(full: BudgetExceeded, currency: str) -> BudgetExceeded:
    """The refusal with its figures in a sentence, their currency, and advice."""
    details = full.details
    figures = {name: f"{details[name]} {currency}" for name in ("limit", "spent", "held") if name in details}
    until = f" It resets at {details['resets_at']}." if details.get("resets_at") else ""
    message = (
        f"{full.message} Limit {figures.get('limit')}, spent {figures.get('spent')}, held for requests under way "
        f"{figures.get('held')}.{until} Lower the output limit, wait for requests under way to end, or ask the "
        "operator for a higher budget."
    )
    return BudgetExceeded(message, room=full.room, floor=full.floor, **{**details, "currency": currency})
