"""The request's own narrowing as a receipt keeps it: policies in a closed vocabulary, and back.

A client's words are not kept. Ids that name nothing declared are left out: a rule decides the same without them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
from typing import Any, Final

from gateway.core.errors import Json
from gateway.core.policy import MaxPrice, Policy, Preference, RouteRules, SortKey
from gateway.core.posture import (
    DIMENSIONS,
    SCALES,
    UNKNOWN,
    Party,
    Posture,
    Value,
    of,
    word,
)
from gateway.core.snapshot import Snapshot

OWN: Final = "request"
"""The name of a policy that a request wrote itself."""

_PRICES: Final = Context(prec=40, Emax=MAX_EMAX, Emin=MIN_EMIN)
"""A price has fewer digits, whatever a client writes."""


def narrowing_record(policy: Policy, snapshot: Snapshot) -> dict[str, Json]:
    """A policy of the request layer: the name of a declared one, or the words of the request's own."""
    if snapshot.policies.get(policy.name) is policy:
        return {"policy": policy.name}
    rules, prefer = policy.rules, policy.prefer
    bound: dict[str, Json] = {name: word(value) for name, value in policy.bound if value is not UNKNOWN}
    record: dict[str, Json] = {"bound": bound} if bound else {}
    record |= {
        name: _declared(ids, known)
        for name, ids, known in (
            ("only_providers", rules.only_providers, snapshot.providers),
            ("only_models", rules.only_models, snapshot.models),
            ("quantizations", rules.quantizations, _quantizations(snapshot)),
            ("ignored", rules.ignored or None, {*snapshot.providers, *snapshot.models, *snapshot.routes}),
        )
        if ids is not None
    }
    prices = {"input": rules.max_price.input, "output": rules.max_price.output}
    if limits := {side: str(_PRICES.normalize(most)) for side, most in prices.items() if most is not None}:
        record["max_price"] = {**limits}
    record |= {name: True for name in ("requires_parameters",) if rules.requires_parameters}
    record |= {name: False for name in ("allows_failover",) if not rules.allows_failover}
    if prefer is not None:
        known = {*snapshot.providers, *snapshot.routes}
        order: list[Json] = [name for name in dict.fromkeys(prefer.explicit) if name in known]
        record["prefer"] = {"order": order, "by": [key.value for key in prefer.keys]}
    return record


def narrowing_from(record: Mapping[str, Any], snapshot: Snapshot) -> Policy:
    """The policy of a record. KeyError for one that these documents do not declare."""
    if "policy" in record:
        return snapshot.policies[record["policy"]]
    prices, prefer = record.get("max_price", {}), record.get("prefer")
    rules = RouteRules(
        only_providers=_ids(record, "only_providers"),
        only_models=_ids(record, "only_models"),
        ignored=_ids(record, "ignored") or frozenset(),
        max_price=MaxPrice(**{side: Decimal(most) for side, most in prices.items()}),
        quantizations=_ids(record, "quantizations"),
        requires_parameters=record.get("requires_parameters", False),
        allows_failover=record.get("allows_failover", True),
    )
    preference = Preference(tuple(prefer["order"]), tuple(map(SortKey, prefer["by"]))) if prefer is not None else None
    return Policy(OWN, bound=_bound(record.get("bound", {})), rules=rules, prefer=preference)


def _declared(ids: Iterable[str], known: Iterable[str]) -> list[Json]:
    return [*sorted({*ids}.intersection(known))]


def _quantizations(snapshot: Snapshot) -> set[str]:
    return {route.quantization or "unknown" for route in snapshot.routes.values()}


def _ids(record: Mapping[str, Any], name: str) -> frozenset[str] | None:
    return frozenset(record[name]) if name in record else None


def _bound(words: Mapping[str, Any]) -> Posture:
    return of({name: _value(name, words[name]) for name in DIMENSIONS if name in words})


def _value(dimension: str, written: Any) -> Value:
    """The inverse of `core.posture.word` for a value that is not UNKNOWN."""
    if (scale := SCALES.get(dimension)) is not None:
        return scale[written.upper()]
    if dimension == "third_party_access":
        return frozenset(map(Party, written))
    return written if dimension == "retention_days" else frozenset(written)
