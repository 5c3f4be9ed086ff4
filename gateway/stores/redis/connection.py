"""One connection to the Redis that keeps the counters: many calls per round trip, each round trip within one deadline.

States: closed, open. `open` finds the server, checks it, and asks whether this user has the rights of the scripts.
The owner of a connection uses it in one thread at a time and closes it; any fault of a round trip closes it too.

The raw connection of redis-py is used, not its clients: a client sets a timeout per read and not per round trip, and
the pipelines of its Cluster client refuse EVALSHA. redis-py reads addresses, asks Sentinel and reads redirects.

On failure: `RedisUnreachable` for the round trip, `CallRefused` for one call, `StoreRefused` for a server that cannot
keep the counters. None of them quotes redis-py: its messages may hold values. Nothing is sent twice, except a script
that the server did not know and therefore did not run.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final

from redis import exceptions
from redis.sentinel import MasterNotFoundError

from gateway.stores.errors import StoreRefused
from gateway.stores.redis.address import ServerOptions, connected, parse_address, redirected
from gateway.stores.redis.scripts import PROBE, Script

_OLDEST: Final = (6, 2)
_CODES: Final = ("OOM", "READONLY", "NOPERM", "MISCONF", "NOREPLICAS", "LOADING", "BUSY", "CLUSTERDOWN", "MASTERDOWN")
ELSEWHERE: Final = ("READONLY", "LOADING", "CLUSTERDOWN", "MASTERDOWN", "MOVED", "ASK")
"""Codes after which another server may be the right one."""

_KINDS: Final[tuple[tuple[type[Exception], str], ...]] = (
    (MasterNotFoundError, "no_sentinel_knows_it"),
    (exceptions.MovedError, "MOVED"),
    (exceptions.AskError, "ASK"),
    (exceptions.OutOfMemoryError, "OOM"),
    (exceptions.ReadOnlyError, "READONLY"),
    (exceptions.BusyLoadingError, "LOADING"),
    (exceptions.NoPermissionError, "NOPERM"),
    (exceptions.ClusterDownError, "CLUSTERDOWN"),
    (exceptions.MasterDownError, "MASTERDOWN"),
)
"""Classes of redis-py that have replaced the code of the server."""


class RedisUnreachable(Exception):
    """No answer, or none in time; the calls may be carried out all the same. `reason` is a word of this program."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class ScriptCall:
    """One script with its keys and arguments."""

    script: Script
    keys: tuple[str, ...]
    arguments: tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class ScriptAnswer:
    """The word of a script, the server's time (seconds since the epoch), the sequence of its writes, the number of
    members, and the rest. Scripts of rates answer 0 for sequence and members."""

    word: str
    seconds: int
    sequence: int
    members: int
    rest: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CallRefused:
    """The server did not carry out one call. `code`: the server's own (`OOM`, `READONLY`, …)."""

    code: str


