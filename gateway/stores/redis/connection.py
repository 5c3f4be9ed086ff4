"""The way to the Redis that keeps the counters: one connection, many calls per round trip, deadlines of our own.

Failure rule: any fault closes the connection and is one of ours (`Unreachable`, or `Refusal` for one call), without the
library's words: they may quote values. Nothing is tried twice here. Whoever keeps a connection uses it alone, so there
is no pool to run dry: callers wait in `redis_counters`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from redis import exceptions
from redis.backoff import NoBackoff
from redis.connection import Connection, SSLConnection, UnixDomainSocketConnection, parse_url
from redis.retry import Retry

from gateway.stores.books.counters import CountersRefused
from gateway.stores.books.redis_scripts import DIGESTS, SCRIPTS

SENTINEL: Final = "redis+sentinel"
_SCHEMES: Final = ("redis", "rediss", "unix", SENTINEL)
_OLDEST: Final = (6, 2)
_CODES: Final = ("OOM", "READONLY", "NOPERM", "MISCONF", "NOREPLICAS", "LOADING", "BUSY", "CLUSTERDOWN", "MASTERDOWN")
ELSEWHERE: Final = ("READONLY", "LOADING", "CLUSTERDOWN", "MASTERDOWN", "MOVED", "ASK")
"""After these another server may be the right one."""


_KINDS: Final[tuple[tuple[type[Exception], str], ...]] = (
    (exceptions.MovedError, "MOVED"),
    (exceptions.AskError, "ASK"),
    (exceptions.OutOfMemoryError, "OOM"),
    (exceptions.ReadOnlyError, "READONLY"),
    (exceptions.BusyLoadingError, "LOADING"),
    (exceptions.NoPermissionError, "NOPERM"),
    (exceptions.ClusterDownError, "CLUSTERDOWN"),
    (exceptions.MasterDownError, "MASTERDOWN"),
)
"""What the library has made of the server's words."""


class Unreachable(Exception):
    """Nobody answered, or not in time; what was asked may be carried out all the same. `reason` is ours."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Call:
    """One script with its keys and arguments."""

    verb: str
    keys: tuple[str, ...]
    arguments: tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """A script's word, the server's time (seconds since the epoch), the sequence of its writes, how many members there
    are, and the rest."""

    word: str
    seconds: int
    sequence: int
    members: int
    rest: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Refusal:
    """The server did not carry out that call. `code`: its own word for why (`OOM`, `READONLY`, …)."""

    code: str


class Wire:
    """For one thread. `url`: redis://, rediss:// or unix://, or redis+sentinel://host:port,host:port/service/db.

    With Sentinel, user and password of the address are the server's; `sentinel_username` and `sentinel_password` in its
    query are Sentinel's own. Any node of a Cluster will do: it says which one keeps the books.
    """

    def __init__(self, url: str, key: str, deadline_s: float) -> None:
        """`key`: any key of the books. CountersRefused for an address of no known form."""
        self._key, self._deadline_s = key, deadline_s
        self._sentinels, self._service, self._server = _read(url)
        self._connection: Any = None
        self.durable = True
        """Whether that server's counters outlive it, as far as it says."""
        self.server = ""
        """Which server it is; another one after a restart or a failover."""

    @property
    def connected(self) -> bool:
        return self._connection is not None

    def open(self) -> None:
        """Find the server, and check that it can keep books. Unreachable, or CountersRefused."""
        self.close()
        until = monotonic() + self._deadline_s
        try:
            server = self._through_sentinel(until) if self._sentinels else self._server
            self._connection = _connected(server, self._deadline_s)
            try:
                self._ask([("EXISTS", self._key)], until)
            except exceptions.MovedError as moved:
                self.close()
                server = {**server, "host": moved.host or server.get("host"), "port": moved.port}
                self._connection = _connected(server, self._deadline_s)
            facts = _facts(*self._ask([("INFO",)], until))
            self.server, self.durable = facts.get("run_id", ""), _checked(facts)
            self._load(until)
            self._ask([("EVALSHA", DIGESTS["probe"], 1, f"{self._key}:probe")], until)
        except (exceptions.AuthenticationError, exceptions.NoPermissionError) as fault:
            self.close()
            raise CountersRefused(_no_rights(type(fault).__name__)) from None
        except exceptions.ResponseError as fault:
            self.close()
            code = _code(fault)
            if code in ("NOPERM", "ResponseError"):
                raise CountersRefused(_no_rights(code)) from None
            raise Unreachable(code) from None
        except (exceptions.RedisError, OSError) as fault:
            self.close()
            raise Unreachable(_code(fault)) from None
        except BaseException:
            self.close()
            raise

    def ask(self, calls: Sequence[Call]) -> list[Answer | Refusal]:
        """One round trip, however many calls. Unreachable if any answer is not there in time."""
        if self._connection is None:
            raise Unreachable("not_connected")
        until = monotonic() + self._deadline_s
        try:
            return self._asked(calls, until)
        except (exceptions.RedisError, OSError) as fault:
            self.close()
            raise Unreachable(_code(fault)) from None
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.disconnect()

    def _asked(self, calls: Sequence[Call], until: float) -> list[Answer | Refusal]:
        commands = [("EVALSHA", DIGESTS[c.verb], len(c.keys), *c.keys, *c.arguments) for c in calls]
        found = self._send(commands, until)
        forgotten = [at for at, answer in enumerate(found) if isinstance(answer, exceptions.NoScriptError)]
        if forgotten:  # nothing was carried out of these
            self._load(until)
            again = self._send([commands[at] for at in forgotten], until)
            for at, answer in zip(forgotten, again, strict=True):
                found[at] = answer
        read = [_answer(answer) for answer in found]
        if any(isinstance(answer, Refusal) and answer.code in ELSEWHERE for answer in read):
            self.close()
        return read

    def _ask(self, commands: Sequence[tuple[Any, ...]], until: float) -> list[Any]:
        """Raises the first refusal."""
        found = self._send(commands, until)
        for answer in found:
            if isinstance(answer, Exception):
                raise answer
        return found

    def _send(self, commands: Sequence[tuple[Any, ...]], until: float) -> list[Any]:
        connection = self._connection
        connection.send_packed_command(connection.pack_commands(commands), check_health=False)
        return [_read_one(connection, until) for _ in commands]

    def _load(self, until: float) -> None:
        self._ask([("SCRIPT", "LOAD", script) for script in SCRIPTS.values()], until)

    def _through_sentinel(self, until: float) -> Mapping[str, Any]:
        """The first of Sentinels that knows says where the server is."""
        for sentinel in self._sentinels:
            try:
                self._connection = _connected(sentinel, self._deadline_s)
                (found,) = self._ask([("SENTINEL", "GET-MASTER-ADDR-BY-NAME", self._service)], until)
            except (exceptions.RedisError, OSError):
                found = None
            finally:
                self.close()
            if found:
                return {**self._server, "host": found[0].decode(), "port": int(found[1])}
        raise Unreachable("no_sentinel_knows_it")


