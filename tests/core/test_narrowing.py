from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from gateway.core.narrowing import narrowing_from, narrowing_record
from gateway.core.policy import MaxPrice, Policy, Preference, RouteRules, SortKey
from gateway.core.posture import UNBOUNDED, Logging, Party, Posture, Training, Transfer
from gateway.core.receipt import canonical
from tests.builders import a_policy, a_route, a_snapshot

STRICT = a_policy("strict", bound=Posture(retention_days=0))
SNAPSHOT = a_snapshot(a_route("alpha"), a_route("beta"), policies=(STRICT,))


def own(**changed: Any) -> Policy:
    return replace(Policy("request"), **changed)


def test_a_declared_policy_is_kept_by_its_name() -> None:
    record = narrowing_record(SNAPSHOT.policies["strict"], SNAPSHOT)
    assert record == {"policy": "strict"}
    assert narrowing_from(record, SNAPSHOT) is SNAPSHOT.policies["strict"]


@pytest.mark.parametrize(
    ("policy", "record"),
    [
        (own(), {}),
        (
            own(bound=Posture(processed_in=frozenset({"SE", "DE"}), training=Training.NO, logging=Logging.METADATA)),
            {"bound": {"processed_in": ["DE", "SE"], "training": "no", "logging": "metadata"}},
        ),
        (
            own(bound=Posture(transfer=Transfer.SCC, third_party_access=frozenset({Party.HUMAN_REVIEW}))),
            {"bound": {"transfer": "scc", "third_party_access": ["human_review"]}},
        ),
        (own(bound=Posture(retention_days=0)), {"bound": {"retention_days": 0, "stored_in": []}}),
        (
            own(rules=RouteRules(only_providers=frozenset({"beta"}), ignored=frozenset({"alpha/small", "small"}))),
            {"only_providers": ["beta"], "ignored": ["alpha/small", "small"]},
        ),
        (
            own(rules=RouteRules(quantizations=frozenset({"unknown"}), requires_parameters=True)),
            {"quantizations": ["unknown"], "requires_parameters": True},
        ),
        (own(rules=RouteRules(allows_failover=False)), {"allows_failover": False}),
        (
            own(rules=RouteRules(max_price=MaxPrice(Decimal("0.5"), Decimal("2E+1")))),
            {"max_price": {"input": "0.5", "output": "2E+1"}},
        ),
        (
            own(prefer=Preference(("beta", "alpha/small"), (SortKey.LATENCY,))),
            {"prefer": {"order": ["beta", "alpha/small"], "by": ["latency"]}},
        ),
    ],
)
def test_what_a_request_wrote_itself_is_kept_in_declared_words(policy: Policy, record: dict[str, Any]) -> None:
    assert narrowing_record(policy, SNAPSHOT) == record
    assert narrowing_from(record, SNAPSHOT) == policy
    canonical(record)


def test_a_clients_words_are_left_out() -> None:
    said = frozenset({"my secret", "alpha"})
    rules = RouteRules(only_providers=said, ignored=said, quantizations=said)
    record = narrowing_record(own(rules=rules, prefer=Preference(("my secret", "beta"))), SNAPSHOT)
    assert record == {
        "only_providers": ["alpha"],
        "ignored": ["alpha"],
        "quantizations": [],
        "prefer": {"order": ["beta"], "by": ["price"]},
    }


def test_a_rule_that_names_nothing_declared_still_admits_nothing() -> None:
    record = narrowing_record(own(rules=RouteRules(only_providers=frozenset({"nobody"}))), SNAPSHOT)
    assert narrowing_from(record, SNAPSHOT).rules.only_providers == frozenset()


@pytest.mark.parametrize(
    ("price", "kept"),
    [("0.50", "0.5"), ("1e400000", "1E+400000"), ("1e-400000", "1E-400000"), ("1" * 90, f"1.{'1' * 39}E+89")],
)
def test_a_price_has_one_spelling_of_bounded_length(price: str, kept: str) -> None:
    record = narrowing_record(own(rules=RouteRules(max_price=MaxPrice(output=Decimal(price)))), SNAPSHOT)
    assert record == {"max_price": {"output": kept}}


def test_a_policy_that_only_has_a_declared_name_is_not_the_declared_one() -> None:
    assert narrowing_record(replace(STRICT, bound=UNBOUNDED), SNAPSHOT) == {}


def test_a_policy_that_these_documents_do_not_declare_is_an_error() -> None:
    with pytest.raises(KeyError, match="gone"):
        narrowing_from({"policy": "gone"}, SNAPSHOT)
