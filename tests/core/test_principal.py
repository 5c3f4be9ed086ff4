from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from gateway.core.errors import NotAllowed
from gateway.core.limits import Concurrent, Rate
from gateway.core.organisation import Budget, DataClass
from gateway.core.policy import Layer, LayerKind, Policy
from gateway.core.posture import Posture, Training
from gateway.core.principal import Bill, Key, Principal, principal
from gateway.core.snapshot import Snapshot
from tests.builders import NOW, a_key, a_policy, a_principal, a_snapshot, a_team, an_organisation

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("expires_at", "revoked_at", "state"),
    [
        (None, None, "active"),
        (NOW + HOUR, None, "active"),
        (NOW, None, "expired"),
        (NOW - HOUR, None, "expired"),
        (None, NOW, "revoked"),
        (NOW - HOUR, NOW - HOUR, "revoked"),
        (None, NOW + HOUR, "revoked"),
        (NOW - HOUR, NOW + HOUR, "revoked"),
    ],
)
def test_the_state_of_a_key(expires_at: datetime | None, revoked_at: datetime | None, state: str) -> None:
    assert a_key(expires_at=expires_at, revoked_at=revoked_at).state(NOW) == state


# --- who calls --------------------------------------------------------------------------------------------------------

HOUSE, TEAMS, OWN = a_policy("house"), a_policy("teams"), a_policy("own")


def declared(**changed: object) -> Snapshot:
    """Organisation under `house`, its team `research` under `teams`."""
    parts: dict[str, object] = {
        "policies": (HOUSE, TEAMS, OWN),
        "organisation": an_organisation(policy="house"),
        "teams": {"research": a_team(policy="teams")},
    }
    policies = parts.pop("policies")
    assert isinstance(policies, tuple)
    return a_snapshot(policies=policies, **{**parts, **changed})


def test_a_caller_is_held_to_organisation_team_and_key() -> None:
    caller = a_principal(a_key(policy="own"), declared())
    assert caller.layers == (
        Layer(LayerKind.ORGANISATION, HOUSE),
        Layer(LayerKind.TEAM, TEAMS),
        Layer(LayerKind.KEY, OWN),
    )
    assert caller.accounts == ("organisation/acme", "team/research", "key/key_1")


def test_a_request_counts_against_the_limits_of_organisation_team_and_key() -> None:
    rate, few, one = Rate("requests", 60, "minute", 60), Concurrent(2), Concurrent(1)
    team = a_team(limits=(few, rate), key_limits=(one,))
    caller = a_principal(snapshot=a_snapshot(organisation=an_organisation(limits=(rate,)), teams={"research": team}))
    assert caller.limits == (
        ("organisation/acme", rate),
        ("team/research", few),
        ("team/research", rate),
        ("key/key_1", one),
    )
    assert a_principal().limits == ()


@pytest.mark.parametrize(
    ("key", "snapshot"),
    [
        (a_key(team="gone"), declared()),
        (a_key(policy="gone"), declared()),
        (a_key(), declared(teams={})),
        (a_key(), declared(teams={"research": a_team(policy="gone")})),
        (a_key(), declared(organisation=an_organisation(policy="gone"))),
    ],
)
def test_nobody_calls_under_something_undeclared(key: Key, snapshot: Snapshot) -> None:
    assert principal(key, snapshot) is None


def test_every_budget_above_a_key_counts() -> None:
    day, month, total = Budget(1, "day"), Budget(2, "month"), Budget(3, "total")
    snapshot = declared(
        organisation=an_organisation(policy="house", budgets=(total,)),
        teams={"research": a_team(policy="teams", budgets=(month, total))},
    )
    caller = a_principal(a_key(budgets=(day,)), snapshot)
    assert caller.budgets == (
        ("organisation/acme", total),
        ("team/research", month),
        ("team/research", total),
        ("key/key_1", day),
    )
    assert a_principal().budgets == ()


MODEL, CLASS, WHOLE = Budget(1, "day"), Budget(2, "week"), Budget(3, "total")


def billed(stated: str | None, model: str = "small", **organisation: Any) -> Bill:
    classes = {
        "personal": DataClass("personal", "strict", (CLASS,)),
        "public": DataClass("public", "strict", (WHOLE,)),
        "plain": DataClass("plain", "strict"),
    }
    declared = an_organisation(model_budgets={"small": (MODEL,)}, classes=classes, **organisation)
    return a_principal(snapshot=a_snapshot(organisation=declared)).bill(model, stated)


@pytest.mark.parametrize(
    ("model", "stated", "default_class", "budgets"),
    [
        ("small", None, "", [("model/small", MODEL)]),
        ("large", None, "", []),
        ("large", "personal", "", [("class/personal", CLASS)]),
        ("large", None, "personal", [("class/personal", CLASS)]),
        ("large", "plain", "personal", []),
        ("large", "presonal", "plain", [("class/personal", CLASS), ("class/public", WHOLE)]),
        ("large", "", "plain", [("class/personal", CLASS), ("class/public", WHOLE)]),
        ("large", " ", "", [("class/personal", CLASS), ("class/public", WHOLE)]),
        ("small", "public", "", [("model/small", MODEL), ("class/public", WHOLE)]),
    ],
)  # fmt: skip
def test_a_model_and_a_data_class_are_billed_where_they_have_budgets(
    model: str, stated: str | None, default_class: str, budgets: list[tuple[str, Budget]]
) -> None:
    bill = billed(stated, model, default_class=default_class)
    assert list(bill.budgets) == budgets
    assert bill.accounts == ("organisation/acme", "team/research", "key/key_1", *(account for account, _ in budgets))


