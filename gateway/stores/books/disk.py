"""Room on the disk of the journal. Failure rule: what cannot be booked is not begun.

Below the reserve new exchanges are refused, while those under way still have room for their receipts; a journal that
cannot be written at all would refuse those too.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import anyio

from gateway.core.errors import Unavailable
from gateway.core.principal import AccountId, CallerId
from gateway.core.receipt import Receipt, ReceiptId
from gateway.stores.books.books import Balance, Books, Intent
from gateway.stores.holds import SoftSpendings


def free_on(folder: Path) -> int:
    """Bytes that this process may still write where that folder is."""
    return shutil.disk_usage(folder).free


class Disk:
    """`free`: bytes left; `low` and `scarce` as of the last look. It is not low again before a quarter more than the
    reserve is free: no flapping at the edge."""

    def __init__(self, free: Callable[[], int], reserve: int) -> None:
        self._free, self._reserve = free, reserve
        self.low = self.scarce = False

    def look(self) -> int:
        """Bytes free now."""
        free = self._free()
        self.low = free < self._reserve * (5 if self.low else 4) // 4
        self.scarce = free < self._reserve // 2
        return free

    async def watch(self, tell: Callable[[bool, int], None], every_s: float = 1.0) -> None:
        """For as long as the process lives; `tell` hears of every change, with the bytes that are free."""
        while True:
            was = self.low
            free = await anyio.to_thread.run_sync(self.look)
            if self.low != was:
                tell(self.low, free)
            await anyio.sleep(every_s)


class SparingBooks:
    """Books that begin nothing while the disk is low, and keep what is left of it for what was sent to providers."""

    def __init__(self, books: Books, disk: Disk) -> None:
        self._books, self._disk = books, disk

    async def hold(self, intent: Intent) -> SoftSpendings:
        if self._disk.low:
            raise Unavailable("books_unavailable", "The disk of the state directory is nearly full.")
        return await self._books.hold(intent)

    async def settle(self, receipt: Receipt) -> Receipt:
        if self._disk.scarce and not receipt.attempts:
            return receipt  # refusals without end would fill the rest; the log has a line for each
        return await self._books.settle(receipt)

    async def obstacle(self) -> str:
        return "disk_reserve" if self._disk.low else await self._books.obstacle()

    async def balances(self, accounts: Sequence[AccountId], at: datetime, zone: str = "UTC") -> tuple[Balance, ...]:
        return await self._books.balances(accounts, at, zone)

    async def claim(
        self, caller: CallerId, idempotency_key: str, receipt_id: ReceiptId, at: datetime
    ) -> ReceiptId | None:
        return await self._books.claim(caller, idempotency_key, receipt_id, at)
