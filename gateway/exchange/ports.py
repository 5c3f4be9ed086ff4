"""Ports of an exchange: the way back to its client, and the names that providers see instead of end users."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol, TypeAlias

from gateway.core.errors import Ended
from gateway.core.receipt import ReceiptId

PseudonymsOf: TypeAlias = Callable[[str, str], Callable[[str], str]]
"""(organisation, team) -> their pseudonyms: identifier of an end user -> the name that a provider sees instead. No team
for all teams of an organisation that share their pseudonyms."""


class Downstream(Protocol):
    """The way back to the client. Every method may be cancelled when the client leaves."""

    async def begin(self, headers: Mapping[str, str], *, streaming: bool) -> None:
        """Status 200 and headers."""

    async def send(self, data: bytes) -> None:
        """More of the body."""

    async def end(self, last: bytes) -> None:
        """The last bytes; the reply is complete."""

    async def abort(self, last: bytes) -> None:
        """The reply cannot be completed: the dialect's error event, and an unclean end."""

    async def refuse(self, ended: Ended, receipt: ReceiptId | None, headers: Mapping[str, str]) -> None:
        """The error instead of a reply."""
