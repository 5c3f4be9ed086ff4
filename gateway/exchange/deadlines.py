"""The deadlines of one exchange, and its client's departure: everything that cuts a running exchange short.

Why not the scopes of a library: they cost 7 µs each, and an exchange has a dozen. Here there is one timer for all of an
exchange's deadlines, which is moved only when an earlier one is set; a deadline costs a comparison, and the end of a
block costs nothing while nothing has come.

A cut is delivered once, as a cancellation of the task where it waits. INVARIANT: only this module cancels it; a
cancellation that comes from elsewhere is nobody's deadline, and goes through.
"""

from __future__ import annotations

import asyncio
import math
from types import TracebackType

_NEVER = math.inf


class DeadlineScope:
    """The deadlines of one task: the one that opens the first block, and all others."""

    __slots__ = ("_cancelled", "_left", "_limits", "_loop", "_missed", "_rings_at", "_task", "_timer", "_told")

    def __init__(self) -> None:
        self._limits: list[Deadline] = []
        self._timer: asyncio.TimerHandle | None = None
        self._rings_at = _NEVER
        self._left = self._told = self._cancelled = False
        self._missed = False  # something came that could not be told: looked for behind the shield
        self._task: asyncio.Task[object] | None = None

    def within(self, seconds: float, *, shielded: bool = False) -> Deadline:
        """A block that may take so long; what passes earlier than its end ends it. `shielded`: nothing else ends it,
        and what came meanwhile is delivered behind it. Raises CancelledError if the client left before the first."""
        if self._task is None:
            self._begin()
        return Deadline(self, self._loop.time() + seconds, shielded)

    def now(self) -> float:
        """Seconds, in the loop's time."""
        return self._loop.time()

    def leave(self) -> None:
        """The client has left: cut everything but what is shielded. Safe to call at any time."""
        self._left = True
        if self._task is not None:
            self._look()

    def departed(self) -> bool:
        """Whether the cancellation that is being handled says that the client has left, and no more than that."""
        self._delivered()
        return self._told

    def close(self) -> None:
        """Nothing more is watched."""
        self._task = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer, self._rings_at = None, _NEVER

    def _begin(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task()
        if self._left:
            self._catch_up()

    def _due(self) -> bool:
        """Whether something has come that may end the innermost block, which is marked."""
        now = self._loop.time()
        shield = self._shield()
        self._missed = shield >= 0
        if self._left and not self._told and shield < 0:
            self._told = True
            return True
        for limit in self._limits[max(0, shield) :]:
            if limit.at <= now and not limit.passed:
                limit.passed = True
                return True
        return False

    def _shield(self) -> int:
        """Where the innermost shield stands; -1 if there is none."""
        return next((n for n in range(len(self._limits) - 1, -1, -1) if self._limits[n].shielded), -1)

    def _look(self) -> None:
        """From outside the task: cancel it where it waits, or wait for the next deadline."""
        if self._task is None or self._cancelled:
            self._missed = True
            return
        if self._due():
            self._cancelled = True
            self._task.cancel()
        else:
            self._arm()

    def _catch_up(self) -> None:
        """From inside the task: the same, at once."""
        if self._due():
            raise asyncio.CancelledError
        self._arm()

    def _arm(self) -> None:
        watched = self._limits[max(0, self._shield()) :]  # what a shield keeps out is looked at behind it
        next_at = min((limit.at for limit in watched if not limit.passed), default=_NEVER)
        if next_at < self._rings_at:
            self._set(next_at)

    def _set(self, at: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._rings_at = at
        self._timer = self._loop.call_at(at, self._ring)

    def _ring(self) -> None:
        self._timer, self._rings_at = None, _NEVER
        self._look()

    def _ended(self, limit: Deadline, kind: type[BaseException]) -> bool:
        """Whether what ends the block is the cancellation of this limit, and ends here."""
        self._delivered()
        if limit.shielded:
            self._loop.call_soon(self._look)
        own = limit.passed and self._told is limit.told_before
        if not own or kind is not asyncio.CancelledError:
            return False
        self._catch_up()
        return True

    def _delivered(self) -> None:
        if self._cancelled and self._task is not None:
            self._task.uncancel()
        self._cancelled = False


class Deadline:
    """A block with a deadline. `at`: in the loop's time. `passed`: whether it came before the end of the block.

    It is one with its watch.
    """

    __slots__ = ("_watch", "at", "passed", "shielded", "told_before")

    def __init__(self, watch: DeadlineScope, at: float, shielded: bool) -> None:
        self._watch, self.at, self.shielded = watch, at, shielded
        self.passed = False

    def __enter__(self) -> Deadline:
        watch = self._watch
        self.told_before = watch._told
        watch._limits.append(self)
        if self.at < watch._rings_at:
            watch._set(self.at)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _fault: BaseException | None, _trace: TracebackType | None
    ) -> bool:
        watch = self._watch
        watch._limits.pop()
        if kind is not None:
            return watch._ended(self, kind)
        if watch._missed and self.shielded:
            watch._catch_up()
        return False

    def move(self, at: float) -> None:
        """Another deadline from now on; infinite for none."""
        self.at = at
        if at < self._watch._rings_at:
            self._watch._set(at)

    def cut(self) -> None:
        """Let it pass now. Safe to call at any time, from anywhere in the loop."""
        self.at = 0.0
        self._watch._look()
