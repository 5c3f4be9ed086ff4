"""A decision worked out again from its receipt: `replay(receipt, documents) == (plan, rejections)`.

Beside the receipt it takes the documents and the capabilities that were kept under the digests that the receipt names.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any, Final, NamedTuple

from gateway.core.catalog import Feature, RouteId
from gateway.core.decision import Decision, decide
from gateway.core.demand import Carried, Demand, Need
from gateway.core.errors import Json
from gateway.core.evaluation import Capabilities, DecisionBasis
from gateway.core.health import FaultScope, Health, Outage
from gateway.core.narrowing import narrowing_from
from gateway.core.operation import OPERATIONS
from gateway.core.policy import Layer, LayerKind, Policy, SortKey, combine
from gateway.core.receipt import Receipt, canonical
from gateway.core.snapshot import Snapshot

_BETWEEN: Final = ", "
"""Several policies of one layer."""
_BY_PRICE: Final = (SortKey.PRICE,)
HEALTHY: Final[Mapping[str, Json]] = {}
"""The record of health that left no mark on a decision."""
_COOLING: Final = Outage(FaultScope.ROUTE, math.inf)
_LOCKED_OUT: Final = Outage(FaultScope.CREDENTIAL, math.inf)
"""A receipt keeps which routes were left alone; a decision does not depend on the scope of the fault."""
_OPERATION: Final = {operation.name: operation for operation in OPERATIONS}


class Replayed(NamedTuple):
    """Decision of a receipt, in the receipt's own words."""

    plan: tuple[str, ...]
    rejections: Mapping[str, tuple[str, ...]]


def replay(receipt: Receipt, snapshot: Snapshot, means: Capabilities) -> Replayed:
    """The decision of a receipt that has one (`was_decided`). `snapshot` and `means`: those whose digests it names.

    KeyError or ValueError where they are not.
    """
    return decision_record(decide_again(receipt, snapshot, means))


def decide_again(receipt: Receipt, snapshot: Snapshot, means: Capabilities) -> Decision:
    """The decision of a receipt's demand under any documents and capabilities, on the receipt's own day.

    KeyError or ValueError where the receipt names a policy or a word that the documents do not declare.
    """
    demand, demanded = _demand(receipt, snapshot), combine(_layers(receipt, snapshot))
    return decide(demand, demanded, DecisionBasis(snapshot, means, date.fromisoformat(receipt.day)), _health(receipt))


def was_decided(receipt: Receipt) -> bool:
    """Whether the receipt holds a decision and all that a replay needs."""
    return bool(receipt.schema and receipt.capabilities) and not {"asked", "decided"}.intersection(receipt.erased)


def demand_record(demand: Demand) -> dict[str, Json]:
    """The facts of a demand, as a receipt keeps them beside its dialect, operation and model."""
    record: dict[str, Json] = {
        "streaming": demand.streaming,
        "input_tokens_at_most": demand.input_tokens,
        "output_tokens": demand.output_tokens,
        "choices": demand.choices,
        "needs": sorted([need.value for need in demand.needs]),
        "features": sorted([feature.value for feature in demand.features]),
        "unlisted": len(demand.unlisted),
        "pinned": demand.pinned,
        "alias": demand.alias,
        "data_class": demand.data_class,
        "carried": {c.dialect: {"unfit": list(c.unfit), "dropped": list(c.dropped)} for c in demand.carried},
    }
    if demand.terms:
        record["terms"] = list(demand.terms)
    if demand.tools:
        record["tools"] = [[tool, calls] for tool, calls in demand.tools]
    if demand.candidates > 1 or demand.least_output:
        record["generation"] = [demand.candidates, demand.least_output]
    return record


def policies_record(layers: Iterable[Layer]) -> dict[str, str]:
    """Layer -> policy name, or several."""
    names: dict[str, str] = {}
    for layer in layers:
        label = layer.kind.label
        names[label] = f"{names[label]}{_BETWEEN}{layer.policy.name}" if label in names else layer.policy.name
    return names


