from __future__ import annotations

from gateway.console.page import Audience, ConsolePage, DocumentsInForce, View, Visit
from gateway.console.shell import reader_words, shell_view
from gateway.core.health import Health
from gateway.identity.operators import local_operator
from gateway.identity.sessions import NOBODY, Visitor
from tests.builders import NOW, a_principal, a_snapshot, some_means


async def nothing(_: Visit) -> View:
    return {}


LIST = ConsolePage("/models", "models.html", nothing, Audience.CATALOGUE, label="Models")
ONE = ConsolePage("/models/{id}", "models.html", nothing, Audience.CATALOGUE)
OTHER = ConsolePage("/mode", "models.html", nothing, Audience.CATALOGUE, label="Mode")


def test_the_reader_is_named_by_role_team_and_key() -> None:
    person = a_principal()
    assert reader_words(NOBODY) == ""
    assert reader_words(Visitor(operator=local_operator(7))) == "administrator"
    named = reader_words(Visitor(person, local_operator(7)))
    assert named.startswith("administrator · key “")
    assert reader_words(Visitor(person)).startswith(f"{person.team.id} · key “")


def test_a_page_below_one_of_the_navigation_stands_there() -> None:
    in_force = DocumentsInForce(a_snapshot(), some_means(), NOW, Health())
    visit = Visit(in_force, NOW, "http://x", path="/console/models/a", query={"a": ("1", "2")})
    shell = shell_view(visit, ONE, [LIST, OTHER], "d1")
    assert [(each["label"], each["here"]) for each in shell["navigation"]] == [("Models", True), ("Mode", False)]  # type: ignore[index, union-attr, call-overload]
    assert shell["json"] == "/console/models/a?a=1&a=2&format=json"
    assert shell["assets"] == "/console/assets/d1"
    assert shell_view(visit, None, [LIST], "d1")["json"] is None
