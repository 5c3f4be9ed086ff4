from __future__ import annotations

import asyncio

import pytest

from gateway.console.page import Audience, ConsolePage, Turns, View, Visit
from gateway.identity.operators import ADMIN, Act, Operator, OperatorRole
from gateway.identity.sessions import NOBODY, Visitor
from tests.builders import a_principal

OPERATOR, READER = (
    Visitor(operator=Operator(ADMIN, "a")),
    Visitor(operator=Operator(OperatorRole("auditor", frozenset({Act.READ})), "b")),
)
PERSON = Visitor(principal=a_principal())


async def nothing(_: Visit) -> View:
    return {}


@pytest.mark.parametrize(
    ("audience", "readers"),
    [
        (Audience.ANYBODY, [NOBODY, PERSON, READER, OPERATOR]),
        (Audience.CATALOGUE, [PERSON, READER, OPERATOR]),
        (Audience.SIGNED_IN, [PERSON, READER, OPERATOR]),
        (Audience.OPERATORS, [OPERATOR]),
    ],
)
def test_a_page_opens_to_its_audience(audience: Audience, readers: list[Visitor]) -> None:
    page = ConsolePage("/x", "error.html", nothing, audience, needs=Act.WRITE)
    everybody = (NOBODY, PERSON, READER, OPERATOR)
    assert [page.open_to(each, public=False) for each in everybody] == [each in readers for each in everybody]
    assert page.open_to(NOBODY, public=True) is (audience in (Audience.ANYBODY, Audience.CATALOGUE))


async def test_a_turn_lets_others_run_after_half_a_millisecond() -> None:
    turns = Turns()
    ran: list[int] = []
    asyncio.get_running_loop().call_soon(ran.append, 1)
    await turns.take()
    assert ran == []
    turns = Turns()
    turns._since -= 1.0
    await turns.take()
    assert ran == [1]
