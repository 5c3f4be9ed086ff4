from __future__ import annotations

import pytest

from gateway.console.page import DocumentsInForce, Redirect, Visit
from gateway.console.queries import address, members_of, without_empty
from gateway.core.errors import InvalidRequest
from gateway.core.health import Health
from tests.builders import NOW, a_snapshot, some_means


def a_visit(**query: tuple[str, ...]) -> Visit:
    in_force = DocumentsInForce(a_snapshot(), some_means(), NOW, Health())
    return Visit(in_force, NOW, "http://gateway", path="/console/places", query=query)


def test_a_member_stands_once_and_the_format_is_no_member() -> None:
    assert members_of(a_visit(team=("a",), format=("json",))) == {"team": "a"}
    with pytest.raises(InvalidRequest):
        members_of(a_visit(team=("a", "b")))


def test_an_address_is_passed_on_without_the_empty_fields_of_a_form() -> None:
    assert without_empty(a_visit(team=("a",))) is None
    assert without_empty(a_visit(team=("a b",), model=("",), policy=(" ",))) == Redirect("/console/places?team=a+b")
    assert without_empty(a_visit(team=("",))) == Redirect("/console/places")
    assert address("/x", {}) == "/x"
