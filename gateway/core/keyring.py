"""Changes of keys as values, so that every store makes the same ones: made, ended, replaced.

A key is known by its id and opened by a secret. A rotation gives it another secret, under which budgets, limits, usage
and receipts go on; so a store holds one `Key` per secret, and several may have the same id. Of a secret nothing changes
but its end, which only comes nearer. So stores that know different things can be put together in any order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from gateway.core.errors import InvalidRequest, NotAllowed
from gateway.core.principal import Key, KeyId

_MOMENT: Final = timedelta(microseconds=1)
Change: TypeAlias = Callable[[Sequence[Key]], tuple[Key, ...]]
"""From every secret there is to those that are new or end otherwise, the one that was asked for first."""


@dataclass(frozen=True, slots=True)
class Rotation:
    """Another secret of a key, by its `digest`, while the others go on for `overlap`; 0 closes them at once.

    `expires_at`: of the new one; None: as long after `at` as the last one was meant to live, if it was to end.
    `by`: digest of the secret whose holder rotates the key. It must be the newest, and the new one ends when it ends.
    Empty for an operator.
    """

    digest: str
    at: datetime
    overlap: timedelta
    expires_at: datetime | None = None
    by: str = ""


def created(key: Key) -> Change:
    return lambda _: (key,)


def revoked(key_id: KeyId, at: datetime) -> Change:
    """Every secret of that key is closed; the first time counts. Nothing for an unknown key."""

    def change(known: Sequence[Key]) -> tuple[Key, ...]:
        return tuple(_closed(key, at) for key in secrets_of(key_id, known))

    return change


def rotated(key_id: KeyId, rotation: Rotation) -> Change:
    """The new secret, and the others as they end now. Nothing for an unknown key; InvalidRequest for a revoked
    one; NotAllowed for a holder of a secret that is replaced already."""

    def change(known: Sequence[Key]) -> tuple[Key, ...]:
        secrets = secrets_of(key_id, known)
        if not secrets:
            return ()
        last = next((key for key in secrets if key.revoked_at is None), None)
        if last is None:
            raise InvalidRequest("This key is revoked. Create another one.", field="id")
        if rotation.by and rotation.by != secrets[0].digest:
            raise NotAllowed("This secret is replaced already. Sign in with the newest secret of the key to rotate it.")
        at = max(rotation.at, secrets[0].created_at + _MOMENT)  # the newest, also by a clock that is behind
        fresh = replace(last, digest=rotation.digest, created_at=at, expires_at=_end_of_next(last, rotation))
        return fresh, *(_replaced(key, rotation) for key in secrets)

    return change


def _end_of_next(last: Key, rotation: Rotation) -> datetime | None:
    """The end of the new secret. A holder cannot lengthen the life of the key."""
    if rotation.by:
        return last.expires_at
    lifetime = last.expires_at - last.created_at if last.expires_at else None
    return rotation.expires_at or (rotation.at + lifetime if lifetime else None)


def secrets_of(key_id: KeyId, known: Iterable[Key]) -> list[Key]:
    """The newest first."""
    return sorted((key for key in known if key.id == key_id), key=lambda key: key.created_at, reverse=True)


def strictest(one: Key, other: Key) -> Key:
    """One secret as two stores know it: whichever end comes first counts, so that nothing is ever open again."""
    ends = _first(one.expires_at, other.expires_at), _first(one.revoked_at, other.revoked_at)
    return one if ends == (one.expires_at, one.revoked_at) else replace(one, expires_at=ends[0], revoked_at=ends[1])


def lacking(own: Iterable[Key], others: Iterable[Key]) -> list[Key]:
    """Keys in `others` that `own` lacks or knows as more open."""
    known = {key.digest: key for key in own}
    return [key for key in others if (had := known.get(key.digest)) is None or strictest(had, key) != had]


def united(far: Sequence[Key], near: Sequence[Key]) -> tuple[Key, ...]:
    """Union of both. A key that is revoked `near` and not yet `far` is so under every secret, those that it
    was given meanwhile included."""
    known = {key.digest: key for key in far}
    late = {
        key.id: key.revoked_at
        for key in near
        if key.revoked_at and key.digest in known and not known[key.digest].revoked_at
    }
    for key in near:
        known[key.digest] = strictest(known.get(key.digest, key), key)
    own = {key.digest for key in near}
    for key in far:
        if (at := late.get(key.id)) and key.digest not in own:
            known[key.digest] = _closed(key, at)
    return tuple(known.values())


def _closed(key: Key, at: datetime) -> Key:
    return key if key.revoked_at is not None and key.revoked_at <= at else replace(key, revoked_at=at)


def _replaced(key: Key, rotation: Rotation) -> Key:
    if not rotation.overlap:
        return _closed(key, rotation.at)  # whatever other clocks say
    return replace(key, expires_at=_first(key.expires_at, rotation.at + rotation.overlap))


def _first(one: datetime | None, other: datetime | None) -> datetime | None:
    return min(one, other) if one and other else one or other
