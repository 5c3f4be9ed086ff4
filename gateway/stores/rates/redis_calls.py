"""Calls to Redis that may fail: nobody waits long for an answer.

On failure: a caller whose answer does not come in time gets None. For a second after that, one call tries again and
all others get None at once. A call without an answer may have been carried out.
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
PATIENCE_S: Final = 0.5
"""How long a caller waits."""
_PAUSE_S: Final = 1.0


@dataclass(slots=True, eq=False)
class _PendingCall:
    call: ScriptCall
    future: asyncio.Future[ScriptAnswer | None] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class RedisCalls:
    """For one event loop. Use `open`."""

    def __init__(self, connection: RedisConnection, patience_s: float = PATIENCE_S) -> None:
        self._connection, self._patience_s = connection, patience_s
        self._try_at = 0.0
        self.reason = ""
        """Why the last call had no answer; empty if it had one."""
        self._pipeline = Pipeline("rates", self, 0.0)

    @classmethod
    def open(cls, url: str, key: str, patience_s: float = PATIENCE_S) -> Self:
        """`key`: any key of the caller. Returns after an attempt to connect. StoreRefused for an address of an unknown
        form."""
        calls = cls(RedisConnection(url, key, ROUND_TRIP_S), patience_s)
        calls._pipeline.start(2 * ROUND_TRIP_S)
        return calls

    async def ask(self, call: ScriptCall) -> ScriptAnswer | None:
        """The answer of the server; None if no answer comes in time."""
        if self.reason and monotonic() < self._try_at:
            return None
        if self.reason:
            self._try_at = monotonic() + _PAUSE_S  # this call tries; the others do not wait for its end
        pending = _PendingCall(call)
        self._pipeline.put(pending)
        try:
            async with asyncio.timeout(self._patience_s):
                answer = await pending.future
        except TimeoutError:
            self._away("no_answer_in_time")
            return None
        if answer is not None:
            self.reason = ""
        return answer

    def post(self, call: ScriptCall) -> None:
        """Send the call if the server answers; nobody waits, and a fault is not reported."""
        if not self.reason:
            self._pipeline.put(_PendingCall(call))

    def close(self) -> None:
        """Repeatable."""
        self._pipeline.close()

    def idle_s(self) -> float | None:
        return None

    def carry(self, items: Sequence[_PendingCall]) -> Sequence[_PendingCall]:
        if not self._connection.connected:
            self._connection.open()
        answers = self._connection.call([pending.call for pending in items]) if items else []
        for pending, answer in zip(items, answers, strict=True):
            if isinstance(answer, CallRefused):
                self.lost([pending], answer.code)
            else:
                resolve(pending.future, answer)
        return ()

    def lost(self, items: Sequence[_PendingCall], reason: str) -> None:
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
