from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.console.page import DocumentsInForce, Redirect, Visit
from gateway.console.queries import address, members_of, teams_seen, without_empty
from gateway.core.errors import InvalidRequest
from gateway.core.health import Health
from gateway.identity.operators import local_operator
from gateway.identity.sessions import Visitor
from tests.builders import NOW, a_principal, a_snapshot, a_team, some_means


def a_visit(**query: tuple[str, ...]) -> Visit:
    in_force = DocumentsInForce(a_snapshot(), some_means(), NOW, Health())
    return Visit(in_force, NOW, "http://gateway", path="/console/places", query=query)


def test_a_member_stands_once_and_the_format_is_no_member() -> None:
    assert members_of(a_visit(team=("a",), format=("json",))) == {"team": "a"}
    with pytest.raises(InvalidRequest):
        members_of(a_visit(team=("a", "b")))


def test_a_key_may_know_of_its_own_team_alone() -> None:
    visit, own = a_visit(), a_principal()
    assert teams_seen(visit) == []
    assert teams_seen(replace(visit, visitor=Visitor(own))) == ["research"]
    several = replace(visit.in_force, snapshot=a_snapshot(teams={"research": a_team(), "other": a_team(id="other")}))
    assert teams_seen(replace(visit, in_force=several, visitor=Visitor(own))) == ["research"]
    operator = Visitor(None, local_operator(1000))
    assert teams_seen(replace(visit, in_force=several, visitor=operator)) == ["other", "research"]


def test_an_address_is_passed_on_without_the_empty_fields_of_a_form() -> None:
    assert without_empty(a_visit(team=("a",))) is None
    assert without_empty(a_visit(team=("a b",), model=("",), policy=(" ",))) == Redirect("/console/places?team=a+b")
    assert without_empty(a_visit(team=("",))) == Redirect("/console/places")
    assert address("/x", {}) == "/x"
