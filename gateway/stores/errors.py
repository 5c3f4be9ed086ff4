"""The refusal of a store that cannot be used as it is configured. Faults of a store that works are `Unavailable`."""

from __future__ import annotations

from typing import Literal, TypeAlias

StoreKind: TypeAlias = Literal["journal", "redis", "postgres"]


class StoreRefused(Exception):
    """A store cannot be opened as it is configured. The message says what to do, and never quotes an address: an
    address may hold a password."""

    def __init__(self, store: StoreKind, message: str) -> None:
        super().__init__(message)
        self.store: StoreKind = store
