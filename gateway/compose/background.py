"""Work that goes on beside the requests, for as long as the gateway serves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

import anyio

from gateway.telemetry.events import Fault
from gateway.telemetry.faults import reduce
from gateway.telemetry.log import Log

_AGAIN_S: Final = 10.0


async def run_forever(work: Callable[[], Awaitable[None]], log: Log) -> None:
    """`work` without end, whatever happens in it: nobody who is served may suffer from it."""
    while True:
        try:
            await work()
        except Exception as fault:  # noqa: BLE001  # said, and tried again
            log.emit(Fault(reduce(fault), where="loop"))
            await anyio.sleep(_AGAIN_S)
