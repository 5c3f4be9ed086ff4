"""Masks of the catalogue say what the decision says, route by route, on the shipped documents."""

from __future__ import annotations

from decimal import Decimal

import pytest

from gateway.core.evaluation import POLICY_KINDS
from gateway.core.health import FaultScope, Health, Outage
from gateway.core.policy import EvidenceRule
from gateway.core.posture import Training
from gateway.views.limits import limits_in
from tests.views.shipped import DAY, MEANS, indexed, shipped, under


@pytest.mark.parametrize("policy", ["eu-sovereign", "eu-zero-retention", "eu", "no-training", "unrestricted"])
def test_the_routes_of_a_policy_are_those_that_the_decision_admits(policy: str) -> None:
    index, viewer = indexed(), under(policy)
    admitted = {
        route.id
        for route in index.routes
        if not any(reason.kind in POLICY_KINDS for reason in viewer.reasons(route, index.snapshot))
    }
    assert {route.id for _, route in index.routes_in(index.policies[policy])} == admitted
    assert admitted


@pytest.mark.parametrize(
    "query",
    [
        {"processed_in": ("EU",)},
        {"processed_in": ("EU",), "retention_days": ("0",), "training": ("no",)},
        {"jurisdiction": ("EU",), "transfer": ("adequacy",)},
        {"processed_in": ("EU",), "evidence": ("365",)},
        {"third_party_access": ("undisclosed",), "evidence": ("verified",)},
    ],
)
def test_limits_together_are_the_policy_of_these_limits(query: dict[str, tuple[str, ...]]) -> None:
    """A filter is a bound: the intersection of its masks is the set that a policy of the same limits admits."""
    index, snapshot = indexed(), shipped(with_sandbox=True)
    policy = limits_in(query, snapshot.regions, "draft")
    assert policy is not None
    for _ in index.posture_steps(policy.evidence):
        pass
    mask = index.everything
    for name, value in policy.bound:
        mask &= index.limit(policy.evidence, name, value)
    from gateway.views.drafts import Judge

    admitted = {route.id for route in Judge(snapshot, MEANS, DAY).admitted(policy)}
    assert {route.id for _, route in index.routes_in(mask)} == admitted


def test_a_reader_has_admitted_and_usable_routes_and_outages_take_usable_ones_away() -> None:
    index, viewer = indexed(), under("eu-zero-retention")
    for _ in index.viewer_steps(viewer.demanded, viewer.means):
        pass
    masks = index.viewer(viewer.demanded, viewer.means, Health())
    usable = {route.id for _, route in index.routes_in(masks.usable)}
    assert {name.partition("/")[0] for name in usable} <= MEANS.credentials
    assert "sandbox-se/magistral-small" in usable
    assert masks.usable & ~masks.admitted == 0
    out = Health(locked_out={"sandbox-se": Outage(FaultScope.CREDENTIAL, 1.0, 401)})
    rest = index.viewer(viewer.demanded, viewer.means, out)
    assert not any(route.provider.id == "sandbox-se" for _, route in index.routes_in(rest.usable))
    assert rest.admitted == masks.admitted


def test_abilities_prices_and_names_have_masks() -> None:
    index = indexed()
    assert all(route.abilities.tools for _, route in index.routes_in(index.able("tools")))
    assert all("image" in (route.abilities.inputs or ()) for _, route in index.routes_in(index.able("vision")))
    assert all((r.abilities.context or 0) >= 200_000 for _, r in index.routes_in(index.context(200_000)))
    cheap = index.priced_at_most(0, Decimal("0.1"))
    assert cheap.bit_count() > 10
    assert all((usd := index.usd[bit]) is not None and usd[0] <= Decimal("0.1") for bit, _ in index.routes_in(cheap))
    assert {route.model.id for _, route in index.routes_in(index.named("MAGISTRAL small"))} == {"magistral-small"}
    assert index.named("no such model") == 0
    assert index.cheapest_model(0) is None
    assert index.cheapest_model(index.models["magistral-small"]) == "magistral-small"


def test_masks_of_names_cover_every_route_once() -> None:
    index = indexed()
    for masks in (index.models, index.providers, index.labs):
        assert sum(mask.bit_count() for mask in masks.values()) == len(index.routes)
    assert (
        index.countries["SE"] & index.limit(EvidenceRule(), "processed_in", frozenset({"SE"})) == index.countries["SE"]
    )
    assert index.limit(EvidenceRule(), "training", Training.NO).bit_count() > 100
