"""Members that share the counters in a Redis, and their counts, read from outside.

On failure: Unavailable, with the server's own code; nothing is tried twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from gateway.core.errors import Unavailable
from gateway.core.principal import AccountId
from gateway.stores.audit.redis_scripts import ACCOUNTS, FORGET, MEMBERS
from gateway.stores.books.redis_member import CounterKeys
from gateway.stores.redis.connection import RedisConnection, RedisUnreachable, ScriptAnswer, ScriptCall
from gateway.stores.redis.scripts import Script

_DEADLINE_S: Final = 5.0
_NOBODY: Final = "/"
_AT_ONCE: Final = 200
"""Counters of one question: each is a single step, in which Redis does nothing else."""
_BILLION: Final = 10**9

ForgetResult: TypeAlias = Literal["joined", "missing", "alive", "unknown"]
"""State of a member that is to be struck off: it had reported all its spending, or had not; it is alive; the name is
unknown. The last two are left as they are."""


@dataclass(frozen=True, slots=True)
class ListedMember:
    """One member. `joined`: it has said what it spent since the present generation began; `alive`: it was heard of
    within the last minute, and has not left; `lapsed`: holds that its death left, which count as spent."""

    member: str
    joined: bool
    alive: bool
    holds: int
    lapsed: int


@dataclass(frozen=True, slots=True)
class Roster:
    """All members at one moment of the server's time, in seconds since the epoch. `generation` is "" where Redis holds
    no books."""

    generation: str
    seconds: int
    members: tuple[ListedMember, ...]


@dataclass(frozen=True, slots=True)
class CounterState:
    """One counter: used in all, held, each member's part of what was spent, and what open holds come to. Nano-units."""

    used: int = 0
    held: int = 0
    spent: dict[str, int] = field(default_factory=dict)
    lapsed: int = 0
    open: int = 0

    @property
    def adds_up(self) -> bool:
        return self.used == self.held + self.lapsed + sum(self.spent.values()) and self.held == self.open


class BooksVisit:
    """A connection of somebody who looks after the books. Use `visiting`."""

    def __init__(self, connection: RedisConnection, keys: CounterKeys) -> None:
        self._connection, self._keys = connection, keys

    def roster(self) -> Roster:
        answer = self._ask(MEMBERS, (), (_NOBODY, *self._prefixes))
        generation, *rest = answer.rest
        listed = [
            ListedMember(name, joined == generation, alive == "1", int(holds), int(lapsed))
            for name, joined, alive, holds, lapsed in zip(*(rest[at::5] for at in range(5)), strict=True)
        ]
        return Roster(generation, answer.seconds, tuple(sorted(listed, key=lambda member: member.member)))

    def counters(self, names: Sequence[tuple[AccountId, str]]) -> dict[tuple[AccountId, str], CounterState]:
        """Counts under these (account, name of a window)."""
        states: dict[tuple[AccountId, str], CounterState] = {}
        for first in range(0, len(names), _AT_ONCE):
            some = names[first : first + _AT_ONCE]
            answer = self._ask(
                ACCOUNTS, [self._keys.account(*name) for name in some], (_NOBODY, self._keys("holds", ""))
            )
            texts = iter(answer.rest)
            states |= {name: _kept(texts) for name in some}
        return states

    def forget(self, member: str) -> ForgetResult:
        """Strike it off, unless it is alive."""
        answer = self._ask(FORGET, (), (f"{member}/", *self._prefixes))
        words: dict[str, ForgetResult] = {
            "alive": "alive",
            "unknown": "unknown",
            "joined": "joined",
            "missing": "missing",
        }
        return words[answer.rest[0] if answer.word == "forgotten" else answer.word]

    @property
    def _prefixes(self) -> tuple[str, str]:
        return self._keys("holds", ""), self._keys("lapsed", "")

    def _ask(self, script: Script, keys: Sequence[str], arguments: Sequence[str]) -> ScriptAnswer:
        names = (self._keys("state"), self._keys("leases"), self._keys("members"), *keys)
        try:
            (answer,) = self._connection.call([ScriptCall(script, names, tuple(arguments))])
        except RedisUnreachable as fault:
            raise _away(fault.reason) from None
        if isinstance(answer, ScriptAnswer):
            return answer
        raise _away(answer.code)


@contextmanager
def visiting(url: str, books: str) -> Iterator[BooksVisit]:
    """`books`: whose they are. Unavailable, or StoreRefused if that Redis can keep none."""
    keys = CounterKeys(books)
    connection = RedisConnection(url, keys("state"), _DEADLINE_S)
    try:
        connection.open()
    except RedisUnreachable as fault:
        raise _away(fault.reason) from None
    try:
        yield BooksVisit(connection, keys)
    finally:
        connection.close()


def _away(reason: str) -> Unavailable:
    return Unavailable("books_unavailable", f"Redis cannot be asked ({reason}).")


def _kept(texts: Iterator[str]) -> CounterState:
    """One counter of the answer, whose other texts are left."""
    fields = {next(texts): int(next(texts)) for _ in range(int(next(texts)))}
    parts = {name.removeprefix("m:"): amount for name, amount in fields.items() if name.startswith("m:")}
    lapsed = sum(amount for name, amount in fields.items() if name.startswith("l:"))
    held = int(next(texts)) * _BILLION + int(next(texts))
    return CounterState(fields.get("u", 0), fields.get("h", 0), parts, lapsed, held)
