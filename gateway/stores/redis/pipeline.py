"""A line to a Redis for what may fail: calls that wait go together in one round trip, and nobody waits long.

Failure rule: whoever is not answered in time is told so by None; then nobody tries for a second. Nothing is repeated:
what was sent and not answered may have been carried out.
"""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Final

from gateway.stores.books.counters import CountersRefused
from gateway.stores.books.redis_commands import resolve
from gateway.stores.redis.connection import Answer, Call, Refusal, Unreachable, Wire

ROUND_TRIP_S: Final = 1.0
"""How long the server may take."""
PATIENCE_S: Final = 0.5
"""How long a caller waits."""
_PAUSE_S: Final = 1.0
_LARGEST_BATCH: Final = 256


@dataclass(slots=True, eq=False)
class _Errand:
    call: Call
    future: asyncio.Future[Answer | None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Line:
    """Asked from one event loop; a thread of its own speaks to the server."""

    def __init__(self, url: str, key: str, patience_s: float = PATIENCE_S) -> None:
        """`key`: any key of whoever speaks. Returns once it has tried to connect. CountersRefused for an address of no
        known form."""
        self._patience_s = patience_s
        self._wire = Wire(url, key, ROUND_TRIP_S)
        self._queue: SimpleQueue[_Errand | None] = SimpleQueue()
        self._tried = threading.Event()
        self._thread: threading.Thread | None = threading.Thread(target=self._run, name="rates", daemon=True)
        self._try_at = 0.0
        self.reason = ""
        """Why it was not answered last; empty if it was."""
        self._thread.start()
        self._tried.wait(2 * ROUND_TRIP_S)

    async def ask(self, call: Call) -> Answer | None:
        """The server's answer; None if there is none in time."""
        if self.reason and monotonic() < self._try_at:
            return None
        if self.reason:
            self._try_at = monotonic() + _PAUSE_S  # this call tries; the others do not wait for how it ends
        errand = _Errand(call)
        self._queue.put(errand)
        try:
            async with asyncio.timeout(self._patience_s):
                answer = await errand.future
        except TimeoutError:
            self._away("no_answer_in_time")
            return None
        if answer is not None:
            self.reason = ""
        return answer

    def post(self, call: Call) -> None:
        """Say it, if the server can be reached; nobody waits."""
        if not self.reason:
            self._queue.put(_Errand(call))

    def close(self) -> None:
        """Repeatable."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._queue.put(None)
            thread.join()

    def _run(self) -> None:
        self._carry([])
        self._tried.set()
        while (errands := self._gathered()) is not None:
            self._carry(errands)
        self._wire.close()

    def _carry(self, errands: list[_Errand]) -> None:
        """One round trip; connects before, where that is needed."""
        try:
            if not self._wire.connected:
                self._wire.open()
            answers = self._wire.ask([errand.call for errand in errands]) if errands else []
        except Unreachable as fault:
            self._lost(errands, fault.reason)
        except CountersRefused:
            self._lost(errands, "refused")
        except Exception as fault:  # noqa: BLE001  # whoever waits is told; the line lives on
            self._wire.close()
            self._lost(errands, type(fault).__name__)
        else:
            self._answered(errands, answers)

    def _gathered(self) -> list[_Errand] | None:
        """What waits, at least one; None at the end."""
        found = [self._queue.get()]
        try:
            while len(found) < _LARGEST_BATCH:
                found.append(self._queue.get_nowait())
        except Empty:
            pass
        errands = [errand for errand in found if errand is not None]
        if len(errands) < len(found):
            self._lost(errands, "closed")
            return None
        return errands

    def _answered(self, errands: list[_Errand], answers: list[Answer | Refusal]) -> None:
        for errand, answer in zip(errands, answers, strict=True):
            if isinstance(answer, Refusal):
                self._lost([errand], answer.code)
            else:
                resolve(errand.future, answer)

    def _lost(self, errands: list[_Errand], reason: str) -> None:
        self._away(reason)
        for errand in errands:
            resolve(errand.future, None)

    def _away(self, reason: str) -> None:
        if not self.reason:
            self._try_at = monotonic() + _PAUSE_S
        self.reason = reason
