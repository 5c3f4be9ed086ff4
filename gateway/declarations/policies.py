"""`policies/<name>.toml`: what may happen. A bound, rules for routes, a preference, and cases that must hold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from gateway.core.catalog import Feature
from gateway.core.policy import (
    Evidence,
    EvidenceRule,
    Identifiers,
    MaxPrice,
    Policy,
    Preference,
    RouteRules,
    SortKey,
    TokenCounts,
)
from gateway.declarations.facts import read_bound
from gateway.declarations.faults import shown
from gateway.declarations.names import named_as_file
from gateway.declarations.reader import Page, Table, labelled
from gateway.declarations.regions import Regions

_GRADES: Final = {grade.name.lower(): grade for grade in Evidence}
_IDENTIFIERS: Final = {what.name.lower(): what for what in Identifiers}
_COUNTS: Final = {who.name.lower(): who for who in TokenCounts}
_SORT_KEYS: Final = {key.value: key for key in SortKey}
_FEATURES: Final = {feature.value: feature for feature in Feature}
_EXPECTATIONS: Final = {"admitted": True, "refused": False}


@dataclass(frozen=True, slots=True)
class Case:
    """A case: the verdict of a policy on one route. `because`: the dimension or kind of reason a refusal must name.

    `today`: the day it is judged on; None: the day of the check. `features`: what the request uses.
    """

    table: Table
    policy: str
    route: str
    is_admitted: bool
    because: str = ""
    today: date | None = None
    features: frozenset[Feature] = frozenset()


@dataclass(frozen=True, slots=True)
class PolicyDocument:
    """A policy with its cases and the tables whose references are still to be checked."""

    policy: Policy
    cases: tuple[Case, ...]
    root: Table
    routes: Table | None
    prefer: Table | None


def read_policy(page: Page, stem: str, regions: Regions) -> PolicyDocument:
    root = page.root
    root.require(name=f'name = "{stem}"', purpose='purpose = "what it protects, in one sentence"')
    routes, prefer = root.table("routes"), root.table("prefer")
    name = named_as_file(root, "name", stem)
    policy = Policy(
        name=name,
        purpose=root.text("purpose"),
        bound=read_bound(root.table("bound"), regions),
        evidence=EvidenceRule(
            max_age_days=root.whole("max_evidence_age_days", 1),
            grade=root.choice("evidence", _GRADES) or Evidence.READ,
        ),
        rules=_rules(routes) if routes else RouteRules(),
        prefer=_preference(prefer) if prefer else None,
        identifiers=root.choice("identifiers", _IDENTIFIERS) or Identifiers.PSEUDONYM,
        token_counts=root.choice("token_counts", _COUNTS),
    )
    cases = tuple(_case(table, name) for table in root.tables("cases", labelled("route")))
    return PolicyDocument(policy, cases, root, routes, prefer)


def _rules(table: Table) -> RouteRules:
    return RouteRules(
        only_providers=_only(table, "only_providers"),
        only_models=_only(table, "only_models"),
        ignored=frozenset(table.words("ignore") or ()),
        max_price=_max_price(table.table("max_price")),
        quantizations=_only(table, "quantizations"),
        requires_parameters=table.flag("require_parameters") or False,
        allows_failover=table.flag("allow_failover") is not False,
    )


def _only(table: Table, key: str) -> frozenset[str] | None:
    words = table.words(key)
    if words == ():
        table.fault(key, "nothing is allowed: nothing can be admitted", "list what is, or leave it out to allow all")
    return frozenset(words) if words else None


def _max_price(table: Table | None) -> MaxPrice:
    return MaxPrice(table.amount("input"), table.amount("output")) if table else MaxPrice()


def _preference(table: Table) -> Preference:
    """Words that are sort keys sort; all others are providers or routes, which come first in the order written."""
    table.require(order='order = ["price"]')
    words = table.words("order") or ()
    keys = tuple(_SORT_KEYS[word] for word in words if word in _SORT_KEYS)
    return Preference(tuple(word for word in words if word not in _SORT_KEYS), keys or (SortKey.PRICE,))


def _case(table: Table, policy: str) -> Case:
    table.require(route='route = "evroc/magistral-small"', expect='expect = "admitted"')
    expected, because = table.choice("expect", _EXPECTATIONS), table.text("because")
    if expected and because:
        table.fault("because", f"{shown(because)} is a reason to refuse, and the route is to be admitted", "remove it")
    return Case(
        table=table,
        policy=policy,
        route=table.text("route"),
        is_admitted=bool(expected),
        because=because,
        today=table.day("today"),
        features=table.chosen("features", _FEATURES) or frozenset(),
    )
