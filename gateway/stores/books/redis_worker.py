"""The thread that speaks to the shared counters: whatever waits when it is free goes in one round trip.

Ended holds go before new ones, so that released money can be held at once. Failure rule: while Redis is away,
whoever asks is told so; what has ended is kept, and said again until it is confirmed.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import threading
from collections.abc import Sequence
from functools import partial
from time import monotonic
from typing import Final

from gateway.core.errors import Unavailable
from gateway.stores.books.counters import Counters, CountersListener, CountersState
from gateway.stores.books.redis_commands import CounterCommand, HoldCommand, SettleCommand
from gateway.stores.books.redis_member import LEASE_S, LOST, Member, remember
from gateway.stores.errors import StoreRefused
from gateway.stores.journal.journal import Journal
from gateway.stores.redis.connection import CallRefused, RedisUnreachable, ScriptAnswer
from gateway.stores.redis.pipeline import LARGEST_BATCH, Pipeline, resolve

_RENEWAL_S: Final = 2.0
"""Between two renewals of the lease, which is much longer: each shows who the others are."""
_NOTE_S: Final = LEASE_S / 6
"""Between two notes in the journal of how far the counters have come."""
_PAUSE_S: Final = 0.1
"""Between two tries to reach Redis, or to say what it refused to hear."""
_IDLE_S: Final = 1.0
"""The same while nobody asks."""
_FAREWELL_S: Final = 2.0
_LARGEST_QUEUE: Final = 20_000


class CounterWorker:
    """`begin` starts it, `close` ends it. `ask`, `end`, `tell_again` and `unconfirmed` may be called from any thread;
    the rest is the carrier's part in its pipeline."""

    def __init__(self, member: Member, journal: Journal, tell: CountersListener) -> None:
        self._member, self._journal, self._tell = member, journal, tell
        self._fold = Counters()
        self._pipeline: Pipeline[CounterCommand] = Pipeline("counters", self, _FAREWELL_S)
        self._lock = threading.Lock()
        self._ended: dict[str, SettleCommand] = {}
        self._noted = member.memory
        self._said: tuple[CountersState, str] | None = None
        self._reason = "not_connected"
        self._renew_at = self._try_at = self._note_at = 0.0
        self._anew = threading.Event()

    @property
    def is_joined(self) -> bool:
        """Whether holds are taken: the last state that was told."""
        return self._said is not None and self._said[0] == "joined"

    def begin(self, fold: Counters) -> None:
        """`fold`: the holds and the spending of this process. Returns after an attempt to join."""
        self._fold = fold
        self._pipeline.start(_FAREWELL_S)

    def ask(self, command: CounterCommand) -> None:
        """Carry the command, and resolve its future. Unavailable if too many wait."""
        if self._pipeline.waiting >= _LARGEST_QUEUE:
            raise Unavailable("overloaded", "Too many requests wait for the counters.")
        self._pipeline.put(command)

    def end(self, hold: str, cost: int) -> None:
        """Say that the hold has ended, until Redis confirms it."""
        with self._lock:
            self._ended.setdefault(hold, SettleCommand(hold, cost))
        self._pipeline.wake()

    def tell_again(self) -> None:
        """Say once more all that was spent, by joining again: for a change that belongs to no hold."""
        self._anew.set()
        self._pipeline.wake()

    def unconfirmed(self, holds: Sequence[str]) -> list[asyncio.Future[None]]:
        """One future for each of these holds that has ended and is not confirmed."""
        loop = asyncio.get_running_loop()
        with self._lock:
            ended = [settle for hold in holds if (settle := self._ended.get(hold)) is not None]
            futures: list[asyncio.Future[None]] = [loop.create_future() for _ in ended]
            for each, future in zip(ended, futures, strict=True):
                each.waiting.append(future)
        return futures

    def close(self) -> None:
        """Say what is left to say, for two seconds at most, and take leave. Repeatable."""
        self._pipeline.close()

    def idle_s(self) -> float:
        return max(0.0, self._idle_until() - monotonic())

    def carry(self, items: Sequence[CounterCommand]) -> Sequence[CounterCommand]:
        try:
            return self._exchange(items)
        except (RedisUnreachable, StoreRefused):
            raise
        except BaseException:
            self._member.close()  # what the answers said is lost: join again
            raise
        finally:
            self._remember()

    def lost(self, items: Sequence[CounterCommand], reason: str) -> None:
        """Joining again undoes commands that may have been carried out."""
        for command in items:
            command.failed(reason)
        self._away(reason)

    def unfinished(self) -> bool:
        return bool(self._ended)

    def leave(self, unsent: Sequence[CounterCommand]) -> None:
        for command in unsent:
            command.failed("closed")
        with contextlib.suppress(RedisUnreachable):
            self._member.leave()
        self._note_at = 0.0
        self._remember()

    def _idle_until(self) -> float:
        if not self._member.joined:
            return self._try_at + (0 if self._ended else _IDLE_S - _PAUSE_S)
        renew_at = 0.0 if self._member.strangers else self._renew_at
        return min(renew_at, self._try_at) if self._ended else renew_at

    def _tend(self) -> None:
        """Join, or renew the lease, if it is time."""
        member, now = self._member, monotonic()
        if self._anew.is_set():
            self._anew.clear()  # before it is said: what changes meanwhile is said once more
            member.joined, self._try_at = False, 0.0
        if member.joined and not member.strangers and now < self._renew_at:
            return
        if member.joined:
            member.renew()
        if not member.joined and now >= self._try_at:
            member.join(self._fold)
        if member.joined:
            self._renew_at = now + _RENEWAL_S
            self._say(
                "waiting" if member.missing else "joined",
                str(member.missing) if member.missing else member.memory.member,
            )

    def _exchange(self, commands: Sequence[CounterCommand]) -> list[CounterCommand]:
        """One round trip for all that waits. Returns the commands to send once more."""
        self._tend()
        if not self._member.joined:
            raise RedisUnreachable(self._reason)
        leaving = [each for each in commands if not isinstance(each, HoldCommand) or each.leaves()]
        with self._lock:
            ended = list(itertools.islice(self._ended.values(), LARGEST_BATCH))
        calls = [each.call(self._member) for each in (*ended, *leaving)]
        answers = self._member.ask(calls) if calls else []
        self._confirm(ended, answers)
        return [each for each, answer in zip(leaving, answers[len(ended) :], strict=True) if each.answered(answer)]

    def _confirm(self, ended: Sequence[SettleCommand], answers: Sequence[ScriptAnswer | CallRefused]) -> None:
        """Forget what Redis has heard; the others are said again, at once after this member has joined again."""
        confirmed: list[asyncio.Future[None]] = []
        self._try_at = 0.0
        with self._lock:
            for each, answer in zip(ended, answers, strict=False):
                if isinstance(answer, CallRefused):
                    self._try_at = monotonic() + _PAUSE_S
                    self._ended[each.hold] = self._ended.pop(each.hold)  # behind those that were not said yet
                elif answer.word not in LOST:
                    self._ended.pop(each.hold, None)
                    confirmed += each.waiting
        for future in confirmed:
            resolve(future, None)

    def _away(self, reason: str) -> None:
        self._reason = reason
        if monotonic() >= self._try_at:
            self._try_at = monotonic() + _PAUSE_S
        self._say("unavailable", reason)

    def _say(self, state: CountersState, what: str) -> None:
        if self._said != (state, what):
            self._said = (state, what)
            self._tell(state, what)

    def _remember(self) -> None:
        """Keep in the journal what is to be known after a start: the sequence about as often as the lease."""
        memory, noted = self._member.memory, self._noted
        overdue = monotonic() >= self._note_at and memory.sequence != noted.sequence
        if (memory.generation, memory.members) != (noted.generation, noted.members) or overdue:
            self._noted, self._note_at = memory, monotonic() + _NOTE_S
            self._journal.post(partial(remember, memory))
