"""Keys are made, rotated and revoked here, for the admin socket and for the pages alike.

On failure: a change that is not durable is refused; a secret leaves this module once, with the change that made it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from gateway.core.errors import InvalidRequest, NotFound, Unavailable
from gateway.core.frozen import frozen
from gateway.core.keyring import Rotation, secrets_of
from gateway.core.organisation import BUDGET_WINDOWS, Budget
from gateway.core.principal import Key, KeyId
from gateway.core.snapshot import Snapshot
from gateway.declarations.budgets import budget_from
from gateway.identity.declared_names import declared
from gateway.stores.keys.keys import KeyStore, digest_of, new_key_id, new_secret
from gateway.telemetry.events import KeyCreated, KeyRevoked, KeyRotated

KeyNews: TypeAlias = KeyCreated | KeyRotated | KeyRevoked
OVERLAP_MOST: Final = timedelta(days=366)


@frozen
class NewKey:
    """The members of a key to be made. `policy`: empty for the default one, where there is one."""

    team: str
    policy: str = ""
    label: str = ""
    classes: frozenset[str] = frozenset()
    expires_at: datetime | None = None
    budgets: tuple[Budget, ...] = ()


@frozen(repr=False)
class IssuedKey:
    """A key with its new secret, which nobody can read again. `replaced_until`: the end of the secrets before it."""

    key: Key
    secret: str
    replaced_until: datetime | None = None


class KeyDesk:
    """`default_policy`: "" except under the sandbox. `tell`: the log of a running gateway."""

    def __init__(
        self,
        keys: KeyStore,
        snapshot: Callable[[], Snapshot],
        now: Callable[[], datetime],
        default_policy: str,
        tell: Callable[[KeyNews], None],
    ) -> None:
        self._keys, self._snapshot, self._now, self._tell = keys, snapshot, now, tell
        self._default_policy = default_policy

    async def create(self, new: NewKey, actor: str) -> IssuedKey:
        """InvalidRequest for a policy, team or class that is not declared."""
        snapshot, policy = self._snapshot(), new.policy or self._default_policy
        if not policy:
            raise InvalidRequest("A key needs a policy. Name one with --policy.", field="policy")
        declared("policy", policy, snapshot.policies)
        declared("team", new.team, snapshot.teams)
        for name in sorted(new.classes):
            declared("classes", name, snapshot.organisation.classes)
        secret = new_secret()
        key = Key(
            id=new_key_id(),
            digest=digest_of(secret),
            team=new.team,
            policy=policy,
            label=new.label,
            created_at=self._now(),
            expires_at=new.expires_at,
            classes=new.classes,
            budgets=new.budgets,
        )
        await self._keys.create(key)
        self._tell(KeyCreated(key.id, key.team, key.policy, actor))
        return IssuedKey(key, secret)

    async def rotate(self, key_id: str, overlap: timedelta, ends: datetime | None, actor: str) -> IssuedKey:
        """Another secret of the key, which ends at `ends`; the others go on for `overlap`, or end now. NotFound."""
        return await self._rotate(key_id, Rotation("", self._now(), overlap, ends), actor)

    async def rotate_own(self, key: Key, overlap: timedelta) -> IssuedKey:
        """Another secret for the holder of `key`, which ends when `key` ends. NotAllowed for a replaced secret."""
        return await self._rotate(str(key.id), Rotation("", self._now(), overlap, by=key.digest), str(key.id))

    async def _rotate(self, key_id: str, rotation: Rotation, actor: str) -> IssuedKey:
        secret, now = new_secret(), rotation.at
        changed = await self._keys.rotate(KeyId(key_id), replace(rotation, digest=digest_of(secret)))
        if not changed:
            raise unknown_key()
        fresh, *replaced = changed
        until = max((key.expires_at for key in replaced if key.state(now) == "active" and key.expires_at), default=None)
        self._tell(KeyRotated(fresh.id, fresh.team, actor))
        return IssuedKey(fresh, secret, until)

    async def revoke(self, key_id: str, actor: str) -> Key:
        """The key, all of whose secrets are closed. NotFound. Unavailable if it holds here alone, or not for good."""
        named = KeyId(key_id)
        try:
            key = await self._keys.revoke(named, self._now())
        except Unavailable:
            for closed in secrets_of(named, await self._keys.all())[:1]:
                if closed.state(self._now()) == "revoked":
                    self._tell(KeyRevoked(closed.id, closed.team, actor))
            raise
        if key is None:
            raise unknown_key()
        self._tell(KeyRevoked(key.id, key.team, actor))
        return key


def unknown_key() -> NotFound:
    """The refusal of an id that no key has."""
    return NotFound("Unknown key id. `safeconduct keys list` shows every key.")


def budgets_in(texts: Iterable[object]) -> tuple[Budget, ...]:
    """Budgets in a few characters each, such as `50/month`. InvalidRequest for any other text, and for two alike."""
    read = [budget_from(text) if isinstance(text, str) else None for text in texts]
    budgets = tuple(budget for budget in read if budget is not None)
    if len(budgets) < len(read) or len({(budget.window, budget.soft) for budget in budgets}) < len(budgets):
        windows = ", ".join(BUDGET_WINDOWS)
        raise InvalidRequest(
            "A budget is an amount below 9,000,000 and a window, such as 50/month, 40/month,soft or "
            f"50/month,clamp=256; one, and a soft one, of each: {windows}.",
            field="budgets",
        )
    return budgets
