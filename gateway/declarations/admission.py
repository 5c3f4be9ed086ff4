"""Routes that policies admit, by posture and rules alone: before credentials, health and addresses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Final, TypeAlias

from gateway.core.catalog import Route
from gateway.core.demand import Demand
from gateway.core.evaluation import Capabilities, DecisionBasis, Kind, Reason, candidate, rejections_of
from gateway.core.operation import CHAT
from gateway.core.policy import EffectivePolicy, Layer, LayerKind, Policy, RouteRules, combine
from gateway.core.posture import Party, Posture
from gateway.core.snapshot import Snapshot
from gateway.core.treatment import facts_in_force, posture
from gateway.declarations.faults import shown, some
from gateway.declarations.policies import Case, PolicyDocument
from gateway.dialects.registry import REGISTRY

HORIZON_DAYS: Final = 30
_DIALECT: Final = REGISTRY.offering(CHAT)[0]
"""The dialect of a plain request."""
_OF_POLICY: Final = frozenset({Kind.POSTURE, Kind.EVIDENCE, Kind.PRICE, Kind.UNPRICED, Kind.EXCLUDED, Kind.RETIRED})
"""Reasons of the policy and of the calendar; the others are about this process and what a request needs."""
_NO_MEANS: Final = Capabilities(frozenset(), frozenset())

_Sheet: TypeAlias = tuple[str, tuple[str, ...], str]
"""A provider, its exceptions that apply, and the lab of closed weights: all routes of one sheet are treated alike."""


class Admission:
    """Judges routes of one snapshot on one day; a posture is worked out once for all routes that share it."""

    def __init__(self, snapshot: Snapshot, today: date) -> None:
        self._snapshot, self._today = snapshot, today
        self._sheets: dict[_Sheet, list[Route]] = {}
        for route in snapshot.routes.values():
            applied = tuple(e.id for e in route.provider.exceptions if e.applies(route.model.id, frozenset()))
            lab = route.model.lab if route.model.open_weights is False else ""
            self._sheets.setdefault((route.provider.id, applied, lab), []).append(route)
        self._postures: dict[tuple[_Sheet, object], Posture] = {}

    def routes(self, policy: Policy) -> list[Route]:
        """Every route that the policy admits."""
        admitted = [
            route
            for sheet, routes in self._sheets.items()
            if self._posture(sheet, routes[0], policy) <= policy.bound
            for route in routes
            if not route.is_retired(self._today)
        ]
        if policy.rules == RouteRules():
            return admitted
        return [route for route in admitted if not reasons(route, policy, self._snapshot, self._today)]

    def _posture(self, sheet: _Sheet, route: Route, policy: Policy) -> Posture:
        at = (sheet, policy.evidence)
        if at not in self._postures:
            grants = self._snapshot.grants.get(route.provider.id, ())
            sheets = facts_in_force(route.provider, route.model, frozenset(), grants, self._today)
            self._postures[at] = posture(sheets, policy.evidence, self._today).with_guaranteed_places()
        return self._postures[at]


def admitted(snapshot: Snapshot, policy: str, today: date) -> tuple[int, int]:
    """Counts of routes and models that a policy admits on that day. KeyError for an unknown policy."""
    routes = Admission(snapshot, today).routes(snapshot.policies[policy])
    return len(routes), len({route.model.id for route in routes})


def reasons(
    route: Route, policy: Policy, snapshot: Snapshot, today: date, demand: Demand | None = None
) -> tuple[Reason, ...]:
    """Why the policy alone keeps a route out; empty if it does not."""
    request = demand or Demand(_DIALECT, CHAT, route.model.id, streaming=False, input_tokens=0)
    rejections = rejections_of(
        candidate(route, request), request, _demanded(policy), DecisionBasis(snapshot, _NO_MEANS, today)
    )
    return tuple(reason for reason in rejections if reason.kind in _OF_POLICY)


def _demanded(policy: Policy) -> EffectivePolicy:
    return combine((Layer(LayerKind.ORGANISATION, policy),))


def check_admission(documents: Sequence[PolicyDocument], snapshot: Snapshot, today: date) -> None:
    """Report policies that admit nothing, and warn of those that soon admit nothing of a model."""
    now, later = Admission(snapshot, today), Admission(snapshot, today + timedelta(HORIZON_DAYS))
    for document in documents:
        routes = now.routes(document.policy)
        if not routes and snapshot.routes:
            _report_empty(document, snapshot, today)
        elif _can_expire(document.policy, snapshot):
            _warn_of_expiry(document, routes, later.routes(document.policy), today)


def _report_empty(document: PolicyDocument, snapshot: Snapshot, today: date) -> None:
    """Report a policy that admits nothing: a fault, unless time or a missing contract emptied it.

    A start at night must not fail on a fact that grew old.
    """
    table, policy = document.root, document.policy
    ageless = replace(policy, evidence=replace(policy.evidence, max_age_days=None))
    unending = {
        name: tuple(replace(grant, expires_on=None) for grant in grants) for name, grants in snapshot.grants.items()
    }
    admission = Admission(replace(snapshot, grants=unending), today)
    if admission.routes(ageless):
        table.report.warn(
            table.file,
            "max_evidence_age_days",
            "it admits no route any more: evidence is too old, or grants have ended",
            "read the providers' terms again and renew the dates, or renew the contracts",
        )
    elif admission.routes(_with_undisclosed_parties(ageless)):
        table.report.warn(
            table.file,
            "bound.third_party_access",
            "it admits no route until a contract names the third parties that see content: no provider does",
            'record the contract in contracts.toml with third_party_access = [], or allow "undisclosed"',
        )
    else:
        table.fault(
            "bound" if policy.bound != Posture() else "routes",
            "the policy admits none of the routes of the catalogue",
            "loosen it, record a contract that helps, or remove the policy: it refuses every request",
        )


def _with_undisclosed_parties(policy: Policy) -> Policy:
    parties = policy.bound.third_party_access
    if not isinstance(parties, frozenset):
        return policy
    return replace(policy, bound=replace(policy.bound, third_party_access=parties | {Party.UNDISCLOSED}))


def _can_expire(policy: Policy, snapshot: Snapshot) -> bool:
    grants = (grant for granted in snapshot.grants.values() for grant in granted)
    return policy.evidence.max_age_days is not None or any(grant.expires_on is not None for grant in grants)


def _warn_of_expiry(document: PolicyDocument, now: Iterable[Route], later: Iterable[Route], today: date) -> None:
    lost = {route.model.id for route in now} - {route.model.id for route in later}
    if not lost:
        return
    providers = {route.provider.id for route in now if route.model.id in lost}
    document.root.report.warn(
        document.root.file,
        "max_evidence_age_days" if document.policy.evidence.max_age_days is not None else "bound",
        f"by {today + timedelta(HORIZON_DAYS)} it admits no route any more for {len(lost)} models ({some(lost)}), "
        "because evidence grows too old or a grant ends",
        f"read the terms of {some(providers)} again and renew the dates, or renew the contract",
    )


def check_cases(documents: Iterable[PolicyDocument], snapshot: Snapshot, today: date) -> None:
    """Report every case that does not hold.

    A refusal is judged without our contracts: what a contract lifts is not the policy's doing. A case that expects
    `admitted` and is refused is a warning: a fact that became worse, and a tighter policy, take effect.
    """
    without = replace(snapshot, grants={})
    for document in documents:
        for case in document.cases:
            if case.route in snapshot.routes:
                _check_case(case, document, snapshot if case.is_admitted else without, today)


def _check_case(case: Case, document: PolicyDocument, snapshot: Snapshot, today: date) -> None:
    route = next(route for route in snapshot.routes.values() if route.id == case.route)
    demand = Demand(_DIALECT, CHAT, route.model.id, streaming=False, input_tokens=0, features=case.features)
    rejections = reasons(route, document.policy, snapshot, case.today or today, demand)
    table, why = case.table, ", ".join(reason.code for reason in rejections)
    if case.is_admitted and rejections:
        what = f"{case.route} is expected to be admitted, and is refused ({why})"
        do = "correct the case if this is meant, else the policy or the record"
        table.report.warn(table.file, table.key("expect"), what, do)
    elif not case.is_admitted and not rejections:
        what = f"{case.route} is expected to be refused, and is admitted"
        table.fault("expect", what, "tighten the policy, or correct the record or the case")
    elif case.because and case.because not in {word for r in rejections for word in (r.dimension, r.kind.value)}:
        what = f"{shown(case.because)} is not why {case.route} is refused ({why})"
        table.fault("because", what, "name one of these reasons")