@pytest.mark.parametrize(
    ("budgets", "hard"), [((), False), ((Budget(1, "day", soft=True),), False), ((Budget(1, "day"), MODEL), True)]
)
def test_only_hard_budgets_may_refuse(budgets: tuple[Budget, ...], hard: bool) -> None:
    assert a_principal(a_key(budgets=budgets)).bill("small", None).hard is hard


def test_an_account_with_several_budgets_is_charged_once() -> None:
    organisation = an_organisation(model_budgets={"small": (MODEL, WHOLE)}, timezone="Europe/Stockholm")
    bill = a_principal(snapshot=a_snapshot(organisation=organisation)).bill("small", None)
    assert bill.accounts == ("organisation/acme", "team/research", "key/key_1", "model/small")
    assert (len(bill.budgets), bill.zone) == (2, "Europe/Stockholm")


# --- data classes -----------------------------------------------------------------------------------------------------

NO_TRAINING = a_policy("no-training", bound=Posture(training=Training.NO))
NO_RETENTION = a_policy("no-retention", bound=Posture(retention_days=0))
CLASSES = {"public": DataClass("public", "no-training"), "personal": DataClass("personal", "no-retention")}


def classified(
    key: Key, team_classes: frozenset[str] = frozenset(), default_class: str = ""
) -> tuple[Principal, Snapshot]:
    snapshot = a_snapshot(
        policies=(NO_TRAINING, NO_RETENTION),
        organisation=an_organisation(classes=CLASSES, default_class=default_class),
        teams={"research": a_team(classes=team_classes)},
    )
    return a_principal(key, snapshot), snapshot


BOTH = frozenset({"public", "personal"})


@pytest.mark.parametrize(
    ("key_classes", "team_classes", "stated", "policy"),
    [
        (BOTH, frozenset(), "public", NO_TRAINING),
        (BOTH, frozenset(), "personal", NO_RETENTION),
        (frozenset(), BOTH, "personal", NO_RETENTION),
        (frozenset({"public"}), BOTH, "public", NO_TRAINING),
    ],
)
def test_a_label_brings_the_policy_of_its_class(
    key_classes: frozenset[str], team_classes: frozenset[str], stated: str, policy: Policy
) -> None:
    caller, snapshot = classified(a_key(classes=key_classes), team_classes)
    assert caller.class_layer(stated, snapshot) == Layer(LayerKind.DATA_CLASS, policy)


@pytest.mark.parametrize(
    ("key_classes", "team_classes"),
    [
        (frozenset(), frozenset()),
        (frozenset({"personal"}), frozenset()),
        (frozenset({"personal"}), BOTH),  # the key's own list counts, not the team's
        (frozenset(), frozenset({"personal"})),
    ],
)
def test_a_class_that_the_key_may_not_state_is_refused(
    key_classes: frozenset[str], team_classes: frozenset[str]
) -> None:
    caller, snapshot = classified(a_key(classes=key_classes), team_classes)
    with pytest.raises(NotAllowed) as refused:
        caller.class_layer("public", snapshot)
    assert refused.value.details == {"data_class": "public", "may_state": sorted(key_classes or team_classes)}


def test_an_unlabelled_request_takes_the_default_class_whatever_the_key_may_state() -> None:
    caller, snapshot = classified(a_key(classes=frozenset({"public"})), default_class="personal")
    assert caller.class_layer(None, snapshot) == Layer(LayerKind.DATA_CLASS, NO_RETENTION)


def test_without_a_label_or_a_default_there_is_no_class() -> None:
    caller, snapshot = classified(a_key(classes=BOTH))
    assert caller.class_layer(None, snapshot) is None


@pytest.mark.parametrize(("stated", "default_class"), [("persnal", ""), ("", "personal"), (None, "gone")])
def test_an_unknown_label_is_held_to_every_class_at_once(stated: str | None, default_class: str) -> None:
    caller, snapshot = classified(a_key(), default_class=default_class)
    layer = caller.class_layer(stated, snapshot)
    assert layer is not None
    assert layer.kind is LayerKind.DATA_CLASS
    assert layer.policy.bound == NO_TRAINING.bound.meet(NO_RETENTION.bound)


def test_teams_share_pseudonyms_only_where_the_organisation_says_so() -> None:
    assert a_principal().pseudonym_scope == ("acme", "research")
    sharing = a_snapshot(organisation=an_organisation(shared_pseudonyms=True))
    assert a_principal(snapshot=sharing).pseudonym_scope == ("acme", "")


def test_where_there_are_no_classes_a_label_adds_nothing() -> None:
    caller, snapshot = a_principal(), a_snapshot()
    assert caller.class_layer("personal", snapshot) is None
