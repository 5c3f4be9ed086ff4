"""Hypothesis strategies for values of the core."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from gateway.core.catalog import Fact, Facts
from gateway.core.cost import Price, Rates, Tier
from gateway.core.policy import (
    Evidence,
    EvidenceRule,
    Identifiers,
    Layer,
    LayerKind,
    MaxPrice,
    Policy,
    Preference,
    RouteRules,
    SortKey,
    TokenCounts,
)
from gateway.core.posture import (
    DIMENSIONS,
    SCALES,
    UNKNOWN,
    Party,
    Posture,
    Value,
    of,
)
from gateway.core.usage import CLASSES, Usage
from tests.builders import TODAY


def examples(number: int) -> int:
    """Scales the examples of one test with the profile: `number` itself where the profile takes 100."""
    return number * settings().max_examples // 100


_countries = st.frozensets(st.sampled_from(["DE", "FR", "SE", "US"]))
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "processed_in": _countries,
    "stored_in": _countries,
    "retention_days": st.integers(0, 3),
    "third_party_access": st.frozensets(st.sampled_from(Party)),
    "jurisdiction": _countries,
    **{name: st.sampled_from(scale) for name, scale in SCALES.items()},
}
"""Known values per dimension, few enough that two of them are often comparable."""


def values_of(dimension: str) -> st.SearchStrategy[Value]:
    return st.just(UNKNOWN) | VALUES[dimension]


postures = st.builds(Posture, **{name: values_of(name) for name in DIMENSIONS})

mild_bounds: st.SearchStrategy[Posture] = (
    st.lists(st.sampled_from(DIMENSIONS), max_size=2, unique=True)
    .flatmap(lambda names: st.fixed_dictionaries({name: VALUES[name] for name in names}))
    .map(of)
)
"""Bounds on two dimensions at most: what routes often pass."""

_dates = st.none() | st.integers(0, 400).map(lambda days: TODAY - timedelta(days=days))


def facts_about(dimension: str) -> st.SearchStrategy[Fact]:
    return st.builds(Fact, values_of(dimension), read_on=_dates, verified_on=_dates)


sheets: st.SearchStrategy[Facts] = st.fixed_dictionaries({}, optional={name: facts_about(name) for name in DIMENSIONS})
"""Sheets of facts that speak of any dimensions, with and without dates."""

evidence_rules = st.just(EvidenceRule()) | st.builds(
    EvidenceRule, st.none() | st.integers(0, 400), st.sampled_from(Evidence)
)

_prices = st.integers(0, 5).map(Decimal)
_ids = st.none() | st.frozensets(st.sampled_from(["alpha", "beta", "gamma"]))
route_rules = st.builds(
    RouteRules,
    only_providers=_ids,
    only_models=st.none() | st.frozensets(st.sampled_from(["small", "large"])),
    ignored=st.frozensets(st.sampled_from(["alpha", "small", "beta/small", "gamma/large"])),
    max_price=st.builds(MaxPrice, st.none() | _prices, st.none() | _prices),
    quantizations=st.none() | st.frozensets(st.sampled_from(["fp8", "bf16", "unknown"])),
    requires_parameters=st.booleans(),
    allows_failover=st.booleans(),
)
preferences = st.builds(
    Preference,
    st.lists(st.sampled_from(["alpha", "beta/small"]), unique=True).map(tuple),
    st.lists(st.sampled_from(SortKey), unique=True).map(tuple),
)
policies = st.builds(
    Policy,
    st.sampled_from(["strict", "lax", "other"]),
    bound=mild_bounds | postures,
    evidence=evidence_rules,
    rules=st.just(RouteRules()) | route_rules,
    prefer=st.none() | preferences,
    identifiers=st.sampled_from(Identifiers),
    token_counts=st.none() | st.sampled_from(TokenCounts),
)
layers = st.builds(Layer, st.sampled_from(LayerKind), policies)

counts = st.sampled_from([0, 1, 2**53 + 1]) | st.integers(0, 10**7)
usages = st.builds(Usage, **dict.fromkeys(CLASSES, counts))

_rates = st.sampled_from([Decimal("1e-12"), Decimal(0)]) | st.decimals(0, 200, places=6)
rates = st.builds(Rates, **dict.fromkeys(Rates.__dataclass_fields__, st.none() | _rates))
tiers = st.builds(Tier, st.integers(1, 10**6), rates)
prices = st.builds(
    Price,
    st.just("USD"),
    rates,
    tiers=st.lists(tiers, max_size=3).map(tuple),
    per_request=_rates,
    per_tool_call=_rates,
    per_file_search=_rates,
    searches_by_request=st.booleans(),
    per_code_session=_rates,
    free=st.booleans(),
)
