"""A gateway that is killed and begun again in the same state directory, and the processes it is made of."""

from __future__ import annotations

import asyncio
import os
import select
import signal
from contextlib import ExitStack
from pathlib import Path
from time import monotonic
from typing import Final

from gateway.commands.access.running import status
from gateway.stores.journal.files import LOCK_FILE
from gateway.stores.ledger.workers import state_of
from tests.commands.calling import call
from tests.processes import PATIENCE_S, Process, running
from tests.test_shared_workers import both_started

_LOOK_AGAIN_S: Final = 0.01


class Gateway:
    """`up` is set while clients may ask. `settings`: of its environment."""

    def __init__(self, state: Path, named: list[str], workers: int = 1, **settings: str) -> None:
        self.state, self.workers = state, workers
        self._named, self._settings = named, settings
        self._stack = ExitStack()
        self._killed: set[int] = set()
        self.up = asyncio.Event()

    async def begin(self) -> None:
        words = ["--workers", str(self.workers)] if self.workers > 1 else []
        started = running(self.state, *self._named, *words, **self._settings)
        self.process: Process = await asyncio.to_thread(self._stack.enter_context, started)
        if self.workers > 1:
            await asyncio.to_thread(both_started, self.process)
        self.host, self.key = self.process.url.removesuffix("/v1"), self.process.key
        self.up.set()

    async def pid(self, number: int) -> int:
        """Of the worker that has this place now; waits for the one that takes the place of a killed one."""
        lock = state_of(self.state, number) / LOCK_FILE
        while True:
            text = lock.read_text().strip()
            if text.isdigit() and int(text) in self._alive() - self._killed:
                return int(text)
            await asyncio.sleep(_LOOK_AGAIN_S)

    def _alive(self) -> set[int]:
        """Its processes that answer to clients. What a lock file says may be of one that did not start."""
        first = self.process.popen.pid
        if self.workers == 1:
            return {first}
        return set(map(int, Path(f"/proc/{first}/task/{first}/children").read_text().split()))

    async def complete(self) -> None:
        """Returns once every worker is at work again, and whoever shares Redis has said there what it spent."""
        await asyncio.to_thread(self._wait_for_all)

    def _wait_for_all(self) -> None:
        ends = monotonic() + PATIENCE_S
        while not (self._all_answer() and self._all_joined()):
            assert monotonic() < ends, "a worker did not come back"

    def _all_answer(self) -> bool:
        return all(status(state_of(self.state, number)) for number in range(1, self.workers + 1))

    def _all_joined(self) -> bool:
        members = call("books", "members", "--state", str(self.state), json=True).json["members"]
        return all(member["joined"] for member in members)

    async def kill_worker(self, number: int) -> None:
        """As soon as it is there; it is replaced without our help."""
        pid = await self.pid(number)
        self._killed.add(pid)
        os.kill(pid, signal.SIGKILL)

    async def kill(self) -> None:
        """Everything that it is made of, at once; `begin` is for the caller."""
        self.up.clear()
        first = self.process.popen.pid
        os.kill(first, signal.SIGSTOP)
        stopped = os.WSTOPPED | os.WEXITED | os.WNOWAIT
        await asyncio.to_thread(os.waitid, os.P_PID, first, stopped)  # from here on it begins no worker
        alive = self._alive()
        ends = [os.pidfd_open(pid) for pid in alive]
        for pid in {first, *alive}:
            os.kill(pid, signal.SIGKILL)
        for end in ends:
            await asyncio.to_thread(select.select, [end], [], [], PATIENCE_S)
            os.close(end)
        await asyncio.to_thread(self._stack.close)
        self._killed.clear()

    async def end(self) -> int:
        """Its exit code."""
        self.up.clear()
        code, _ = await asyncio.to_thread(self.process.end)
        await asyncio.to_thread(self._stack.close)
        return code

    def abandon(self) -> None:
        """What still runs is killed."""
        self._stack.close()
