"""Which Redis may keep the books, how it is found, and what is said of one that may not or does not answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from gateway.stores.books.redis_scripts import SCRIPTS
from gateway.stores.errors import StoreRefused
from gateway.stores.redis.connection import CallRefused, RedisConnection, RedisUnreachable, ScriptAnswer, ScriptCall
from tests.stores.servers import SERVERS, Server, a_free_port, a_server
from tests.stores.tls_front import a_tls_front
from tests.upstream.calling import LOOPBACK_PEM

KEY = "{b}:state"
BALANCES = ScriptCall(SCRIPTS["balances"], (KEY, "{b}:leases"), ("a/1", "", 0))
RIGHTS = ("+info", "+exists", "+script|load", "+evalsha", "+time", "+@hash", "+@sortedset", "+del", "+set", "+expire")


@pytest.fixture(scope="module", params=SERVERS)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with a_server("--appendonly", "yes", name=request.param) as running:
        yield running


def opened(url: str, deadline_s: float = 5) -> RedisConnection:
    connection = RedisConnection(url, KEY, deadline_s)
    connection.open()
    return connection


def test_calls_that_are_sent_together_are_answered_in_order(server: Server) -> None:
    with closing(opened(server.url)) as connection:
        enter = ScriptCall(SCRIPTS["enter"], (KEY, "{b}:leases", "{b}:members"), ("a/1", "", 0, "first", "server"))
        answers = connection.call([BALANCES, enter, BALANCES])
        assert [a.word for a in answers if isinstance(a, ScriptAnswer)] == ["generation", "entered", "generation"]


def test_scripts_that_the_server_has_forgotten_are_brought_again(server: Server) -> None:
    with closing(opened(server.url)) as connection:
        server.ask("SCRIPT", "FLUSH")
        assert [type(answer) for answer in connection.call([BALANCES, BALANCES])] == [ScriptAnswer, ScriptAnswer]


@pytest.mark.parametrize(("kept", "durable"), [("yes", True), ("no", False)])
def test_whether_counters_outlive_the_server_is_known(kept: str, durable: bool) -> None:
    with a_server("--appendonly", kept) as server, closing(opened(server.url)) as connection:
        assert connection.durable is durable


@pytest.mark.parametrize("policy", ["allkeys-lru", "volatile-ttl"])
def test_a_server_that_may_drop_counters_is_refused(policy: str) -> None:
    with a_server("--maxmemory-policy", policy) as server, pytest.raises(StoreRefused, match="noeviction"):
        opened(server.url)


def test_a_user_with_the_rights_that_are_documented_is_enough(server: Server) -> None:
    server.ask("ACL", "SETUSER", "books", "on", ">secret", "~{b}*", *RIGHTS)
    with closing(opened(f"{server.url}?username=books&password=secret")) as connection:
        assert isinstance(connection.call([BALANCES])[0], ScriptAnswer)


@pytest.mark.parametrize("missing", [right for right in RIGHTS if right != "+time"])
def test_a_user_without_one_of_them_is_refused(server: Server, missing: str) -> None:
    rights = [right for right in RIGHTS if right != missing]
    server.ask("ACL", "SETUSER", "less", "reset", "on", ">secret", "~{b}*", *rights)
    with pytest.raises(StoreRefused, match=r"docs/operations\.md") as refused:
        opened(f"{server.url}?username=less&password=secret")
    assert "secret" not in str(refused.value)


def test_a_wrong_password_is_refused_and_not_repeated(server: Server) -> None:
    server.ask("ACL", "SETUSER", "books", "on", ">secret", "~{b}*", *RIGHTS)
    with pytest.raises(StoreRefused, match="password") as refused:
        opened(f"{server.url}?username=books&password=guessed")
    assert "guessed" not in str(refused.value)


@pytest.mark.parametrize(
    "url", ["http://secret@host", "secret", "redis://host:secret", "redis+sentinel://secret@host:1", "redis://[secret"]
)
def test_an_address_that_cannot_be_read_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(StoreRefused) as refused:
        RedisConnection(url, KEY, 1)
    assert "secret" not in str(refused.value)


def test_nobody_at_the_address_is_unreachable() -> None:
    with pytest.raises(RedisUnreachable):
        opened(f"redis://127.0.0.1:{a_free_port()}")


def test_a_frozen_server_is_unreachable_once_the_deadline_has_passed(server: Server) -> None:
    with closing(opened(server.url, deadline_s=0.2)) as connection:
        server.freeze()
        try:
            with pytest.raises(RedisUnreachable):
                connection.call([BALANCES])
            with pytest.raises(RedisUnreachable):
                connection.open()
        finally:
            server.thaw()
        connection.open()
        assert isinstance(connection.call([BALANCES])[0], ScriptAnswer)


def test_a_copy_is_not_written_to(server: Server) -> None:
    with closing(opened(server.url)) as connection:
        enter = ScriptCall(SCRIPTS["enter"], (KEY, "{b}:leases", "{b}:members"), ("z/1", "", 0, "other", "server"))
        server.ask("DEL", KEY)
        server.ask("REPLICAOF", "127.0.0.1", a_free_port())
        try:
            assert connection.call([enter]) == [CallRefused("READONLY")]
            assert not connection.connected
            with pytest.raises(RedisUnreachable, match="READONLY"):
                connection.open()
        finally:
            server.ask("REPLICAOF", "NO", "ONE")


def test_a_full_server_says_so(server: Server) -> None:
    with closing(opened(server.url)) as connection:
        server.ask("DEL", KEY)
        server.ask("CONFIG", "SET", "maxmemory", 1)
        try:
            assert connection.call(
                [ScriptCall(SCRIPTS["enter"], (KEY, "{b}:leases", "{b}:members"), ("z/1", "", 0, "x", "server"))]
            ) == [CallRefused("OOM")]
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
        with closing(opened(f"redis://127.0.0.1:{ports[0]}")) as connection:
            assert isinstance(connection.call([BALANCES])[0], ScriptAnswer)
            assert second.ask("EXISTS", KEY) == 0
            connection.call(
                [ScriptCall(SCRIPTS["enter"], (KEY, "{b}:leases", "{b}:members"), ("z/1", "", 0, "x", "server"))]
            )
            assert second.ask("HGET", KEY, "id") == "x"


@contextmanager
def a_cluster(nodes: int) -> Iterator[tuple[list[Server], list[int]]]:
    """Nodes with an equal share of the slots each, and their ports."""
    ports = [a_free_port(below=55_536) for _ in range(nodes)]
    with ExitStack() as stack:
        options = [("--port", str(port), "--cluster-enabled", "yes", "--bind", "127.0.0.1") for port in ports]
        servers = [stack.enter_context(a_server(*each)) for each in options]
        for rank, server in enumerate(servers):
            server.ask("CLUSTER", "ADDSLOTS", *range(16384 * rank // nodes, 16384 * (rank + 1) // nodes))
            servers[0].ask("CLUSTER", "MEET", "127.0.0.1", ports[rank])
        while any("cluster_state:ok" not in server.ask("CLUSTER", "INFO") for server in servers):
            pass
        yield servers, ports


def test_the_owner_of_the_keys_is_found_among_three_nodes_and_followed_when_its_slot_moves() -> None:
    enter = ScriptCall(SCRIPTS["enter"], (KEY, "{b}:leases", "{b}:members"), ("z/1", "", 0, "x", "server"))
    with a_cluster(3) as (nodes, ports):
        slot = nodes[0].ask("CLUSTER", "KEYSLOT", KEY)
        owner = slot * 3 // 16384
        other = (owner + 1) % 3
        hosts = ",".join(f"127.0.0.1:{port}" for port in (a_free_port(), ports[other]))
        with closing(opened(f"redis+cluster://{hosts}")) as connection:
            assert isinstance(connection.call([enter])[0], ScriptAnswer)
            assert nodes[owner].ask("HGET", KEY, "id") == "x"

            ids = [node.ask("CLUSTER", "MYID") for node in nodes]
            nodes[other].ask("CLUSTER", "SETSLOT", slot, "IMPORTING", ids[owner])
            nodes[owner].ask("CLUSTER", "SETSLOT", slot, "MIGRATING", ids[other])
            keys = nodes[owner].ask("CLUSTER", "GETKEYSINSLOT", slot, 100)
            nodes[owner].ask("MIGRATE", "127.0.0.1", ports[other], "", 0, 5000, "KEYS", *keys)
            assert connection.call([BALANCES]) == [CallRefused("ASK")]
            for node in (nodes[other], nodes[owner]):
                node.ask("CLUSTER", "SETSLOT", slot, "NODE", ids[other])

            connection.open()
            assert isinstance(connection.call([BALANCES])[0], ScriptAnswer)
            assert nodes[other].ask("HGET", KEY, "id") == "x"


def test_sentinel_says_where_the_server_is(tmp_path: Path) -> None:
    port = a_free_port()
    with a_server("--port", str(port), "--bind", "127.0.0.1") as server:
        file = tmp_path / "sentinel.conf"
        file.write_text(f"sentinel monitor books 127.0.0.1 {port} 1\n")
        at = a_free_port()
        with a_server("--port", str(at), "--bind", "127.0.0.1", sentinel=file):
            with closing(opened(f"redis+sentinel://127.0.0.1:{a_free_port()},127.0.0.1:{at}/books")) as connection:
                connection.call(
                    [ScriptCall(SCRIPTS["enter"], (KEY, "{b}:leases", "{b}:members"), ("z/1", "", 0, "x", "server"))]
                )
                assert server.ask("HGET", KEY, "id") == "x"
            with pytest.raises(RedisUnreachable, match="sentinel"):
                opened(f"redis+sentinel://127.0.0.1:{at}/others")


ENTER = ScriptCall(SCRIPTS["enter"], (KEY, "{b}:leases", "{b}:members"), ("z/1", "", 0, "x", "server"))
TRUSTED = f"ssl_ca_certs={LOOPBACK_PEM}"


def test_one_server_is_reached_with_tls_and_only_with_a_root_that_is_trusted(server: Server) -> None:
    with a_tls_front(server.socket) as port:
        with closing(opened(f"rediss://127.0.0.1:{port}?{TRUSTED}")) as connection:
            assert isinstance(connection.call([BALANCES])[0], ScriptAnswer)
        with pytest.raises(RedisUnreachable):
            opened(f"rediss://127.0.0.1:{port}")


def test_sentinel_and_its_master_are_reached_with_tls(tmp_path: Path) -> None:
    file, at = tmp_path / "sentinel.conf", a_free_port()
    with a_server() as server, a_tls_front(server.socket) as port:
        file.write_text(f"sentinel monitor books 127.0.0.1 {port} 1\nsentinel down-after-milliseconds books 600000\n")
        options = ("--port", str(at), "--bind", "127.0.0.1")
        with a_server(*options, sentinel=file) as sentinel, a_tls_front(sentinel.socket) as front:
            with closing(opened(f"rediss+sentinel://127.0.0.1:{front}/books?{TRUSTED}")) as connection:
                connection.call([ENTER])
                assert server.ask("HGET", KEY, "id") == "x"
            with pytest.raises(RedisUnreachable):
                opened(f"rediss+sentinel://127.0.0.1:{front}/books")


def test_the_owner_of_the_keys_in_a_cluster_is_followed_with_tls() -> None:
    """Each node announces the port of its TLS, and the one that is asked has no slots."""
    fronts = [a_free_port(below=55_536) for _ in range(2)]
    ports = [a_free_port(below=55_536) for _ in range(2)]
    with ExitStack() as stack:
        nodes = [
            stack.enter_context(
                a_server(
                    *("--port", str(port), "--cluster-enabled", "yes", "--bind", "127.0.0.1"),
                    *("--cluster-announce-ip", "127.0.0.1", "--cluster-announce-port", str(front)),
                    *("--cluster-announce-bus-port", str(port + 10_000)),
                )
            )
            for port, front in zip(ports, fronts, strict=True)
        ]
        for node, front in zip(nodes, fronts, strict=True):
            stack.enter_context(a_tls_front(node.socket, front))
        nodes[1].ask("CLUSTER", "ADDSLOTS", *range(16384))
        nodes[0].ask("CLUSTER", "MEET", "127.0.0.1", ports[1])
        while any("cluster_state:ok" not in node.ask("CLUSTER", "INFO") for node in nodes):
            pass
        hosts = f"127.0.0.1:{a_free_port()},127.0.0.1:{fronts[0]}"
        with closing(opened(f"rediss+cluster://{hosts}?{TRUSTED}")) as connection:
            connection.call([ENTER])
            assert nodes[1].ask("HGET", KEY, "id") == "x"
