"""One process among those that share the counters: its lease, and its part of what was spent.

The spending of a member in Redis always follows from its journal. It joins by saying so, all of it:
which holds are open
and what was spent; so a start, a crash, a lost lease and a Redis that was emptied or is older than it was are one case,
and nothing that was sent before is carried out afterwards. When Redis was emptied or is older, a new generation begins,
and nobody holds in it before every known member has joined; when it is another server than before, before every member
that is heard of has.

Until it has joined, more may count than is true, never less.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from time import monotonic
from typing import Final, TypeVar

import orjson

from gateway.core.principal import AccountId
from gateway.stores.books.counters import Counters
from gateway.stores.books.redis_scripts import SCRIPTS
from gateway.stores.books.windows import windows_around
from gateway.stores.holds import Hold
from gateway.stores.journal.reading import process_name
from gateway.stores.redis.connection import (
    ELSEWHERE,
    CallRefused,
    RedisConnection,
    RedisUnreachable,
    ScriptAnswer,
    ScriptCall,
)
from gateway.stores.redis.key_space import KeySpace

T = TypeVar("T")

LEASE_S: Final = 60
"""For how long a member that is not heard of keeps its holds; then they count as spent."""
LIFETIMES: Final = {"hour": 3 * 3600, "day": 3 * 86400, "week": 21 * 86400, "month": 93 * 86400, "total": 0}
"""Seconds after its last change that a window's counter is kept; 0: always."""
LOST: Final = ("generation", "older", "lapsed")
"""After these words this member must join again; nothing was carried out."""
_CHUNK: Final = 500
_APART_S: Final = 14 * 3600
"""No time zone is further away from UTC."""


@dataclass(frozen=True, slots=True)
class CounterMemory:
    """The journal's record of the shared counters: enough to notice, after a start, that they were lost."""

    member: str
    generation: str = ""
    sequence: int = 0
    members: tuple[str, ...] = ()


def recall(connection: sqlite3.Connection) -> CounterMemory:
    """The record in the journal."""
    row = connection.execute("SELECT value FROM shared WHERE name = 'known'").fetchone()
    known = orjson.loads(row[0]) if row else {}
    return CounterMemory(
        process_name(connection),
        known.get("generation", ""),
        known.get("sequence", 0),
        tuple(known.get("members", ())),
    )


def remember(memory: CounterMemory, connection: sqlite3.Connection) -> None:
    known = {"generation": memory.generation, "sequence": memory.sequence, "members": memory.members}
    connection.execute("INSERT OR REPLACE INTO shared VALUES ('known', ?)", (orjson.dumps(known).decode(),))


class CounterKeys(KeySpace):
    """Names and records of the shared counters."""

    __slots__ = ()

    def account(self, account: AccountId, window: str) -> str:
        return self("account", account, window)

    def record(self, hold: Hold) -> str:
        """A hold as Redis keeps it: the amount, and a line for each counter that counts it."""
        windows = windows_around(hold.at, hold.zone)
        lines = (f"\n{LIFETIMES[w]} {self.account(a, windows[w])}" for a in hold.accounts for w in windows)
        return str(hold.amount) + "".join(lines)


