"""Deadlines of one exchange, and the departure of its client: everything that ends a running exchange early.

A scope of anyio costs 7 µs, and an exchange opens a dozen. Here one timer serves all deadlines of an exchange, and is
set anew only for an earlier deadline. A block costs a comparison to open, and nothing to leave while nothing is due.

Each interruption cancels the task once, where the task waits. The outermost block that is due ends; a block within it
ends with it. INVARIANT: this module takes back (`Task.uncancel`) exactly the cancellations that it requested. A
cancellation from elsewhere always goes through, also when it comes in the same turn of the loop as an interruption of
ours, where asyncio raises one CancelledError for both.
"""

from __future__ import annotations

import asyncio
import math
from types import TracebackType

_NEVER = math.inf


class DeadlineScope:
    """The deadlines of one task, which opens every block."""

    __slots__ = (
        "_alarm_at",
        "_blocks",
        "_cancellations_before",
        "_departed",
        "_held_off",
        "_left",
        "_loop",
        "_requested",
        "_task",
        "_timer",
    )

    def __init__(self) -> None:
        self._blocks: list[Deadline] = []
        self._timer: asyncio.TimerHandle | None = None
        self._alarm_at = _NEVER
        self._left = False
        self._departed = False  # the departure was delivered to the task
        self._requested = False  # a cancellation of ours that was not taken back
        self._held_off = False  # something may be due that a shield, or a requested cancellation, holds off
        self._task: asyncio.Task[object] | None = None
        self._cancellations_before = 0

    def within(self, seconds: float, *, shielded: bool = False) -> Deadline:
        """A block that ends after so many seconds. Nothing outside a shielded block ends that block; deadlines and a
        departure that come meanwhile are delivered behind it.

        Raises CancelledError if the client left before the first block.
        """
        if self._task is None:
            self._begin()
        return Deadline(self, self._loop.time() + seconds, shielded)

    def now(self) -> float:
        """Seconds, in the loop's time."""
        return self._loop.time()

    def leave(self) -> None:
        """The client has left: end every block that is not shielded. Safe to call at any time in the loop."""
        self._left = True
        self._look()

    def departed(self) -> bool:
        """Whether the CancelledError in hand says that the client has left, and nothing else cancelled the task."""
        self._take_back()
        return self._departed and (self._task is None or self._task.cancelling() <= self._cancellations_before)

    def close(self) -> None:
        """Stop the timer. The next block begins anew."""
        self._task = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer, self._alarm_at = None, _NEVER

    def _begin(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._task = task = asyncio.current_task()
        assert task is not None, "a deadline needs a task"
        self._cancellations_before = task.cancelling()
        if self._left:
            self._catch_up()

    def _shield(self) -> int:
        """Index of the innermost shielded block; -1 without one."""
        return next((n for n in range(len(self._blocks) - 1, -1, -1) if self._blocks[n].shielded), -1)

    def _exposed(self) -> list[Deadline]:
        """Open blocks that may end now: the innermost shielded one and those within it, or all."""
        return self._blocks[max(0, self._shield()) :]

    def _due(self, now: float) -> bool:
        """Whether something is due that may interrupt the task now. The block or the departure is marked."""
        shielded = self._shield() >= 0
        self._held_off = shielded
        if self._left and not self._departed and not shielded:
            self._departed = True
            return True
        for block in self._exposed():
            if block.at <= now and not block.passed:
                block.passed = True
                return True
        return False

    def _look(self) -> None:
        """Interrupt the task if something is due. Called in the loop; the task itself is interrupted when it waits."""
        if self._task is None:
            return
        now = self._loop.time()
        if asyncio.current_task() is self._task:
            self._loop.call_soon(self._look)
        elif self._requested:
            self._held_off = True
        elif self._due(now):
            self._requested = True
            self._task.cancel()
        self._arm(now)

    def _catch_up(self) -> None:
        """Interrupt the task if something is due. Called by the task."""
        now = self._loop.time()
        due = self._due(now)
        self._arm(now)
        if due:
            raise asyncio.CancelledError

    def _arm(self, now: float) -> None:
        """Set the timer for the next block. `now`: the reading of the clock by which `_due` judged. A second reading
        could be past a block that the first one was not, and no timer would ring for it."""
        next_at = min((block.at for block in self._exposed() if not block.passed), default=_NEVER)
        if now < next_at < self._alarm_at:  # what is due already is looked at where it is held off
            self._set(next_at)

    def _set(self, at: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._alarm_at = at
        self._timer = self._loop.call_at(at, self._ring)

    def _ring(self) -> None:
        self._timer, self._alarm_at = None, _NEVER
        self._look()

    def _take_back(self) -> None:
        """The task runs, so that the requested cancellation has reached it."""
        if self._requested and self._task is not None:
            self._task.uncancel()
        self._requested = False

    def _ends_here(self, block: Deadline, kind: type[BaseException]) -> bool:
        """Whether the exception that leaves `block`, already closed, is the end of that block alone."""
        if block.shielded or self._held_off or self._requested:  # whatever leaves it, somebody around it may be due
            self._loop.call_soon(self._look)
        self._take_back()
        if not block.passed or kind is not asyncio.CancelledError or self._is_interrupted_around(block):
            return False
        self._catch_up()
        return True

    def _is_interrupted_around(self, block: Deadline) -> bool:
        """Whether the task is cancelled from elsewhere, by its client's departure, or by a block around `block`."""
        task = self._task
        cancelled = task is not None and task.cancelling() > block.cancellations_before
        if cancelled or self._departed is not block.departed_before:
            return True
        return not block.shielded and any(outer.passed for outer in self._exposed())


class Deadline:
    """A block with a deadline. `at`: in the loop's time. `passed`: whether the deadline ended the block."""

    __slots__ = ("_scope", "at", "cancellations_before", "departed_before", "passed", "shielded")

    def __init__(self, scope: DeadlineScope, at: float, shielded: bool) -> None:
        self._scope, self.at, self.shielded = scope, at, shielded
        self.passed = False

    def __enter__(self) -> Deadline:
        scope = self._scope
        if scope._requested:
            scope._take_back()
        self.departed_before = scope._departed
        self.cancellations_before = scope._task.cancelling() if scope._task is not None else 0
        scope._blocks.append(self)
        if self.at < scope._alarm_at:
            scope._set(self.at)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _fault: BaseException | None, _trace: TracebackType | None
    ) -> bool:
        scope = self._scope
        scope._blocks.pop()
        if kind is not None:
            return scope._ends_here(self, kind)
        if scope._held_off and self.shielded:
            scope._catch_up()
        return False

    def move(self, at: float) -> None:
        """Set another deadline; infinite for none."""
        self.at = at
        if at < self._scope._alarm_at:
            self._scope._set(at)

    def cut(self) -> None:
        """End the block now, or behind the shield within it. Safe to call at any time in the loop.

        A later `move` takes back a cut that a shield still holds off.
        """
        self.at = 0.0
        self._scope._look()
