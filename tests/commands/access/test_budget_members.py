"""`safeconduct books members` and `safeconduct books forget`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from gateway.commands.terminal.stop import FAILED, MISUSED
from tests.commands.calling import Called, call, documents
from tests.commands.conftest import Running
from tests.stores.books_in import an_intent, run, shared_books_in
from tests.stores.servers import Server, a_server


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with a_server() as running:
        yield running


@pytest.fixture
def gone(server: Server, tmp_path: Path) -> list[str]:
    """Options of a gateway that shared a Redis and ended; there are books in it of one member."""
    server.ask("FLUSHALL")
    with shared_books_in(tmp_path / "state", server.url):
        pass
    return [*documents(tmp_path), "--state", str(tmp_path / "state")]


def told(server: Server, *words: str, json: bool = False) -> Called:
    return call("books", *words, environ={"SAFECONDUCT_REDIS_URL": server.url}, json=json)


def only_member(server: Server, options: list[str]) -> dict[str, object]:
    (member,) = told(server, "members", *options, json=True).json["members"]
    return dict(member)


def test_members_are_listed(server: Server, gone: list[str]) -> None:
    member = only_member(server, gone)
    assert {**member, "member": ""} == {"member": "", "joined": True, "alive": False, "holds": 0, "lapsed": 0}
    called = told(server, "members", *gone)
    (line,) = [line for line in called.out.splitlines() if str(member["member"]) in line]
    assert "yes" in line
    assert "not heard of" in line
    assert "Requests are refused until" not in called.out


def test_nobody_is_struck_off_before_it_was_said_what_is_lost(server: Server, gone: list[str]) -> None:
    name = str(only_member(server, gone)["member"])
    called = told(server, "forget", name, *gone)
    assert called.stop is not None
    assert called.code == FAILED
    assert "stays counted until Redis is emptied" in called.stop.what
    assert called.stop.do.endswith(f"safeconduct books forget {name} --yes")
    assert only_member(server, gone)["member"] == name


def test_a_member_is_struck_off_and_then_unknown(server: Server, gone: list[str]) -> None:
    name = str(only_member(server, gone)["member"])
    called = told(server, "forget", name, "--yes", *gone, json=True)
    assert (called.code, called.json) == (0, {"member": name, "was": "joined"})
    assert told(server, "members", *gone, json=True).json["members"] == []
    again = told(server, "forget", name, "--yes", *gone)
    assert again.code == MISUSED
    assert again.stop is not None
    assert "unknown member" in again.stop.what


def test_who_is_alive_stays(server: Server, gone: list[str]) -> None:
    with shared_books_in(Path(gone[-1]), server.url, "two"):
        member = only_member(server, gone)
        called = told(server, "forget", str(member["member"]), "--yes", *gone)
        assert member["alive"]
        assert called.code == FAILED
        assert called.stop is not None
        assert "is alive" in called.stop.what
        assert only_member(server, gone) == member


def test_what_only_a_lost_journal_knows_is_said_to_be_lost(server: Server, gone: list[str], tmp_path: Path) -> None:
    with shared_books_in(tmp_path / "other", server.url, "b") as books:
        first = only_member_of(server, gone, alive=False)
        run(partial(books.hold, an_intent()))
        server.ask("HSET", "{safeconduct/acme}:members", first, "an earlier generation")
    server.ask("HSET", "{safeconduct/acme}:lapsed:" + first, "hold", "1")
    called = told(server, "forget", first, *gone)
    assert called.stop is not None
    assert "will be missing from every budget" in called.stop.what
    assert "1 holds that it left stay counted as spent" in called.stop.what
    assert "Requests are refused until 1 more" in told(server, "members", *gone).out


def only_member_of(server: Server, options: list[str], *, alive: bool) -> str:
    (found,) = [m for m in told(server, "members", *options, json=True).json["members"] if m["alive"] is alive]
    return str(found["member"])


def test_without_a_redis_there_is_nobody(gone: list[str]) -> None:
    called = call("books", "members", *gone)
    assert called.code == MISUSED
    assert called.stop is not None
    assert "SAFECONDUCT_REDIS_URL" in called.stop.do


@pytest.mark.parametrize("words", [["members"], ["forget", "somebody", "--yes"]])
def test_a_running_gateway_without_a_redis_says_so(running: Running, words: list[str]) -> None:
    called = call("books", *words, *running.options[:2])
    assert called.code == MISUSED
    assert called.stop is not None
    assert "no Redis is named" in called.stop.what
