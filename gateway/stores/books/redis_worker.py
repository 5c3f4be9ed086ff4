"""The thread that speaks to the shared counters: whatever waits when it is free goes in one round trip.

What has ended goes before what is asked, so that released money can be held at once. Failure rule: while Redis is away,
whoever asks is told so; what has ended is kept, and said again until it is confirmed.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Sequence
from functools import partial
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Final

from gateway.core.errors import Unavailable
from gateway.stores.books.counters import Counters, CountersRefused, State, Tell
from gateway.stores.books.redis_commands import Asked, HoldAsked, HoldEnded, resolve
from gateway.stores.books.redis_member import LEASE_S, LOST, Member, remember
from gateway.stores.journal.journal import Journal
from gateway.stores.redis.connection import Answer, Refusal, Unreachable

_RENEWAL_S: Final = 2.0
"""Between two renewals of the lease, which is much longer: each shows who the others are."""
_NOTE_S: Final = LEASE_S / 6
"""Between two notes in the journal of how far the counters have come."""
_PAUSE_S: Final = 0.1
"""Between two tries to reach Redis, or to say what it refused to hear."""
_IDLE_S: Final = 1.0
"""The same while nobody asks."""
_FAREWELL_S: Final = 2.0
_LARGEST_BATCH: Final = 256
_LARGEST_QUEUE: Final = 20_000


class Courier:
    """`begin` starts it, `close` ends it. The other methods may be called from any thread."""

    def __init__(self, member: Member, journal: Journal, tell: Tell) -> None:
        self._member, self._journal, self._tell = member, journal, tell
        self._fold = Counters()
        self._queue: SimpleQueue[Asked | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._ended: dict[str, HoldEnded] = {}
        self._again: list[Asked] = []
        self._kept = member.memory
        self._said: tuple[State, str] | None = None
        self._reason = "not_connected"
        self._renew_at = self._try_at = self._note_at = 0.0
        self._closing_at: float | None = None
        self._tried, self._anew = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="counters", daemon=True)

    def begin(self, fold: Counters) -> None:
        """`fold`: what this process holds and has spent. Returns once it has tried to join."""
        self._fold = fold
        self._thread.start()
        self._tried.wait(_FAREWELL_S)

    def ask(self, asked: Asked) -> None:
        """Carry it, and resolve its future. Unavailable if too many wait."""
        if self._queue.qsize() >= _LARGEST_QUEUE:
            raise Unavailable("overloaded", "Too many requests wait for the counters.")
        self._queue.put(asked)

    def end(self, hold: str, cost: int) -> None:
        """Say that the hold has ended, until that is confirmed."""
        with self._lock:
            self._ended.setdefault(hold, HoldEnded(hold, cost))
        self._queue.put(None)

    def tell_again(self) -> None:
        """Say all that was spent once more, by joining again: for what changed it and was no hold."""
        self._anew.set()
        self._queue.put(None)

    def unconfirmed(self, holds: Sequence[str]) -> list[asyncio.Future[None]]:
        """One future for each of these that have ended and are not confirmed."""
        loop = asyncio.get_running_loop()
        with self._lock:
            ended = [found for hold in holds if (found := self._ended.get(hold)) is not None]
            futures: list[asyncio.Future[None]] = [loop.create_future() for _ in ended]
            for each, future in zip(ended, futures, strict=True):
                each.waiting.append(future)
        return futures

    def close(self) -> None:
        """Say what is left to say, for two seconds at most, and take leave. Repeatable."""
        if self._thread.is_alive():
            self._closing_at = monotonic() + _FAREWELL_S
            self._queue.put(None)
            self._thread.join()

    def _run(self) -> None:
        while self._closing_at is None or (self._ended and monotonic() < self._closing_at):
            try:
                self._exchange(self._gathered())
            except Unreachable as fault:
                self._away(fault.reason)
            except CountersRefused:
                self._away("refused")
            except Exception as fault:  # noqa: BLE001  # whoever waits meets a deadline; the courier lives on
                self._member.close()
                self._away(type(fault).__name__)
            self._tried.set()
            self._remember()
        with contextlib.suppress(Unreachable):
            self._member.leave()
        self._note_at = 0.0
        self._remember()

    def _gathered(self) -> list[Asked]:
        """What is asked; waits for it until there is something else to do."""
        found, self._again = self._again, []
        with contextlib.suppress(Empty):
            item = self._queue.get(timeout=0.0 if found else max(0.0, self._idle_until() - monotonic()))
            while True:
                found += [] if item is None else [item]
                if len(found) >= _LARGEST_BATCH:
                    break
                item = self._queue.get_nowait()
        return found

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

    def _exchange(self, asked: Sequence[Asked]) -> None:
        """One round trip for all that waits."""
        leaving: list[Asked] = []
        try:
            self._tend()
            if not self._member.joined:
                raise Unreachable(self._reason)
            leaving = [each for each in asked if not isinstance(each, HoldAsked) or each.leaves()]
            with self._lock:
                ended = list(self._ended.values())[:_LARGEST_BATCH]
            calls = [each.call(self._member) for each in (*ended, *leaving)]
            answers = self._member.ask(calls) if calls else []
        except (Unreachable, CountersRefused) as fault:
            for each in asked:  # what may have been carried out is undone by joining again
                each.failed(fault.reason if isinstance(fault, Unreachable) else "refused")
            raise
        self._confirm(ended, answers)
        for each, answer in zip(leaving, answers[len(ended) :], strict=True):
            if each.answered(answer):
                self._again.append(each)

    def _confirm(self, ended: Sequence[HoldEnded], answers: Sequence[Answer | Refusal]) -> None:
        """Forget what Redis has heard; the others are said again, at once after this member has joined again."""
        confirmed: list[asyncio.Future[None]] = []
        self._try_at = 0.0
        with self._lock:
            for each, answer in zip(ended, answers, strict=False):
                if isinstance(answer, Refusal):
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

    def _say(self, state: State, what: str) -> None:
        if self._said != (state, what):
            self._said = (state, what)
            self._tell(state, what)

    def _remember(self) -> None:
        """Keep in the journal what is to be known after a start: the sequence about as often as the lease."""
        memory, kept = self._member.memory, self._kept
        overdue = monotonic() >= self._note_at and memory.sequence != kept.sequence
        if (memory.generation, memory.members) != (kept.generation, kept.members) or overdue:
            self._kept, self._note_at = memory, monotonic() + _NOTE_S
            self._journal.post(partial(remember, memory))
