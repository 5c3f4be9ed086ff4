"""Calls to Redis that may fail, many in one round trip.

The deadline is that of the server: it begins when a round trip begins. A call that waits in this process waits for the
trips before its own, however late this process is.
On failure: every call that waits gets None. For a second after that, one call tries again and all others get None at
once. A call without an answer may have been carried out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Final, Self

from gateway.stores.redis.connection import CallRefused, RedisConnection, ScriptAnswer, ScriptCall
from gateway.stores.redis.pipeline import Pipeline, resolve

ROUND_TRIP_S: Final = 1.0
"""Deadline of a round trip."""
_PAUSE_S: Final = 1.0


@dataclass(slots=True, eq=False)
class _PendingCall:
    call: ScriptCall
    future: asyncio.Future[ScriptAnswer | None] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )
    since: float = field(default_factory=monotonic)


class RedisCalls:
    """For one event loop. Use `open`."""

    def __init__(self, connection: RedisConnection) -> None:
        self._connection = connection
        self._try_at = self._lost_at = 0.0
        self._closed = False
        self.reason = ""
        """Why the last call had no answer; empty if it had one."""
        self._pipeline = Pipeline("rates", self, 0.0)

    @classmethod
    def open(cls, url: str, key: str, round_trip_s: float = ROUND_TRIP_S) -> Self:
        """`key`: any key of the caller. Returns after an attempt to connect. StoreRefused for an address of an unknown
        form."""
        calls = cls(RedisConnection(url, key, round_trip_s))
        calls._pipeline.start(2 * round_trip_s)
        return calls

    async def ask(self, call: ScriptCall) -> ScriptAnswer | None:
        """The answer of the server; None if the server gives no answer in time."""
        if self._closed or (self.reason and monotonic() < self._try_at):
            return None
        if self.reason:
            self._try_at = monotonic() + _PAUSE_S  # this call tries; the others do not wait for its end
        pending = _PendingCall(call)
        self._pipeline.put(pending)
        answer = await pending.future
        if answer is not None:
            self.reason = ""
        return answer

    def post(self, call: ScriptCall) -> None:
        """Send the call if the server answers; nobody waits, and a fault is not reported."""
        if not self.reason:
            self._pipeline.put(_PendingCall(call))

    def close(self) -> None:
        """Repeatable."""
        self._closed = True
        self._pipeline.close()

    def idle_s(self) -> float | None:
        return None

    def carry(self, items: Sequence[_PendingCall]) -> Sequence[_PendingCall]:
        calls = [pending for pending in items if pending.since > self._lost_at]
        for pending in items:
            if pending.since <= self._lost_at:  # it waited while a trip failed
                resolve(pending.future, None)
        if not self._connection.connected and (calls or not items):
            self._connection.open()
        answers = self._connection.call([pending.call for pending in calls]) if calls else []
        for pending, answer in zip(calls, answers, strict=True):
            if isinstance(answer, CallRefused):
                self._unanswered([pending], answer.code)
            else:
                resolve(pending.future, answer)
        return ()

    def lost(self, items: Sequence[_PendingCall], reason: str) -> None:
        self._lost_at = monotonic()
        self._unanswered(items, "no_answer_in_time" if reason == "TimeoutError" else reason)

    def _unanswered(self, items: Sequence[_PendingCall], reason: str) -> None:
        self._away(reason)
        for pending in items:
            resolve(pending.future, None)

    def unfinished(self) -> bool:
        return False

    def leave(self, unsent: Sequence[_PendingCall]) -> None:
        self._connection.close()
        self.lost(unsent, "closed")

    def _away(self, reason: str) -> None:
        if not self.reason:
            self._try_at = monotonic() + _PAUSE_S
        self.reason = reason