def _read(url: str) -> tuple[list[Mapping[str, Any]], str, Mapping[str, Any]]:
    """Sentinels (none without Sentinel), the service they watch, and the server's own settings."""
    try:
        parts = urlsplit(url)
        if parts.scheme not in _SCHEMES:
            raise ValueError
        if parts.scheme != SENTINEL:
            return [], "", _parsed(url)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        own = {n: asked[f"sentinel_{n}"] for n in ("username", "password") if f"sentinel_{n}" in asked}
        user, _, hosts = parts.netloc.rpartition("@")
        service, _, database = parts.path.strip("/").partition("/")
        server = _parsed(f"redis://{user + '@' if user else ''}/{database}")
        sentinels = [{**_parsed(f"redis://{host}"), **own} for host in hosts.split(",")]
    except ValueError:
        raise CountersRefused(
            f"The address of Redis is none that can be read: it begins with {', '.join(f'{s}://' for s in _SCHEMES)}."
        ) from None
    if not service:
        raise CountersRefused(
            "The address of Redis names Sentinels, but no service: redis+sentinel://host:port/service."
        )
    return list(sentinels), service, server


def _parsed(url: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = parse_url(url)  # type: ignore[no-untyped-call]
    return found


def _connected(server: Mapping[str, Any], deadline_s: float) -> Any:
    """Connected, or raises what the library raises."""
    kind = server.get("connection_class", Connection)
    assert kind in (Connection, SSLConnection, UnixDomainSocketConnection)
    given = {name: value for name, value in server.items() if name != "connection_class"}
    own: dict[str, Any] = {
        "socket_timeout": deadline_s,
        "socket_connect_timeout": deadline_s,
        "retry": Retry(NoBackoff(), 0),
        "health_check_interval": 0,
        "protocol": 2,
        "driver_info": None,
    }
    if kind is UnixDomainSocketConnection:
        own.pop("socket_connect_timeout")
    connection = kind(**{**given, **own})
    connection.connect()
    return connection


def _read_one(connection: Any, until: float) -> Any:
    """One answer; a refusal is returned, not raised: the answers behind it are to be read too."""
    try:
        return connection.read_response(timeout=max(0.001, until - monotonic()))
    except exceptions.ResponseError as refused:
        return refused


def _answer(found: Any) -> Answer | Refusal:
    if isinstance(found, Exception):
        return Refusal(_code(found))
    word, seconds, sequence, members, *rest = (value.decode() for value in found)
    return Answer(word, int(seconds), int(sequence), int(members), tuple(rest))


def _code(fault: Exception) -> str:
    """A word of Redis's own for it, or the class: what else it says may quote values."""
    named = next((code for kind, code in _KINDS if isinstance(fault, kind)), "")
    said = str(fault)
    return named or next((code for code in _CODES if code in said), type(fault).__name__)


def _facts(info: bytes) -> dict[str, str]:
    lines = info.decode("utf-8", "replace").splitlines()
    return dict(line.split(":", 1) for line in lines if ":" in line and not line.startswith("#"))


def _checked(facts: Mapping[str, str]) -> bool:
    """Whether a server that can keep the books keeps them on disk; CountersRefused for one that cannot keep them."""
    version = facts.get("redis_version", "0")
    if tuple(int(part) for part in version.split(".")[:2] if part.isdecimal()) < _OLDEST:
        raise CountersRefused(f"Redis {version} is too old for the books: they need 6.2 or later, or Valkey.")
    policy = facts.get("maxmemory_policy", "unknown")
    if policy != "noeviction":
        raise CountersRefused(
            f"Redis may drop counters when its memory is full (maxmemory-policy {policy}), and a budget would begin "
            "again from nothing. Set maxmemory-policy noeviction."
        )
    if facts.get("role") != "master":
        raise Unreachable("READONLY")
    return facts.get("aof_enabled") == "1"


def _no_rights(code: str) -> str:
    return (
        f"Redis does not let this user keep the books ({code}). It needs the user's password, and the rights that "
        "docs/operations.md lists."
    )