class RedisConnection:
    """For one thread. `url`: as `parse_address` reads it; any node of a Cluster leads to the owner of the keys."""

    def __init__(self, url: str, key: str, deadline_s: float) -> None:
        """`key`: any key of the caller. StoreRefused for an address of an unknown form."""
        self._key, self._deadline_s = key, deadline_s
        self._address = parse_address(url)
        self._connection: Any = None
        self._loaded: set[str] = set()
        """Digests of the scripts that this connection has loaded: a call never runs after later ones for want of it."""
        self.durable = True
        """Whether the server writes its counters to disk, as far as the server says."""
        self.server = ""
        """The server's run id; another one after a restart or a failover."""

    @property
    def connected(self) -> bool:
        return self._connection is not None

    def open(self) -> None:
        """Find the server, and check that the server can keep the counters. RedisUnreachable, or StoreRefused."""
        self.close()
        until = monotonic() + self._deadline_s
        try:
            self._connect(until)
            facts = _facts(*self._command(("INFO",), until=until))
            self.server, self.durable = facts.get("run_id", ""), _appends_only(facts)
            self._load([PROBE], until)
            self._command(("EVALSHA", PROBE.digest, 1, f"{self._key}:probe"), until=until)
        except (exceptions.AuthenticationError, exceptions.NoPermissionError) as fault:
            self.close()
            raise StoreRefused("redis", _no_rights(type(fault).__name__)) from None
        except exceptions.ResponseError as fault:
            self.close()
            code = _code(fault)
            if code in ("NOPERM", "ResponseError"):
                raise StoreRefused("redis", _no_rights(code)) from None
            raise RedisUnreachable(code) from None
        except (exceptions.RedisError, OSError) as fault:
            self.close()
            raise RedisUnreachable(_code(fault)) from None
        except BaseException:
            self.close()
            raise

    def call(self, calls: Sequence[ScriptCall]) -> list[ScriptAnswer | CallRefused]:
        """One round trip for all calls. RedisUnreachable unless every answer arrives in time."""
        if self._connection is None:
            raise RedisUnreachable("not_connected")
        until = monotonic() + self._deadline_s
        try:
            return self._called(calls, until)
        except (exceptions.RedisError, OSError) as fault:
            self.close()
            raise RedisUnreachable(_code(fault)) from None
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Repeatable."""
        connection, self._connection = self._connection, None
        self._loaded.clear()
        if connection is not None:
            connection.disconnect()

    def _connect(self, until: float) -> None:
        """Connect to the first candidate that answers within its share of the time. Raises the last one's fault."""
        servers = self._address.candidates(self._deadline_s)
        fault: exceptions.RedisError = exceptions.ConnectionError()
        for at, server in enumerate(servers):
            share = (until - monotonic()) / (len(servers) - at)
            try:
                self._follow(server, monotonic() + share)
            except (exceptions.ConnectionError, exceptions.TimeoutError) as failed:
                self.close()
                fault = failed
            else:
                return
        raise fault

    def _follow(self, server: ServerOptions, until: float) -> None:
        """Connect, and go on to the node of a Cluster that keeps the key."""
        self._connection = connected(server, until - monotonic())
        try:
            self._command(("EXISTS", self._key), until=until)
        except exceptions.MovedError as moved:
            self.close()
            self._connection = connected(redirected(server, moved), self._deadline_s)

    def _called(self, calls: Sequence[ScriptCall], until: float) -> list[ScriptAnswer | CallRefused]:
        if new := {c.script: None for c in calls if c.script.digest not in self._loaded}:
            self._load(new, until)
        commands = [("EVALSHA", c.script.digest, len(c.keys), *c.keys, *c.arguments) for c in calls]
        replies = self._send(commands, until)
        unknown = [at for at, reply in enumerate(replies) if isinstance(reply, exceptions.NoScriptError)]
        if unknown:  # the server forgot its scripts, and ran none of these
            self._load({calls[at].script: None for at in unknown}, until)
            again = self._send([commands[at] for at in unknown], until)
            for at, reply in zip(unknown, again, strict=True):
                replies[at] = reply
        answers = [_answer(reply) for reply in replies]
        if any(isinstance(answer, CallRefused) and answer.code in ELSEWHERE for answer in answers):
            self.close()
        return answers

    def _load(self, scripts: Collection[Script], until: float) -> None:
        self._command(*(("SCRIPT", "LOAD", script.text) for script in scripts), until=until)
        self._loaded.update(script.digest for script in scripts)

    def _command(self, *commands: tuple[Any, ...], until: float) -> list[Any]:
        """The replies. Raises the first refusal."""
        replies = self._send(commands, until)
        for reply in replies:
            if isinstance(reply, Exception):
                raise reply
        return replies

    def _send(self, commands: Sequence[tuple[Any, ...]], until: float) -> list[Any]:
        connection = self._connection
        connection.send_packed_command(connection.pack_commands(commands), check_health=False)
        return [_read_one(connection, until) for _ in commands]


def _read_one(connection: Any, until: float) -> Any:
    """One reply. A refusal is returned and not raised: the replies behind it must be read too."""
    try:
        return connection.read_response(timeout=max(0.001, until - monotonic()))
    except exceptions.ResponseError as refused:
        return refused


def _answer(reply: Any) -> ScriptAnswer | CallRefused:
    if isinstance(reply, Exception):
        return CallRefused(_code(reply))
    word, seconds, sequence, members, *rest = (value.decode() for value in reply)
    return ScriptAnswer(word, int(seconds), int(sequence), int(members), tuple(rest))


def _code(fault: Exception) -> str:
    """The server's code for a fault, or the class of the fault. The rest of a message may quote values."""
    named = next((code for kind, code in _KINDS if isinstance(fault, kind)), "")
    message = str(fault)
    return named or next((code for code in _CODES if code in message), type(fault).__name__)


def _facts(info: bytes) -> dict[str, str]:
    lines = info.decode("utf-8", "replace").splitlines()
    return dict(line.split(":", 1) for line in lines if ":" in line and not line.startswith("#"))


def _appends_only(facts: Mapping[str, str]) -> bool:
    """Whether the server keeps an append-only file. StoreRefused for a server that cannot keep the counters."""
    version = facts.get("redis_version", "0")
    if tuple(int(part) for part in version.split(".")[:2] if part.isdecimal()) < _OLDEST:
        raise StoreRefused("redis", f"Redis {version} is too old for the books: they need 6.2 or later, or Valkey.")
    policy = facts.get("maxmemory_policy", "unknown")
    if policy != "noeviction":
        raise StoreRefused(
            "redis",
            f"Redis may drop counters when its memory is full (maxmemory-policy {policy}), and a budget would begin "
            "again from nothing. Set maxmemory-policy noeviction.",
        )
    if facts.get("role") != "master":
        raise RedisUnreachable("READONLY")
    return facts.get("aof_enabled") == "1"


def _no_rights(code: str) -> str:
    return (
        f"Redis does not let this user keep the books ({code}). The user needs the right password, and the rights that "
        "docs/operations.md lists."
    )
