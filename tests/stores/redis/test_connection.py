"""Which Redis may keep the books, how it is found, and what is said of one that may not or does not answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from gateway.stores.books.counters import CountersRefused
from gateway.stores.redis.connection import Answer, Call, Refusal, Unreachable, Wire
from tests.stores.servers import SERVERS, Server, a_free_port, a_server

KEY = "{b}:state"
BALANCES = Call("balances", (KEY, "{b}:leases"), ("a/1", "", 0))
RIGHTS = ("+info", "+exists", "+script|load", "+evalsha", "+time", "+@hash", "+@sortedset", "+del", "+set", "+expire")


@pytest.fixture(scope="module", params=SERVERS)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with a_server("--appendonly", "yes", name=request.param) as running:
        yield running


def opened(url: str, deadline_s: float = 5) -> Wire:
    wire = Wire(url, KEY, deadline_s)
    wire.open()
    return wire


def test_calls_that_are_sent_together_are_answered_in_order(server: Server) -> None:
    with closing(opened(server.url)) as wire:
        enter = Call("enter", (KEY, "{b}:leases", "{b}:members"), ("a/1", "", 0, "first", "server"))
        answers = wire.ask([BALANCES, enter, BALANCES])
        assert [a.word for a in answers if isinstance(a, Answer)] == ["generation", "entered", "generation"]


def test_scripts_that_the_server_has_forgotten_are_brought_again(server: Server) -> None:
    with closing(opened(server.url)) as wire:
        server.ask("SCRIPT", "FLUSH")
        assert [type(answer) for answer in wire.ask([BALANCES, BALANCES])] == [Answer, Answer]


@pytest.mark.parametrize(("kept", "durable"), [("yes", True), ("no", False)])
def test_whether_counters_outlive_the_server_is_known(kept: str, durable: bool) -> None:
    with a_server("--appendonly", kept) as server, closing(opened(server.url)) as wire:
        assert wire.durable is durable


@pytest.mark.parametrize("policy", ["allkeys-lru", "volatile-ttl"])
def test_a_server_that_may_drop_counters_is_refused(policy: str) -> None:
    with a_server("--maxmemory-policy", policy) as server, pytest.raises(CountersRefused, match="noeviction"):
        opened(server.url)


def test_a_user_with_the_rights_that_are_documented_is_enough(server: Server) -> None:
    server.ask("ACL", "SETUSER", "books", "on", ">secret", "~{b}*", *RIGHTS)
    with closing(opened(f"{server.url}?username=books&password=secret")) as wire:
        assert isinstance(wire.ask([BALANCES])[0], Answer)


@pytest.mark.parametrize("missing", [right for right in RIGHTS if right != "+time"])
def test_a_user_without_one_of_them_is_refused(server: Server, missing: str) -> None:
    rights = [right for right in RIGHTS if right != missing]
    server.ask("ACL", "SETUSER", "less", "reset", "on", ">secret", "~{b}*", *rights)
    with pytest.raises(CountersRefused, match=r"docs/operations\.md") as refused:
        opened(f"{server.url}?username=less&password=secret")
    assert "secret" not in str(refused.value)


def test_a_wrong_password_is_refused_and_not_repeated(server: Server) -> None:
    server.ask("ACL", "SETUSER", "books", "on", ">secret", "~{b}*", *RIGHTS)
    with pytest.raises(CountersRefused, match="password") as refused:
        opened(f"{server.url}?username=books&password=guessed")
    assert "guessed" not in str(refused.value)


@pytest.mark.parametrize(
    "url", ["http://secret@host", "secret", "redis://host:secret", "redis+sentinel://secret@host:1", "redis://[secret"]
)
def test_an_address_that_cannot_be_read_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(CountersRefused) as refused:
        Wire(url, KEY, 1)
    assert "secret" not in str(refused.value)


def test_nobody_at_the_address_is_unreachable() -> None:
    with pytest.raises(Unreachable):
        opened(f"redis://127.0.0.1:{a_free_port()}")


def test_a_frozen_server_is_unreachable_once_the_deadline_has_passed(server: Server) -> None:
    with closing(opened(server.url, deadline_s=0.2)) as wire:
        server.freeze()
        try:
            with pytest.raises(Unreachable):
                wire.ask([BALANCES])
            with pytest.raises(Unreachable):
                wire.open()
        finally:
            server.thaw()
        wire.open()
        assert isinstance(wire.ask([BALANCES])[0], Answer)


def test_a_copy_is_not_written_to(server: Server) -> None:
    with closing(opened(server.url)) as wire:
        enter = Call("enter", (KEY, "{b}:leases", "{b}:members"), ("z/1", "", 0, "other", "server"))
        server.ask("DEL", KEY)
        server.ask("REPLICAOF", "127.0.0.1", a_free_port())
        try:
            assert wire.ask([enter]) == [Refusal("READONLY")]
            assert not wire.connected
            with pytest.raises(Unreachable, match="READONLY"):
                wire.open()
        finally:
            server.ask("REPLICAOF", "NO", "ONE")


def test_a_full_server_says_so(server: Server) -> None:
    with closing(opened(server.url)) as wire:
        server.ask("DEL", KEY)
        server.ask("CONFIG", "SET", "maxmemory", 1)
        try:
            assert wire.ask([Call("enter", (KEY, "{b}:leases", "{b}:members"), ("z/1", "", 0, "x", "server"))]) == [
                Refusal("OOM")
            ]
        finally:
            server.ask("CONFIG", "SET", "maxmemory", 0)


def test_another_nodes_slot_in_a_cluster_is_followed() -> None:
    """Two nodes; the one that is asked has no slots."""
    ports = [a_free_port(below=55_536), a_free_port(below=55_536)]
    options = [("--port", str(port), "--cluster-enabled", "yes", "--bind", "127.0.0.1") for port in ports]
    with a_server(*options[0]) as first, a_server(*options[1]) as second:
        second.ask("CLUSTER", "ADDSLOTS", *range(16384))
        first.ask("CLUSTER", "MEET", "127.0.0.1", ports[1])
        while any("cluster_state:ok" not in node.ask("CLUSTER", "INFO") for node in (first, second)):
            pass
        with closing(opened(f"redis://127.0.0.1:{ports[0]}")) as wire:
            assert isinstance(wire.ask([BALANCES])[0], Answer)
            assert second.ask("EXISTS", KEY) == 0
            wire.ask([Call("enter", (KEY, "{b}:leases", "{b}:members"), ("z/1", "", 0, "x", "server"))])
            assert second.ask("HGET", KEY, "id") == "x"


def test_sentinel_says_where_the_server_is(tmp_path: Path) -> None:
    port = a_free_port()
    with a_server("--port", str(port), "--bind", "127.0.0.1") as server:
        file = tmp_path / "sentinel.conf"
        file.write_text(f"sentinel monitor books 127.0.0.1 {port} 1\n")
        at = a_free_port()
        with a_server("--port", str(at), "--bind", "127.0.0.1", sentinel=file):
            with closing(opened(f"redis+sentinel://127.0.0.1:{a_free_port()},127.0.0.1:{at}/books")) as wire:
                wire.ask([Call("enter", (KEY, "{b}:leases", "{b}:members"), ("z/1", "", 0, "x", "server"))])
                assert server.ask("HGET", KEY, "id") == "x"
            with pytest.raises(Unreachable, match="sentinel"):
                opened(f"redis+sentinel://127.0.0.1:{at}/others")
