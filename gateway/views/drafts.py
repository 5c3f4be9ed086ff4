"""Drafts of a policy: what remains under its clauses, what each clause costs, and the draft as a document.

A draft is in force nowhere. Its counts are those of the decision itself: every route is judged as a request would be.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from gateway.core.catalog import Route
from gateway.core.cost import cost, money, to_ledger
from gateway.core.errors import Json
from gateway.core.evaluation import (
    POLICY_KINDS,
    DecisionBasis,
    Kind,
    Reason,
    candidate,
    is_admitted,
    rejections_of,
)
from gateway.core.frozen import frozen
from gateway.core.policy import ANY_EVIDENCE, EffectivePolicy, Evidence, Layer, LayerKind, Policy, combine
from gateway.core.posture import DIMENSIONS, UNKNOWN, word
from gateway.core.posture import of as posture_of
from gateway.core.snapshot import Snapshot
from gateway.core.usage import Usage
from gateway.stores.books.books import UsageRow
from gateway.views.catalogue import plain_demand
from gateway.views.dimensions import LABELS, value_words

EVIDENCE: Final = "evidence"
"""The clause on the age and the grade of facts."""
_LOSERS: Final = 3


@frozen
class Judge(DecisionBasis):
    """Judges routes under a policy alone."""

    def reasons(self, route: Route, demanded: EffectivePolicy) -> tuple[Reason, ...]:
        """Every reason of policy against the route."""
        demand = plain_demand(route.model)
        every = rejections_of(candidate(route, demand), demand, demanded, self)
        return tuple(reason for reason in every if reason.kind in POLICY_KINDS)

    def is_connected(self, route: Route) -> bool:
        """Whether the gateway could ask the route if every policy allowed it."""
        if route.provider.id not in self.means.credentials:  # most of a catalogue
            return False
        demand = plain_demand(route.model)
        judged = candidate(route, demand)
        return not rejections_of(judged, demand, _ANYTHING, self)

    def admitted(self, policy: Policy) -> list[Route]:
        """The routes that the policy alone admits, whether they are connected or not."""
        demanded = alone(policy)
        return [route for route in self.snapshot.routes.values() if self._is_admitted(route, demanded)]

    def _is_admitted(self, route: Route, demanded: EffectivePolicy) -> bool:
        demand = plain_demand(route.model)
        return is_admitted(candidate(route, demand), demand, demanded, self)


def alone(policy: Policy) -> EffectivePolicy:
    """The policy as the only layer."""
    return combine([Layer(LayerKind.KEY, policy)])


_ANYTHING: Final = alone(Policy("anything"))


def clauses(policy: Policy, regions: Mapping[str, frozenset[str]]) -> list[dict[str, Json]]:
    """Each clause of a policy that this room can draft, in words."""
    shown = [
        {"clause": name, "label": LABELS[name], "words": value_words(name, word(value), regions)}
        for name, value in policy.bound
        if value is not UNKNOWN and not _is_implied(policy, name)
    ]
    if policy.evidence != ANY_EVIDENCE:
        shown.append({"clause": EVIDENCE, "label": "Evidence", "words": _evidence_words(policy)})
    return [dict(each) for each in shown]


def _is_implied(policy: Policy, name: str) -> bool:
    return name == "stored_in" and policy.bound.retention_days == 0


def _evidence_words(policy: Policy) -> str:
    age = policy.evidence.max_age_days
    grade = "verified" if policy.evidence.grade is Evidence.VERIFIED else ""
    limit = f"at most {age} days old" if age is not None else ""
    return ", ".join(words for words in (grade, limit) if words)


def without(policy: Policy, clause: str) -> Policy:
    """The policy with one clause less."""
    if clause == EVIDENCE:
        return replace(policy, evidence=ANY_EVIDENCE)
    values = dict(policy.bound)
    values[clause] = UNKNOWN
    if clause == "retention_days" and policy.bound.retention_days == 0:
        values["stored_in"] = UNKNOWN  # it follows from the clause that goes
    return replace(policy, bound=posture_of(values))


@frozen
class ModelUse:
    """Traffic of one model in the time that a draft is measured against. `cost` in nano-units."""

    model: str
    requests: int
    used: Usage
    cost: int


def uses_in(rows: Iterable[UsageRow]) -> list[ModelUse]:
    """The models that were used, from rows by `model`."""
    return [ModelUse(row.group[0], row.exchanges, Usage(**row.usage), row.cost) for row in rows if row.sent]


def draft_view(policy: Policy, judge: Judge, uses: Sequence[ModelUse]) -> dict[str, Json]:
    """Everything of a draft but the time of `uses`."""
    demanded, snapshot = alone(policy), judge.snapshot
    judged = [(route, judge.reasons(route, demanded)) for route in snapshot.routes.values()]
    admitted = [route for route, reasons in judged if not reasons]
    connected = [route for route in admitted if judge.is_connected(route)]
    listed = clauses(policy, snapshot.regions)
    return {
        "clauses": [
            {**each, **_price_of(str(each["clause"]), policy, judge, judged, {r.model.id for r in admitted})}
            for each in listed
        ],
        "routes": len(admitted),
        "of_routes": len(snapshot.routes),
        "models": len({route.model.id for route in admitted}),
        "of_models": len(snapshot.models),
        "connected": len(connected),
        "lost": _lost(judge, connected, uses),
        "traffic": _traffic(snapshot, connected, uses),
        "toml": draft_toml(policy, snapshot.regions, (connected or admitted)[:1]),
    }


def _price_of(
    clause: str, policy: Policy, judge: Judge, judged: Sequence[tuple[Route, tuple[Reason, ...]]], models: set[str]
) -> dict[str, Json]:
    """The gain of the draft without one clause."""
    demanded = alone(without(policy, clause))
    blocked = [route for route, reasons in judged if reasons and all(clause in _blamed(r) for r in reasons)]
    gained = [route for route in blocked if not judge.reasons(route, demanded)]
    operators = Counter(route.provider.operator for route in gained)
    return {
        "routes": len(gained),
        "models": len({route.model.id for route in gained} - models),
        "loses": [{"operator": name, "routes": count} for name, count in operators.most_common(_LOSERS)],
    }


def _blamed(reason: Reason) -> frozenset[str]:
    """The clauses without which the reason might fall."""
    return frozenset({reason.dimension, EVIDENCE} if reason.kind is Kind.EVIDENCE else {reason.dimension})


def _lost(judge: Judge, connected: Sequence[Route], uses: Sequence[ModelUse]) -> list[Json]:
    """Models in use that have a connected route now, and would have none."""
    left = {route.model.id for route in connected}
    return [
        use.model
        for use in uses
        if use.model not in left and any(map(judge.is_connected, judge.snapshot.routes_of.get(use.model, ())))
    ]


def _traffic(snapshot: Snapshot, connected: Sequence[Route], uses: Sequence[ModelUse]) -> dict[str, Json]:
    """The cost of the traffic as it was, and at the cheapest route that remains; models without one are named."""
    then, unserved = 0, []
    for use in uses:
        costs = [_cost_at(route, use, snapshot) for route in connected if route.model.id == use.model]
        known = [amount for amount in costs if amount is not None]
        if known:
            then += min(known)
        else:
            unserved.append(use.model)
    served = [use for use in uses if use.model not in unserved]
    return {
        "currency": snapshot.fx.ledger,
        "requests": sum(use.requests for use in uses),
        "cost": money(sum(use.cost for use in served)),
        "cost_then": money(then),
        "unserved": list(unserved),
    }


def _cost_at(route: Route, use: ModelUse, snapshot: Snapshot) -> int | None:
    """By the rates below any tier; None for a route without a known price."""
    rate = snapshot.fx.rate(route.price.currency)
    if rate is None or not route.price.is_priced:
        return None
    flat = replace(route.price, tiers=(), per_request=route.price.per_request * use.requests)
    return to_ledger(cost(use.used, flat), rate)


def draft_toml(policy: Policy, regions: Mapping[str, frozenset[str]], admitted: Sequence[Route]) -> str:
    """The draft as a document of `policies/`, with one case. `admitted`: a route for the case; empty for none."""
    lines = [f"name = {_text(policy.name)}", 'purpose = "State in one sentence what this policy protects."']
    if policy.evidence.max_age_days is not None:
        lines += ["", f"max_evidence_age_days = {policy.evidence.max_age_days}"]
    if policy.evidence.grade is Evidence.VERIFIED:
        lines += ["", 'evidence = "verified"']
    named = [
        name for name in DIMENSIONS if getattr(policy.bound, name) is not UNKNOWN and not _is_implied(policy, name)
    ]
    if named:
        lines += ["", "[bound]"]
        lines += [f"{name} = {_value(word(getattr(policy.bound, name)), regions)}" for name in named]
    for route in admitted:
        lines += ["", "[[cases]]", f"route = {_text(str(route.id))}", 'expect = "admitted"']
    return "\n".join(lines) + "\n"


def _value(value: Json, regions: Mapping[str, frozenset[str]]) -> str:
    if isinstance(value, list | tuple):
        names = [str(name) for name in value]
        region = next((name for name, members in regions.items() if members == frozenset(names) and names), None)
        return f"[{', '.join(_text(name) for name in ([region] if region else names))}]"
    return str(value) if isinstance(value, int) else _text(str(value))


def _text(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