class Member:
    """For one thread. Every method may raise RedisUnreachable."""

    def __init__(
        self, connection: RedisConnection, keys: CounterKeys, memory: CounterMemory, lease_s: int = LEASE_S
    ) -> None:
        self._connection, self._lease_s = connection, lease_s
        self.keys, self.memory = keys, memory
        self.joined = False
        self.missing = 0
        """Members that have not joined in this generation, as far as is known here."""
        self.strangers = False
        """Whether there are others than it knows of: then it should renew at once, to know them if Redis is emptied."""
        self._ahead = 0.0
        self._session = ""

    def now(self) -> int:
        """The server's time, as far as it can be told from its last answer. Seconds since the epoch."""
        return int(monotonic() + self._ahead)

    def call(self, verb: str, keys: Iterable[str], arguments: Iterable[str | int]) -> ScriptCall:
        """A call that says who calls, and what it believes."""
        memory = self.memory
        before, who = (self.keys("state"), self.keys("leases")), f"{memory.member}/{self._session}"
        return ScriptCall(SCRIPTS[verb], (*before, *keys), (who, memory.generation, memory.sequence, *arguments))

    def ask(self, calls: Sequence[ScriptCall]) -> list[ScriptAnswer | CallRefused]:
        """One round trip. Learns from the answers whether this member is still one."""
        try:
            answers = self._connection.call(calls)
        except RedisUnreachable:
            self.joined = False
            raise
        for answer in answers:
            if isinstance(answer, ScriptAnswer):
                self._learn(answer)
            elif answer.code in ELSEWHERE:
                self.joined = False
        return answers

    def join(self, fold: Counters) -> None:
        """Say everything; from then on this member may hold, once all others have joined too."""
        self.joined = False
        if not self._connection.connected:
            self._connection.open()
        new, self._session = secrets.token_hex(8), secrets.token_hex(4)
        entered = self._one(
            "enter", [self.keys("members")], (new, self._connection.server, *self.memory.members), "entered"
        )
        self.memory = replace(self.memory, generation=entered.rest[0])
        spent, holds = fold.standing()
        for some in _chunks(holds, first=True):
            texts = [text for hold in some for text in (hold.id, self.keys.record(hold))]
            self._one("restore", [self.holds], (self._lease_s, *texts), "restored")
        for counters in _chunks(self._present(spent, holds)):
            keys = [self.keys.account(account, window) for account, window, _ in counters]
            texts = [text for _, window, amount in counters for text in (str(amount), _lifetime(window))]
            self._one("replace", keys, texts, "replaced")
        own = [self.keys("members"), self.holds, self.keys("lapsed", self.memory.member)]
        joined = self._one("join", own, [hold.id for hold in holds], "joined")
        self._meet(joined)
        self.joined, self.strangers = True, False

    def renew(self) -> None:
        """Prolong the lease; see who the members are, and settle for those that are not heard of."""
        arguments = (self._lease_s, self.keys("holds", ""), self.keys("lapsed", ""))
        (answer,) = self.ask([self.call("renew", [self.keys("members")], arguments)])
        self.strangers = False
        if isinstance(answer, ScriptAnswer) and answer.word == "renewed":
            self._meet(answer)

    def leave(self) -> None:
        """The end of an orderly process: with nothing held, nobody needs to wait for its lease to end."""
        try:
            self.ask([self.call("leave", [self.holds], ())])
        finally:
            self.close()

    def close(self) -> None:
        self.joined = False
        self._connection.close()

    @property
    def holds(self) -> str:
        return self.keys("holds", self.memory.member)

    def _one(self, verb: str, keys: Sequence[str], arguments: Sequence[str | int], word: str) -> ScriptAnswer:
        """The answer to one call, which must be that word."""
        (answer,) = self.ask([self.call(verb, keys, arguments)])
        if isinstance(answer, ScriptAnswer) and answer.word == word:
            return answer
        raise RedisUnreachable(answer.word if isinstance(answer, ScriptAnswer) else answer.code)

    def _learn(self, answer: ScriptAnswer) -> None:
        self._ahead = answer.seconds - monotonic()
        self.strangers = answer.members != len(self.memory.members)
        if answer.word in LOST:
            self.joined = False
        elif answer.sequence > self.memory.sequence:
            self.memory = replace(self.memory, sequence=answer.sequence)

    def _meet(self, answer: ScriptAnswer) -> None:
        missing, *members = answer.rest
        self.missing = int(missing)
        self.memory = replace(self.memory, members=tuple(sorted(members)))

    def _present(
        self, spent: dict[tuple[AccountId, str], int], holds: Iterable[Hold]
    ) -> list[tuple[AccountId, str, int]]:
        """Spending in windows that still matter, in any time zone."""
        windows = _around(self.now()) | {n for hold in holds for n in windows_around(hold.at, hold.zone).values()}
        return [(account, window, amount) for (account, window), amount in spent.items() if window in windows]


def present_windows(at: int) -> frozenset[str]:
    """The windows in which a member that joined at any time before has all that it spent, in whichever time zone.

    An hour is that of UTC everywhere; of an earlier one a member that joins says nothing.
    """
    hours = {windows_around(at + apart)["hour"] for apart in (-_APART_S, _APART_S)}
    return _around(at) - hours


def _around(at: int) -> frozenset[str]:
    """The names of all windows that a moment is in, in any time zone."""
    moments = (at - _APART_S, at, at + _APART_S)
    return frozenset(name for moment in moments for name in windows_around(moment).values())


def _lifetime(window: str) -> str:
    """Of a window's counter, by the form of its name."""
    kinds = {name: kind for kind, name in windows_around(0).items()}
    return next((str(LIFETIMES[kind]) for name, kind in kinds.items() if len(name) == len(window)), "0")


def _chunks(items: Sequence[T], *, first: bool = False) -> Iterator[Sequence[T]]:
    """`first`: one chunk at least, though it be empty."""
    for begin in range(0, max(len(items), int(first)), _CHUNK):
        yield items[begin : begin + _CHUNK]
