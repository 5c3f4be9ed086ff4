"""What a request may ask of its own routes."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from gateway.core.errors import InvalidRequest
from gateway.core.policy import MaxPrice, Policy, Preference, SortKey
from gateway.core.posture import Logging, Posture, Training, Transfer
from gateway.dialects.narrowing import from_header, from_object
from tests.builders import a_policy, a_snapshot

SNAPSHOT = a_snapshot(policies=(a_policy("strict"),))


def asked(**wanted: Any) -> Policy:
    return from_object(wanted, SNAPSHOT)[-1]


def test_routes_are_named_as_openrouter_names_them() -> None:
    rules = asked(only=["alpha"], ignore=["alpha", "small"], quantizations=["fp8"], require_parameters=True).rules
    assert rules.only_providers == frozenset({"alpha"})
    assert rules.ignored == {"alpha", "small"}
    assert rules.quantizations == frozenset({"fp8"})
    assert rules.requires_parameters
    assert rules.allows_failover


def test_fallbacks_can_be_forbidden() -> None:
    assert not asked(allow_fallbacks=False).rules.allows_failover


def test_order_and_sort_state_a_preference() -> None:
    assert asked(order=["beta", "alpha"]).prefer == Preference(("beta", "alpha"))
    assert asked(sort="latency").prefer == Preference((), (SortKey.LATENCY,))
    assert asked(order=["beta"], sort="throughput").prefer == Preference(("beta",), (SortKey.THROUGHPUT,))
    assert asked(zdr=True).prefer is None


def test_prices_are_exact() -> None:
    assert asked(max_price={"prompt": 0.1, "completion": "2"}).rules.max_price == MaxPrice(Decimal("0.1"), Decimal(2))


def test_privacy_words_become_bounds() -> None:
    assert asked(zdr=True).bound == Posture(retention_days=0)
    assert asked(zdr=False).bound == Posture()
    assert asked(data_collection="allow").bound == Posture()
    assert asked(data_collection="deny").bound == Posture(training=Training.NO, logging=Logging.ABUSE_MONITORING)
    assert asked(processed_in=["EU", "CH"]).bound == Posture(processed_in=frozenset({"DE", "FR", "SE", "CH"}))
    assert asked(jurisdiction="SE", transfer="scc").bound == Posture(
        jurisdiction=frozenset({"SE"}), transfer=Transfer.SCC
    )


def test_a_declared_policy_can_be_named() -> None:
    assert from_object({"policy": "strict"}, SNAPSHOT)[0] == SNAPSHOT.policies["strict"]
    assert from_header("strict", SNAPSHOT) == (SNAPSHOT.policies["strict"],)
    assert from_header("  ", SNAPSHOT) == ()


def test_the_header_takes_the_same_object() -> None:
    assert from_header(json.dumps({"zdr": True}), SNAPSHOT) == from_object({"zdr": True}, SNAPSHOT)


faults: dict[str, object] = {
    "no object": ["zdr"],
    "unknown member": {"zrd": True},
    "undeclared policy": {"policy": "MARKER"},
    "policy of another type": {"policy": 7},
    "sort": {"sort": "MARKER"},
    "flag": {"zdr": "MARKER"},
    "collection": {"data_collection": "MARKER"},
    "names": {"only": [1]},
    "too many names": {"only": ["x"] * 65},
    "country": {"processed_in": ["MARKER"]},
    "transfer": {"transfer": "MARKER"},
    "price shape": {"max_price": {"MARKER": 1}},
    "price amount": {"max_price": {"prompt": "MARKER"}},
    "price with an exponent": {"max_price": {"prompt": "1e-999990"}},
    "price in other digits": {"max_price": {"prompt": "\u0661"}},
    "price with an underscore": {"max_price": {"prompt": "1_0"}},
    "price that is too high": {"max_price": {"prompt": 10**7}},
    "price with too many decimals": {"max_price": {"completion": 1e-300}},
    "name of nothing": {"ignore": ["alpha", "MARKER"]},
    "names that are too long together": {"only": ["x" * 256] * 17},
    "price below zero": {"max_price": {"prompt": -1}},
    "price that is true": {"max_price": {"prompt": True}},
}


@pytest.mark.parametrize("wanted", faults.values(), ids=faults.keys())
def test_faults_name_the_member_and_never_its_value(wanted: object) -> None:
    with pytest.raises(InvalidRequest) as refused:
        from_object(wanted, SNAPSHOT)
    assert "MARKER" not in refused.value.message + str(refused.value.details)
    assert refused.value.details["field"]


@pytest.mark.parametrize(
    "header",
    ["{", "[1]", '{"zdr":1}', "nothing-declared", '{"zdr":true,"zdr":false}', '{"zdr":true,"\\u007adr":false}'],
)
def test_a_broken_header_is_refused(header: str) -> None:
    with pytest.raises(InvalidRequest):
        from_header(header, SNAPSHOT)
