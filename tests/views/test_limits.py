from __future__ import annotations

from urllib.parse import parse_qs

import pytest

from gateway.core.errors import InvalidRequest
from gateway.core.policy import Evidence, EvidenceRule, Policy
from gateway.core.posture import DIMENSIONS, Party, Posture, Training
from gateway.views.limits import MEMBERS, choices, limits_in, limits_query

REGIONS = {"EU": frozenset({"DE", "SE"}), "EU+EFTA": frozenset({"DE", "SE", "CH"}), "NONE": frozenset[str]()}


def limits(**query: str | list[str]) -> Policy:
    policy = limits_in({k: [v] if isinstance(v, str) else v for k, v in query.items()}, REGIONS, "draft")
    assert policy is not None
    return policy


def test_a_query_is_a_bound() -> None:
    policy = limits(processed_in="EU", retention_days="0", training="no", third_party_access="none", evidence="365")
    assert policy == Policy(
        "draft",
        bound=Posture(
            processed_in=REGIONS["EU"], retention_days=0, training=Training.NO, third_party_access=frozenset()
        ),
        evidence=EvidenceRule(365),
    )
    parties = frozenset({Party.SUBPROCESSORS, Party.HUMAN_REVIEW})
    assert limits(third_party_access="subprocessors,human_review").bound.third_party_access == parties
    assert limits(evidence=["verified", "90", "365"]).evidence == EvidenceRule(90, Evidence.VERIFIED)


def test_several_values_of_one_dimension_all_hold() -> None:
    assert limits(processed_in=["EU+EFTA", "DE,CH"]).bound.processed_in == frozenset({"DE", "CH"})
    assert limits(processed_in="EU EFTA").bound.processed_in == REGIONS["EU+EFTA"], "a plus is a space in an address"


def test_a_query_without_limits_is_no_policy() -> None:
    assert limits_in({"team": ["x"], "training": [""]}, REGIONS, "draft") is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("processed_in", "MOON"),
        ("processed_in", "NONE"),
        ("retention_days", "-1"),
        ("retention_days", "²"),
        ("training", "perhaps"),
        ("third_party_access", "everybody"),
        ("evidence", "0"),
        ("evidence", "old"),
    ],
)
def test_a_value_that_is_not_understood_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        limits(**{name: value})
    assert refused.value.details["field"] == name


@pytest.mark.parametrize(
    "query",
    [
        {"processed_in": "EU", "retention_days": "0", "training": "opt_out", "evidence": "verified"},
        {"jurisdiction": "SE", "third_party_access": "none", "transfer": "scc", "dpa": "available"},
        {"third_party_access": "human_review,subprocessors", "evidence": "365", "provider_cache": "in_memory"},
        {"stored_in": "EU", "retention_days": "30", "logging": "metadata", "location_guarantee": "documented"},
    ],
)
def test_a_policy_and_its_query_are_one(query: dict[str, str]) -> None:
    policy = limits(**query)
    assert limits_in(parse_qs(limits_query(policy, REGIONS)), REGIONS, "draft") == policy


def test_every_choice_is_a_limit() -> None:
    controls = choices(REGIONS)
    assert tuple(control["name"] for control in controls) == MEMBERS  # type: ignore[index, call-overload]
    for control in controls:
        for option in control["options"]:  # type: ignore[index, call-overload, union-attr]
            assert limits_in({control["name"]: [option["value"]]}, REGIONS, "draft") is not None  # type: ignore[index, call-overload, dict-item, list-item]
    assert set(DIMENSIONS) < set(MEMBERS)
