"""From a body to a demand: the policy that holds for it, and the reasons to refuse it."""

from __future__ import annotations

import pytest

from gateway.core.errors import InvalidRequest, ModelNotFound, NotAllowed
from gateway.core.organisation import DataClass
from gateway.core.policy import RouteRules
from gateway.core.snapshot import Snapshot
from gateway.dialects.registry import REGISTRY
from tests.builders import a_policy, a_route, a_snapshot, a_team, an_organisation, some_means
from tests.exchange.test_stages import accepted, identified

PERSONAL = an_organisation(classes={"personal": DataClass("personal", "strict")})


def with_a_class(*allowed: str) -> Snapshot:
    return a_snapshot(
        a_route("alpha"),
        policies=(a_policy("strict", rules=RouteRules(only_providers=frozenset())),),
        teams={"research": a_team(classes=frozenset(allowed), end_users=True)},
        organisation=PERSONAL,
    )


@pytest.mark.parametrize("end_users", [True, False])
def test_an_end_user_is_recorded_under_a_pseudonym_where_the_team_says_so(end_users: bool) -> None:
    snapshot = a_snapshot(a_route("alpha"), teams={"research": a_team(end_users=end_users)})
    assert accepted(identified(snapshot)).end_user == ("acme-research-u1" if end_users else "")


def test_a_data_class_adds_its_policy_and_is_recorded_as_it_is_declared() -> None:
    stage = accepted(identified(with_a_class("personal"), data_class="personal"))
    assert stage.demand.data_class == "personal"
    assert stage.policy.rules.only_providers == frozenset()
    assert accepted(identified(with_a_class("personal"))).policy.rules.only_providers is None


def test_an_unknown_data_class_is_held_to_every_class_and_not_recorded() -> None:
    stage = accepted(identified(with_a_class("personal"), data_class="MARKER"))
    assert stage.demand.data_class is None
    assert stage.policy.rules.only_providers == frozenset()


def test_a_data_class_of_others_is_refused() -> None:
    with pytest.raises(NotAllowed):
        accepted(identified(with_a_class(), data_class="personal"))


def test_the_near_names_of_an_unknown_model_are_those_that_the_caller_may_use() -> None:
    with pytest.raises(ModelNotFound) as missing:
        accepted(identified(means=some_means("alpha", spoken=REGISTRY.names)), model="smal")
    assert missing.value.near == ["small"]
    with pytest.raises(ModelNotFound) as missing:
        accepted(identified(means=some_means("gamma", spoken=REGISTRY.names)), model="smal")
    assert missing.value.near == []


def test_a_body_that_is_not_a_request_is_refused() -> None:
    with pytest.raises(InvalidRequest):
        accepted(messages="MARKER said")
