"""Work on large bodies, in worker threads, so that the loop stays free for everybody else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

LARGE: Final = 256 * 1024
"""Bytes from which a body is large: a dense body of this size is read and translated in about 20 ms."""
_THREADS: Final = 2
"""One interpreter runs one thread at a time: more threads would only take turns with the loop more often."""

T = TypeVar("T")


class LargeBodies:
    """Runs functions on a body: at once if the body is small, in one of few threads if it is large.

    A cancelled caller does not wait for its thread. A function must therefore change nothing that outlives its caller.
    """

    def __init__(self, large: int = LARGE) -> None:
        """`large`: bytes from which a body is large."""
        self._large = large
        self._threads: ThreadPoolExecutor | None = None

    async def run(self, size: int, work: Callable[[], T]) -> T:
        """The result of `work` on a body of `size` bytes. Raises whatever `work` raises."""
        if size < self._large:
            return work()
        if self._threads is None:
            self._threads = ThreadPoolExecutor(_THREADS, "large-body")
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def close(self) -> None:
        """End the threads. Work that has not begun is dropped."""
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)
