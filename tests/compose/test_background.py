from __future__ import annotations

import io

import anyio
import orjson

from gateway.compose.background import run_forever
from gateway.telemetry.log import Log
from tests.processes import PATIENCE_S


class Said(io.BytesIO):
    """A stream that says when something was written to it."""

    def __init__(self) -> None:
        super().__init__()
        self.something = anyio.Event()

    def write(self, data: object) -> int:
        self.something.set()
        return super().write(data)  # type: ignore[arg-type]


async def test_a_fault_in_it_is_logged_without_its_words_and_ends_nothing() -> None:
    stream = Said()

    async def work() -> None:
        raise ValueError("MARKER")

    with anyio.fail_after(PATIENCE_S):
        async with anyio.create_task_group() as group:
            group.start_soon(run_forever, work, Log(stream))
            await stream.something.wait()
            group.cancel_scope.cancel()
    line = orjson.loads(stream.getvalue())
    assert (line["event"], line["where"]) == ("fault", "loop")
    assert b"MARKER" not in stream.getvalue()


async def test_work_that_ends_is_begun_again() -> None:
    begun = 0

    with anyio.CancelScope() as scope:

        async def work() -> None:
            nonlocal begun
            begun += 1
            if begun == 2:
                scope.cancel()
            await anyio.lowlevel.checkpoint()

        await run_forever(work, Log(io.BytesIO()))
    assert begun == 2
