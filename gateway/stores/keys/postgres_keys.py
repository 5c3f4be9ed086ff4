"""The keys of all gateways of an organisation, in the PostgreSQL that they share. Only digests, as everywhere.

A change is one transaction, and one at a time; with it goes a new mark, by which everybody sees that there was one.
The keys that a gateway knows go up with every change of its own, and are put together so that the earliest end
counts: keys
that a restored backup forgot come back, and what was closed stays closed.

Failure rule: PostgresAway, as of everything there.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import astuple
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import anyio

from gateway.core.errors import Json
from gateway.core.keyring import Change, lacking, united
from gateway.core.organisation import Budget
from gateway.core.principal import Key, KeyId
from gateway.stores.keys.keys import listed
from gateway.stores.postgres.connection import Postgres

if TYPE_CHECKING:
    from gateway.stores.postgres.connection import Connection

_COLUMNS: Final = "digest, id, team, policy, label, created_at, expires_at, revoked_at, classes, budgets"
_TYPES: Final = {
    **dict.fromkeys(("created_at", "expires_at", "revoked_at"), "timestamptz"),
    **dict.fromkeys(("classes", "budgets"), "json"),
}
_TYPED: Final = ", ".join(f"{name} {_TYPES.get(name, 'text')}" for name in _COLUMNS.split(", "))
_KEEP: Final = f"""
    INSERT INTO keys (organisation, {_COLUMNS})
    SELECT %(organisation)s, {_COLUMNS} FROM json_to_recordset(%(keys)s::json) AS row ({_TYPED})
    ON CONFLICT (organisation, digest) DO UPDATE SET
        expires_at = least(keys.expires_at, excluded.expires_at),
        revoked_at = least(keys.revoked_at, excluded.revoked_at)
"""
_MARK: Final = """
    INSERT INTO key_changes VALUES (%(organisation)s, %(mark)s)
    ON CONFLICT (organisation) DO UPDATE SET mark = excluded.mark
"""


class PostgresKeys:
    """Those of one organisation. A connection is the caller's, so that one who looks often keeps his."""

    def __init__(self, postgres: Postgres, organisation: str) -> None:
        self._postgres, self._organisation = postgres, organisation

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[Connection]:
        async with self._postgres.connected() as connection:
            await self._postgres.prepare(connection)
            yield connection

    async def mark(self, connection: Connection) -> str:
        """Another one after every change; "" before the first."""
        with anyio.fail_after(self._postgres.answer_s):
            cursor = await connection.execute(
                "SELECT mark FROM key_changes WHERE organisation = %s", (self._organisation,)
            )
            row = await cursor.fetchone()
        return str(row[0]) if row else ""

    async def all(self, connection: Connection) -> tuple[Key, ...]:
        """The oldest first."""
        with anyio.fail_after(self._postgres.answer_s):
            cursor = await connection.execute(
                f"SELECT {_COLUMNS} FROM keys WHERE organisation = %s", (self._organisation,)
            )
            return listed([_key(row) for row in await cursor.fetchall()])

    async def change(self, connection: Connection, change: Change, near: Sequence[Key]) -> tuple[Key, ...]:
        """Make the change on all that is known there and `near`, and return its result; both sides have it then."""
        async with self._postgres.transaction(connection):
            # First, and for as long as the transaction lasts: nobody else changes anything.
            await connection.execute(_MARK, {"organisation": self._organisation, "mark": secrets.token_hex(16)})
            far = await self.all(connection)
            known = united(far, near)
            changed = change(known)
            fresh = lacking(far, united(known, changed))
            if fresh:
                rows = json.dumps([_row(key) for key in fresh])
                await connection.execute(_KEEP, {"organisation": self._organisation, "keys": rows})
        return changed


def _row(key: Key) -> dict[str, Json]:
    texts = {"digest": key.digest, "id": key.id, "team": key.team, "policy": key.policy, "label": key.label}
    return {
        **{name: text.replace("\0", "\ufffd") for name, text in texts.items()},  # a text there has no NUL
        "created_at": key.created_at.isoformat(),
        "expires_at": key.expires_at.isoformat() if key.expires_at else None,
        "revoked_at": key.revoked_at.isoformat() if key.revoked_at else None,
        "classes": sorted(key.classes),
        "budgets": [astuple(budget) for budget in key.budgets],
    }


def _key(row: tuple[Any, ...]) -> Key:
    digest, key_id, team, policy, label, created, expires, revoked, classes, budgets = row
    return Key(
        id=KeyId(key_id),
        digest=digest,
        team=team,
        policy=policy,
        label=label,
        created_at=_utc(created),
        expires_at=expires and _utc(expires),
        revoked_at=revoked and _utc(revoked),
        classes=frozenset(classes),
        budgets=tuple(Budget(*budget) for budget in budgets),
    )


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)
