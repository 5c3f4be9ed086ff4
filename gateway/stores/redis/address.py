"""The address of Redis: one server, the Sentinels that know the server, or nodes of a Cluster.

On failure: `StoreRefused` for an address of an unknown form, `redis.exceptions` for a server that does not answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import SplitResult, parse_qs, urlencode, urlsplit

from redis import exceptions
from redis.backoff import NoBackoff
from redis.connection import Connection, UnixDomainSocketConnection, parse_url
from redis.retry import Retry
from redis.sentinel import Sentinel

from gateway.stores.errors import StoreRefused

SENTINEL: Final = "redis+sentinel"
CLUSTER: Final = "redis+cluster"
SECURE_SENTINEL: Final = "rediss+sentinel"
SECURE_CLUSTER: Final = "rediss+cluster"
SCHEMES: Final = ("redis", "rediss", "unix", SENTINEL, CLUSTER, SECURE_SENTINEL, SECURE_CLUSTER)

_SENTINEL_PORT: Final = 26379

ServerOptions = Mapping[str, Any]
"""Arguments of a connection of redis-py."""


@dataclass(frozen=True, slots=True)
class RedisAddress:
    """Address of Redis. `servers`: candidates, each complete; with Sentinel one, whose host and port Sentinel adds."""

    servers: tuple[ServerOptions, ...] = field(repr=False)
    sentinels: tuple[tuple[str, int], ...] = ()
    service: str = ""
    sentinel_options: ServerOptions = field(default_factory=dict, repr=False)

    def candidates(self, deadline_s: float) -> tuple[ServerOptions, ...]:
        """The servers to try, in order. MasterNotFoundError if no Sentinel that answers knows the service."""
        if not self.sentinels:
            return self.servers
        options = {**_limits(deadline_s / len(self.sentinels)), **self.sentinel_options}
        with Sentinel(self.sentinels, sentinel_kwargs=options) as sentinel:  # type: ignore[no-untyped-call]
            host, port = sentinel.discover_master(self.service)
        return ({**self.servers[0], "host": host, "port": port},)


def parse_address(url: str) -> RedisAddress:
    """redis://, rediss:// or unix:// for one server; redis+sentinel://host:port,host:port/service/db;
    redis+cluster://host:port,host:port. With rediss+sentinel:// and rediss+cluster:// every connection uses TLS, to the
    Sentinels and to each node too; members of the query that begin with `ssl_` are redis-py's own (`ssl_ca_certs`).

    With Sentinel, user and password of the address are the server's; `sentinel_username` and `sentinel_password` in its
    query are Sentinel's own.
    """
    try:
        address = _parsed(urlsplit(url), url)
    except ValueError:
        known = ", ".join(f"{scheme}://" for scheme in SCHEMES)
        raise StoreRefused(
            "redis", f"The address of Redis cannot be read. The address must begin with one of {known}."
        ) from None
    if address.sentinels and not address.service:
        raise StoreRefused(
            "redis", "The address of Redis names Sentinels, but no service: redis+sentinel://host:port/service."
        )
    return address


def connected(server: ServerOptions, deadline_s: float) -> Any:
    """A connection of redis-py to that server; raises redis.exceptions or OSError.

    Nothing is retried: a command that timed out may have been carried out.
    """
    kind = server.get("connection_class", Connection)
    options = {name: value for name, value in server.items() if name != "connection_class"}
    limits = _limits(deadline_s)
    if kind is UnixDomainSocketConnection:
        limits.pop("socket_connect_timeout")
    connection = kind(**{**options, **limits, "protocol": 2})
    connection.connect()
    return connection


def redirected(server: ServerOptions, moved: exceptions.MovedError) -> ServerOptions:
    """The node of the Cluster that a redirect names. An empty host stands for the host that redirects."""
    return {**server, "host": moved.host or server.get("host"), "port": moved.port}


def _limits(deadline_s: float) -> dict[str, Any]:
    return {
        "socket_timeout": deadline_s,
        "socket_connect_timeout": deadline_s,
        "retry": Retry(NoBackoff(), 0),
        "health_check_interval": 0,
        "driver_info": None,
    }


def _parsed(parts: SplitResult, url: str) -> RedisAddress:
    """ValueError for an unknown form."""
    if parts.scheme not in SCHEMES:
        raise ValueError
    if parts.scheme in (SENTINEL, SECURE_SENTINEL):
        return _sentinel_address(parts)
    if parts.scheme in (CLUSTER, SECURE_CLUSTER):
        user, hosts = _hosts(parts)
        scheme = parts.scheme.removesuffix("+cluster")
        return RedisAddress(tuple(_options(f"{scheme}://{user}{host}?{parts.query}") for host in hosts))
    return RedisAddress((_options(url),))


def _sentinel_address(parts: SplitResult) -> RedisAddress:
    scheme = parts.scheme.removesuffix("+sentinel")
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    own: dict[str, Any] = {
        name: query[f"sentinel_{name}"] for name in ("username", "password") if f"sentinel_{name}" in query
    }
    user, hosts = _hosts(parts)
    service, _, database = parts.path.strip("/").partition("/")
    sentinels = [_options(f"redis://{host}") for host in hosts]
    tls = urlencode({name: value for name, value in query.items() if name.startswith("ssl_")})
    if parts.scheme == SECURE_SENTINEL:
        own |= {"ssl": True, **{name: value for name, value in _options(f"redis://?{tls}").items() if "ssl_" in name}}
    return RedisAddress(
        (_options(f"{scheme}://{user}/{database}?{tls}"),),
        tuple((each.get("host", "localhost"), each.get("port", _SENTINEL_PORT)) for each in sentinels),
        service,
        own,
    )


def _hosts(parts: SplitResult) -> tuple[str, list[str]]:
    """`user:password@`, or nothing; and each host with its port."""
    user, at, hosts = parts.netloc.rpartition("@")
    return user + at, hosts.split(",")


def _options(url: str) -> ServerOptions:
    options: ServerOptions = parse_url(url)  # type: ignore[no-untyped-call]
    return options
