"""Drafts of a policy, judged as a request would be."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from gateway.core.policy import EvidenceRule, Policy
from gateway.core.posture import Posture, Training
from gateway.core.usage import Usage
from gateway.declarations.load import load
from gateway.stores.books.books import UsageRow
from gateway.views.drafts import Judge, ModelUse, clauses, draft_view, uses_in, without
from gateway.views.limits import limits_in
from tests.builders import TODAY, a_model, a_posture, a_price, a_provider, a_route, a_snapshot, facts_of, some_means

SHIPPED = date(2026, 12, 1)
YES, DAYS = Training.YES, 30
LARGE = a_model("large")
GOOD = a_route("alpha", price=a_price(input="2", output="4"))
TRAINS = a_route(a_provider("beta", facts=facts_of(a_posture(training=YES))))
KEEPS = a_route(a_provider("gamma", facts=facts_of(a_posture(retention_days=DAYS, stored_in=frozenset({"SE"})))))
KEPT_IN_SWEDEN = {"retention_days": DAYS, "stored_in": frozenset({"SE"})}
BOTH = a_route(a_provider("delta", facts=facts_of(a_posture(training=YES, **KEPT_IN_SWEDEN))), LARGE)
JUDGE = Judge(a_snapshot(GOOD, TRAINS, KEEPS, BOTH), some_means("alpha", "beta", "delta"), TODAY)
DRAFT = Policy("draft", bound=Posture(training=Training.NO, retention_days=0))
SMALL = ModelUse("small", 10, Usage(input=1_000_000, output=500_000), 3_000_000_000)
IN_USE = ModelUse("large", 1, Usage(input=10), 5)


def view(policy: Policy = DRAFT, *uses: ModelUse) -> dict[str, Any]:
    return dict(draft_view(policy, JUDGE, uses))


def test_what_remains_is_counted_by_the_decision_itself() -> None:
    shown = view()
    assert (shown["routes"], shown["of_routes"], shown["models"], shown["of_models"]) == (1, 4, 1, 2)
    assert shown["connected"] == 1


def test_each_clause_costs_the_routes_that_it_alone_keeps_out() -> None:
    costs = {clause["clause"]: clause for clause in view()["clauses"]}
    assert (costs["training"]["routes"], costs["training"]["models"]) == (1, 0)
    assert costs["training"]["loses"] == [{"operator": "Beta AB", "routes": 1}]
    assert costs["retention_days"]["loses"] == [{"operator": "Gamma AB", "routes": 1}]


def test_the_one_clause_of_a_draft_costs_everything_it_refuses() -> None:
    (clause,) = view(Policy("draft", bound=Posture(training=Training.NO)))["clauses"]
    assert (clause["routes"], clause["models"]) == (2, 1)


def test_nothing_kept_and_a_place_of_storage_are_two_clauses() -> None:
    """A route that keeps content in Sweden breaches both, of which a reason names one."""
    both = Policy("draft", bound=Posture(retention_days=30, stored_in=frozenset({"DE"})))
    costs = {clause["clause"]: clause["routes"] for clause in view(both)["clauses"]}
    assert costs == {"stored_in": 2, "retention_days": 0}


def test_evidence_is_a_clause() -> None:
    old = a_route(a_provider("old", facts=facts_of(a_posture(), read_on=date(2025, 1, 1), verified_on=None)))
    judge = Judge(a_snapshot(old), some_means("old"), TODAY)
    draft = Policy("draft", bound=Posture(training=Training.NO), evidence=EvidenceRule(90))
    shown: dict[str, Any] = draft_view(draft, judge, ())
    assert {clause["clause"]: clause["routes"] for clause in shown["clauses"]} == {"training": 1, "evidence": 1}
    assert "max_evidence_age_days = 90" in shown["toml"]


def test_models_in_use_that_would_lose_their_last_connected_route_are_named() -> None:
    assert view(DRAFT, SMALL, IN_USE)["lost"] == ["large"]
    assert view(DRAFT, SMALL)["lost"] == []


def test_the_traffic_is_priced_at_the_cheapest_connected_route_that_remains() -> None:
    traffic = view(DRAFT, SMALL, IN_USE)["traffic"]
    assert traffic == {
        "currency": "USD",
        "requests": 11,
        "cost": "3",
        "cost_then": "4",
        "unserved": ["large"],
    }
    open_draft = Policy("draft", bound=Posture(retention_days=365))
    assert view(open_draft, SMALL)["traffic"]["cost_then"] == "2"


def test_models_whose_prompts_never_left_are_not_in_use() -> None:
    rows = [UsageRow(("small",), 2, {"input": 5}, 7, 2), UsageRow(("large",), 3, {}, 0, 0)]
    assert uses_in(rows) == [ModelUse("small", 2, Usage(input=5), 7)]


def test_a_clause_less_is_a_policy_more() -> None:
    assert without(DRAFT, "retention_days").bound == Posture(training=Training.NO)
    assert [clause["clause"] for clause in clauses(DRAFT, {})] == ["retention_days", "training"]


@pytest.mark.parametrize(
    "bound",
    [
        {"processed_in": ["EU"], "retention_days": 0, "training": "no", "dpa": "available"},
        {"jurisdiction": ["EU"], "third_party_access": []},
        {"transfer": "scc", "logging": "abuse_monitoring"},
    ],
)
def test_a_draft_is_a_document_that_the_check_accepts(tmp_path: Path, bound: dict[str, Any]) -> None:
    day = SHIPPED
    loaded = load(Path("config"), Path("policies"), today=day)
    assert loaded.snapshot is not None
    texts = {
        name: ",".join(value) or "none" if isinstance(value, list) else str(value) for name, value in bound.items()
    }
    query = {name: [text] for name, text in texts.items()}
    policy = limits_in(query, loaded.snapshot.regions, "draft")
    assert policy is not None
    shown: dict[str, Any] = draft_view(policy, Judge(loaded.snapshot, some_means(), day), ())
    shutil.copytree("policies", tmp_path / "policies")
    (tmp_path / "policies/draft.toml").write_text(shown["toml"])
    again = load(Path("config"), tmp_path / "policies", today=day)
    assert again.faults == ()
    assert again.snapshot is not None
    assert again.snapshot.policies["draft"].bound == policy.bound
