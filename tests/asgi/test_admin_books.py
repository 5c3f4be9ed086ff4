"""The books over the admin socket."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path

import httpx
import pytest
from starlette.types import ASGIApp

from gateway.asgi.admin import admin_application
from gateway.asgi.admin_books import BookRoom
from gateway.asgi.admin_process import ProcessRoom, ReloadResult
from gateway.exchange.services import InForce
from gateway.identity.operators import Operator, local_operator
from gateway.stores.audit.locations import Places, audited, view
from gateway.telemetry.events import MemberForgotten
from tests.builders import a_snapshot, some_means
from tests.stores.books_in import an_intent, books_in, run, served, shared_books_in
from tests.stores.servers import Server, a_server


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with a_server() as running:
        yield running


@pytest.fixture
def places(server: Server, tmp_path: Path) -> Places:
    """Of a gateway that ended."""
    server.ask("FLUSHALL")
    with shared_books_in(tmp_path / "state", server.url) as books:
        run(partial(books.hold, an_intent()))
        run(partial(books.settle, served(an_intent())))
    return Places(str(tmp_path / "state"), server.url, "acme")


HEARD: list[MemberForgotten] = []


@pytest.fixture(autouse=True)
def nothing_heard() -> None:
    HEARD.clear()


def office(places: Places) -> ASGIApp:
    """The admin application with these books."""
    in_force = InForce(a_snapshot(), some_means("alpha"), {})
    rooms = (BookRoom(lambda: places, HEARD.append), ProcessRoom(lambda: in_force, _reload, str))
    return admin_application(rooms, lambda _: local_operator(4711))


async def _reload(_: Operator) -> ReloadResult:
    return ReloadResult()


def asked(places: Places, what: Callable[[httpx.AsyncClient], Awaitable[httpx.Response]]) -> httpx.Response:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(office(places))
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway", timeout=60) as client:
            return await what(client)

    return asyncio.run(ask())


def test_the_invariants_are_what_the_command_tells(places: Places) -> None:
    answer = asked(places, lambda client: client.get("/books"))
    assert (answer.status_code, answer.json()) == (200, view(audited(places)))
    assert answer.json()["in_order"]


def test_several_who_ask_at_once_are_all_answered(tmp_path: Path) -> None:
    with books_in(tmp_path / "state") as books:
        run(partial(books.settle, served(an_intent(), 0)))

    async def three(client: httpx.AsyncClient) -> httpx.Response:
        answers = await asyncio.gather(*(client.get("/books") for _ in range(3)))
        assert [answer.json() for answer in answers] == [answers[0].json()] * 3
        return answers[0]

    assert asked(Places(str(tmp_path / "state")), three).status_code == 200


def test_others_are_answered_while_the_books_are_looked_at(places: Places) -> None:
    async def both(client: httpx.AsyncClient) -> httpx.Response:
        looking = asyncio.ensure_future(client.get("/books"))
        status = await client.get("/status")
        assert not looking.done()
        await looking
        return status

    assert asked(places, both).json()["status"] == "running"


def test_an_address_that_cannot_be_read_is_a_failed_check(places: Places) -> None:
    body = asked(Places(places.home, postgres="nonsense"), lambda client: client.get("/books")).json()
    assert body["in_order"] is False


def test_a_look_that_fails_is_unavailable() -> None:
    answer = asked(
        Places(home=None),  # type: ignore[arg-type]  # what the look cannot even begin with
        lambda client: client.get("/books"),
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "books_unavailable")


def test_members_are_listed_and_struck_off(places: Places) -> None:
    told = asked(places, lambda client: client.get("/books/members")).json()
    (member,) = told["members"]
    assert {**member, "member": ""} == {"member": "", "joined": True, "alive": False, "holds": 0, "lapsed": 0}
    path = f"/books/members/{member['member']}/forget"
    answers = [asked(places, lambda client: client.post(path)) for _ in range(2)]
    assert [(answer.status_code, answer.json()["was"]) for answer in answers] == [(200, "joined"), (404, "unknown")]
    assert [MemberForgotten(member["member"], "uid:4711")] == HEARD


def test_a_member_that_is_alive_stays(places: Places, server: Server) -> None:
    with shared_books_in(Path(places.home), server.url, "two"):
        (member,) = asked(places, lambda client: client.get("/books/members")).json()["members"]
        answer = asked(places, lambda client: client.post(f"/books/members/{member['member']}/forget"))
    assert (member["alive"], answer.status_code, answer.json()["was"]) == (True, 409, "alive")
    assert HEARD == []


@pytest.mark.parametrize(("options", "status"), [(("--maxmemory-policy", "allkeys-lru"), 503), ((), 200)])
def test_a_redis_that_can_keep_no_books_is_unavailable(places: Places, options: tuple[str, ...], status: int) -> None:
    with a_server(*options) as other:
        found = asked(Places(places.home, other.url, "acme"), lambda client: client.get("/books/members"))
    assert found.status_code == status


def test_without_a_redis_there_is_no_member(places: Places) -> None:
    assert asked(Places(places.home), lambda client: client.get("/books/members")).status_code == 404
