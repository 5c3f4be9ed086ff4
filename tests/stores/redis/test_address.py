"""Addresses of Redis: which forms there are, and what each means. Servers behind them: test_connection."""

from __future__ import annotations

import pytest
from redis.connection import SSLConnection, UnixDomainSocketConnection
from redis.exceptions import MovedError

from gateway.stores.errors import StoreRefused
from gateway.stores.redis.address import parse_address, redirected


def test_one_server() -> None:
    (server,) = parse_address("redis://user:word@host:7000/3").candidates(1)
    assert server == {"host": "host", "port": 7000, "username": "user", "password": "word", "db": 3}


def test_one_server_with_tls() -> None:
    (server,) = parse_address("rediss://host").candidates(1)
    assert server["connection_class"] is SSLConnection


def test_one_server_at_a_socket() -> None:
    (server,) = parse_address("unix:///run/redis.sock").candidates(1)
    assert server == {"path": "/run/redis.sock", "connection_class": UnixDomainSocketConnection}


def test_sentinels_have_a_password_of_their_own() -> None:
    address = parse_address("redis+sentinel://user:word@one:1,two/books/3?sentinel_password=other")
    assert address.sentinels == (("one", 1), ("two", 26379))
    assert address.service == "books"
    assert address.servers == ({"username": "user", "password": "word", "db": 3},)
    assert address.sentinel_options == {"password": "other"}


def test_tls_with_sentinel_is_used_for_the_sentinels_too() -> None:
    address = parse_address("rediss+sentinel://user:word@one/books?ssl_ca_certs=/ca.pem&sentinel_password=other")
    (server,) = address.servers
    assert (server["connection_class"], server["ssl_ca_certs"]) == (SSLConnection, "/ca.pem")
    assert address.sentinel_options == {"password": "other", "ssl": True, "ssl_ca_certs": "/ca.pem"}


def test_tls_with_a_cluster_is_used_for_every_node() -> None:
    candidates = parse_address("rediss+cluster://one:1,two:2?ssl_ca_certs=/ca.pem").candidates(1)
    assert [(each["port"], each["connection_class"]) for each in candidates] == [(1, SSLConnection), (2, SSLConnection)]
    moved = redirected(candidates[0], MovedError("7 three:3"))
    assert (moved["connection_class"], moved["ssl_ca_certs"]) == (SSLConnection, "/ca.pem")


def test_each_node_of_a_cluster_is_a_candidate() -> None:
    candidates = parse_address("redis+cluster://user:word@one:1,two:2").candidates(1)
    assert [(each["host"], each["port"], each["password"]) for each in candidates] == [
        ("one", 1, "word"),
        ("two", 2, "word"),
    ]


def test_a_redirect_without_a_host_means_the_same_host() -> None:
    server = {"host": "one", "port": 1, "password": "word"}
    assert redirected(server, MovedError("7 two:2")) == {"host": "two", "port": 2, "password": "word"}
    assert redirected(server, MovedError("7 :2")) == {"host": "one", "port": 2, "password": "word"}


@pytest.mark.parametrize(
    "url", ["http://secret@host", "secret", "redis://host:secret", "redis+sentinel://secret@host:1", "redis://[secret"]
)
def test_an_address_of_an_unknown_form_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(StoreRefused) as refused:
        parse_address(url)
    assert "secret" not in str(refused.value)


def test_no_password_is_shown() -> None:
    assert "secret" not in repr(parse_address("redis+sentinel://u:secret@h/s?sentinel_password=secret"))
