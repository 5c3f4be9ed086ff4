"""The scripts of those who are no member, on the oldest Redis and on a Valkey of today."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gateway.stores.audit.redis_roster import CounterState, visiting
from gateway.stores.audit.redis_scripts import ACCOUNTS, FORGET, MEMBERS
from gateway.stores.books.redis_scripts import OPENING
from gateway.stores.redis.scripts import Script
from tests.stores.books.test_redis_member import ACCOUNT, One
from tests.stores.servers import SERVERS, Server, a_server


@pytest.fixture(scope="module", params=SERVERS)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with a_server(name=request.param) as running:
        yield running


@pytest.mark.parametrize("script", [ACCOUNTS, MEMBERS])
def test_who_looks_writes_nothing(script: Script) -> None:
    assert "wrote()" not in script.text.removeprefix(OPENING)
    assert "wrote()" in FORGET.text.removeprefix(OPENING)


def test_each_has_the_opening_of_the_others() -> None:
    assert all(script.text.startswith(OPENING) for script in (ACCOUNTS, MEMBERS, FORGET))


def test_every_server_runs_them(server: Server) -> None:
    server.ask("FLUSHALL")
    one = One(server, "one").join()
    one.hold("open", 7)
    with visiting(server.url, "acme") as visit:
        assert [(m.member, m.alive, m.holds) for m in visit.roster().members] == [("one", True, 1)]
        assert visit.counters([(ACCOUNT, "total")]) == {(ACCOUNT, "total"): CounterState(7, 7, {}, 0, 7)}
        assert visit.forget("one") == "alive"
        one.settle("open", 3)
        one.member.leave()
        assert visit.forget("one") == "joined"
        assert visit.roster().members == ()