def health_record(health: Health, decision: Decision, snapshot: Snapshot) -> Mapping[str, Json]:
    """Health of the model's routes as far as the decision used it."""
    keys = decision.demanded.prefer.keys
    if keys == _BY_PRICE and not (health.cooling or health.locked_out):
        return HEALTHY
    routes = snapshot.routes_of.get(decision.demand.model, ())
    record: dict[str, Json] = {
        "cooling": sorted(str(r.id) for r in routes if r.id in health.cooling),
        "locked_out": sorted({name for r in routes for name in (r.provider.id, r.id) if name in health.locked_out}),
    }
    for key, measured in ((SortKey.LATENCY, health.latency_ms), (SortKey.THROUGHPUT, health.throughput)):
        if key in keys:
            record[key.value] = {str(r.id): repr(measured[r.id]) for r in routes if r.id in measured}
    return {name: value for name, value in record.items() if value}


def decision_record(decision: Decision) -> Replayed:
    """Decision as a receipt records it."""
    return Replayed(tuple(str(eligible.route.id) for eligible in decision.plan), decision.evaluation.rejections_record)


def capabilities_record(means: Capabilities) -> bytes:
    """The capabilities as they are kept beside the documents, under their digest. Names only: no credential."""
    return canonical(
        {
            "credentials": sorted(means.credentials),
            "default_max_output": means.default_max_output,
            "priced_only": means.priced_only,
            "spoken": sorted(means.spoken),
            "unset": {provider: sorted(names) for provider, names in means.unset.items()},
        }
    )


def capabilities_from(data: bytes) -> Capabilities:
    """The inverse of `capabilities_record`. KeyError, TypeError or ValueError for anything else."""
    plain: dict[str, Any] = json.loads(data)
    return Capabilities(
        credentials=frozenset(plain["credentials"]),
        spoken=frozenset(plain["spoken"]),
        unset={provider: tuple(names) for provider, names in plain["unset"].items()},
        default_max_output=plain["default_max_output"],
        priced_only=plain["priced_only"],
    )


def _demand(receipt: Receipt, snapshot: Snapshot) -> Demand:
    facts: Mapping[str, Any] = receipt.demand
    candidates, least_output = facts.get("generation", (1, 0))
    return Demand(
        dialect=receipt.dialect,
        operation=_OPERATION[receipt.operation],
        model=receipt.model,
        streaming=facts["streaming"],
        input_tokens=facts["input_tokens_at_most"],
        output_tokens=facts["output_tokens"],
        choices=facts["choices"],
        terms=tuple(facts.get("terms", ())),
        tools=tuple((str(tool), int(calls)) for tool, calls in facts.get("tools", ())),
        candidates=candidates,
        least_output=least_output,
        needs=frozenset(map(Need, facts["needs"])),
        features=frozenset(map(Feature, facts["features"])),
        pinned=facts["pinned"],
        data_class=facts["data_class"],
        narrowing=tuple(narrowing_from(record, snapshot) for record in receipt.narrowing),
        alias=facts["alias"],
        carried=tuple(
            Carried(dialect, tuple(lost["unfit"]), tuple(lost["dropped"])) for dialect, lost in facts["carried"].items()
        ),
    )


def _layers(receipt: Receipt, snapshot: Snapshot) -> Iterator[Layer]:
    for kind in LayerKind:
        if kind is LayerKind.REQUEST:
            yield from (Layer(kind, narrowing_from(record, snapshot)) for record in receipt.narrowing)
        elif kind.label in receipt.policy:
            yield from (Layer(kind, _policy(name, snapshot)) for name in receipt.policy[kind.label].split(_BETWEEN))


def _policy(name: str, snapshot: Snapshot) -> Policy:
    """The declared one, or the meet of all class policies."""
    declared = snapshot.policies.get(name)
    if declared is None and name != snapshot.every_class.name:
        raise KeyError(name)
    return declared or snapshot.every_class


def _health(receipt: Receipt) -> Health:
    health: Mapping[str, Any] = receipt.health
    return Health(
        cooling=dict.fromkeys(map(RouteId, health.get("cooling", ())), _COOLING),
        locked_out=dict.fromkeys(health.get("locked_out", ()), _LOCKED_OUT),
        latency_ms=_measured(health, SortKey.LATENCY),
        throughput=_measured(health, SortKey.THROUGHPUT),
    )


def _measured(health: Mapping[str, Any], key: SortKey) -> dict[RouteId, float]:
    return {RouteId(route): float(value) for route, value in health.get(key.value, {}).items()}
