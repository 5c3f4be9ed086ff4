from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.core.errors import InvalidRequest, NotAllowed, NotFound
from gateway.core.health import Health
from gateway.core.organisation import DataClass
from gateway.core.policy import LayerKind, Policy
from gateway.core.posture import Posture, Training
from gateway.reports.policies import PolicyCards, WhyQuestion, cards_seen, draft, layers_for, why
from gateway.reports.sight import Sight
from gateway.views.drafts import Judge
from tests.builders import (
    TODAY,
    a_key,
    a_policy,
    a_principal,
    a_receipt,
    a_snapshot,
    a_team,
    an_organisation,
    some_means,
)
from tests.reports.ledgers import ledger_of

SNAPSHOT = replace(
    a_snapshot(policies=(a_policy("strict", bound=Posture(retention_days=0)), a_policy("careful"))),
    organisation=an_organisation(classes={"personal": DataClass("personal", "careful")}),
    teams={"research": a_team(classes=frozenset({"personal"})), "other": a_team(id="other", policy="strict")},
)
KEY = a_key(policy="strict")
OWN, OPERATOR = Sight(a_principal(KEY, SNAPSHOT)), Sight()
JUDGE = Judge(SNAPSHOT, some_means("alpha"), TODAY)
LIMITS = Policy("draft", bound=Posture(training=Training.NO))


def layers(sight: Sight, **members: str) -> list[tuple[LayerKind, str]]:
    return [(layer.kind, layer.policy.name) for layer in layers_for(members, sight, SNAPSHOT, [KEY])]


def test_an_operator_picks_a_team_a_key_and_a_class() -> None:
    organisation, team, key = LayerKind.ORGANISATION, LayerKind.TEAM, LayerKind.KEY
    assert layers(OPERATOR) == [(organisation, "open")]
    assert layers(OPERATOR, team="other") == [(organisation, "open"), (team, "strict")]
    assert layers(OPERATOR, key_id="key_1") == [(organisation, "open"), (team, "open"), (key, "strict")]
    assert layers(OPERATOR, team="other", **{"class": "personal"})[-1] == (LayerKind.DATA_CLASS, "careful")


def test_a_key_sees_its_own_layers_alone() -> None:
    assert layers(OWN) == layers(OPERATOR, key_id="key_1")
    assert layers(OWN, **{"class": "personal"})[-1] == (LayerKind.DATA_CLASS, "careful")
    for other in ({"team": "other"}, {"key_id": "key_2"}, {"key_id": "key_1"}):
        with pytest.raises(NotAllowed):
            layers(OWN, **other)
    strange = replace(SNAPSHOT, teams={"research": a_team()})
    with pytest.raises(NotAllowed):
        layers_for({"class": "personal"}, Sight(a_principal(KEY, strange)), strange, [])


@pytest.mark.parametrize("members", [{"team": "x"}, {"key_id": "x"}, {"class": "x"}])
def test_an_unknown_name_is_refused(members: dict[str, str]) -> None:
    with pytest.raises(InvalidRequest):
        layers(OPERATOR, **members)


def test_a_decision_is_explained_for_a_model_with_the_draft_as_the_request() -> None:
    assert why(WhyQuestion({}), OPERATOR, JUDGE, [], Health()) is None
    view: Any = why(WhyQuestion({"model": "small"}, LIMITS), OPERATOR, JUDGE, [], Health())
    assert view["layers"][-1] == {"layer": "request", "policy": "draft"}
    with pytest.raises(NotFound):
        why(WhyQuestion({"model": "MARKER"}), OPERATOR, JUDGE, [], Health())


def test_a_key_learns_of_no_team_but_its_own() -> None:
    cards = PolicyCards().of(JUDGE)
    for sight, teams in ((OPERATOR, {"research", "other"}), (OWN, {"research"})):
        seen: Any = cards_seen(cards, sight)
        assert {team for card in seen for team in card["teams"]} == teams
        assert len(seen) == len(SNAPSHOT.policies)


def test_a_policy_is_shown_with_its_document_where_that_is_kept() -> None:
    kept = PolicyCards(lambda _: {"policies/strict.toml": b"name = 1", "config/teams.toml": b"x"})
    cards: Any = kept.of(JUDGE)
    assert {card["name"]: card["document"] for card in cards} == {"open": None, "strict": "name = 1", "careful": None}
    assert kept.of(JUDGE) is cards


def test_a_draft_is_measured_against_what_the_reader_may_see(tmp_path: Path) -> None:
    before = a_receipt("C", began_at="2026-01-01T00:00:00.000Z")
    ledger = ledger_of(tmp_path, a_receipt("A"), a_receipt("B", key="key_2"), before)
    for sight, requests in ((OPERATOR, 2), (OWN, 1)):
        view: Any = draft(ledger, LIMITS, JUDGE, sight)
        assert view["traffic"]["requests"] == requests
        assert (view["since"], view["until"]) == ("2026-10-26", "2026-11-24")
