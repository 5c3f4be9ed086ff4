"""Keys that several gateways share in PostgreSQL, known at each from a store of its own.

Failure rule: while PostgreSQL is away the keys that this gateway knows go on working; one that it does not know is
Unavailable and not unknown, for another gateway may have made it; and none is made. One that is revoked is closed here
at once, and at the others when PostgreSQL is back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import TYPE_CHECKING, Final, TypeAlias

import anyio

from gateway.core.errors import Unavailable
from gateway.core.keyring import Change, lacking, united
from gateway.core.principal import Key, KeyId
from gateway.stores.keys.key_heartbeat import Freshness
from gateway.stores.keys.keys import ChangedKeys, SqliteKeys
from gateway.stores.keys.postgres_keys import PostgresKeys
from gateway.stores.postgres.connection import PostgresAway

if TYPE_CHECKING:
    from gateway.stores.postgres.connection import Connection

EVERY_S: Final = 0.4
"""Between two looks: what another gateway changed is known within a second."""
_TELL_AGAIN_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class KeyStoreAlone:
    """PostgreSQL cannot be asked for the keys that others make and revoke: since when, and why."""

    reason: str
    since_s: int


@dataclass(frozen=True, slots=True)
class KeyStoreShared:
    """The keys are those of all gateways again; there are so many secrets."""

    keys: int


KeyStoreNews: TypeAlias = KeyStoreAlone | KeyStoreShared


class SharedKeys(ChangedKeys):
    """`near`: what this gateway knows, and its other workers read. `run` keeps that up to date."""

    def __init__(
        self,
        near: SqliteKeys,
        far: PostgresKeys,
        freshness: Freshness,
        tell: Callable[[KeyStoreNews], None] = lambda _: None,
    ) -> None:
        self.near: Final = near
        self._far, self._freshness, self._tell = far, freshness, tell
        self._mark: str | None = None
        """Of what was last seen there; None for a new connection."""
        self._owed = False
        """Whether something here is not there."""
        self._since: float | None = None
        self._last_told_at = 0.0

    def find(self, digest: str) -> Key | None:
        key = self.near.find(digest)
        if key is None and not self._freshness.lasts():
            raise Unavailable("keys_unavailable", "The keys of other gateways cannot be known now.")
        return key

    async def all(self) -> tuple[Key, ...]:
        return await self.near.all()

    async def revoke(self, key_id: KeyId, at: datetime) -> Key | None:
        try:
            return await super().revoke(key_id, at)
        except Unavailable:
            if await self.near.revoke(key_id, at) is not None:
                self._owed = True
                raise Unavailable(
                    "keys_unavailable",
                    "The key is closed at this gateway, and at others when PostgreSQL is back, which does not answer. "
                    "Revoke it at each of them if that is too late.",
                ) from None
            raise

    async def change(self, change: Change) -> tuple[Key, ...]:
        try:
            async with self._far.connected() as connection:
                changed = await self._far.change(connection, change, await self.near.all())
        except PostgresAway as fault:
            raise Unavailable(
                "keys_unavailable",
                f"The keys of all gateways are in PostgreSQL, which did not confirm this ({fault.reason}). "
                "When it is back, look at the keys before you try again.",
            ) from None
        return await self.near.change(lambda _: changed)

    async def run(self, every_s: float = EVERY_S) -> None:
        """For as long as the gateway lives: what others changed is known here, and what only this one knows, there."""
        passed = False
        while True:
            try:
                async with self._far.connected() as connection:
                    self._mark = None  # another server may answer, or an older state of it
                    while True:
                        await self._look(connection)
                        self._tell_shared(len(await self.near.all()))
                        passed = True
                        await anyio.sleep(every_s)
            except (PostgresAway, Unavailable, OSError) as fault:
                if passed:  # a connection that worked has ended: no news before a new one fails too
                    passed = False
                    continue
                self._tell_alone(fault.reason if isinstance(fault, PostgresAway) else type(fault).__name__)
                await anyio.sleep(every_s)

    async def join(self) -> None:
        """One look, now. PostgresAway, or Unavailable for the store of this gateway."""
        async with self._far.connected() as connection:
            self._mark = None
            await self._look(connection)

    async def _look(self, connection: Connection) -> None:
        mark = await self._far.mark(connection)  # first: what is changed meanwhile is seen next time
        if mark != self._mark or self._owed:
            self._owed = False
            far = await self._far.all(connection)
            together = united(far, await self.near.all())
            await self.near.change(lambda near: tuple(lacking(near, together)))
            if lacking(far, together):
                await self._far.change(connection, lambda _: (), together)
            self._mark = mark
        self._freshness.note()

    def _tell_alone(self, reason: str) -> None:
        now = monotonic()
        if self._since is None:
            self._since = now
        elif now - self._last_told_at < _TELL_AGAIN_S:
            return
        self._last_told_at = now
        self._tell(KeyStoreAlone(reason, int(now - self._since)))

    def _tell_shared(self, keys: int) -> None:
        if self._since is not None:
            self._since = None
            self._tell(KeyStoreShared(keys))
