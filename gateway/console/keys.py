"""Keys: the reader's own, which the reader may rotate; or every key for an operator, who makes and revokes them too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Final, Protocol

from gateway.console.page import PREFIX, Audience, ConsolePage, PageAnswer, PageReport, Redirect, Shown, View, Visit
from gateway.console.queries import teams_seen
from gateway.core.errors import InvalidRequest, Json, NotFound
from gateway.core.principal import Key
from gateway.identity.key_desk import IssuedKey, NewKey, budgets_in
from gateway.identity.operators import Act, Operator

_LIFETIMES: Final[Mapping[str, int]] = {"30": 30, "90": 90, "365": 365}
_OVERLAPS: Final[Mapping[str, timedelta]] = {
    "0": timedelta(),
    "1": timedelta(hours=1),
    "24": timedelta(days=1),
    "168": timedelta(days=7),
}
_LABEL_MOST: Final = 256


class Desk(Protocol):
    """Makes, rotates and revokes keys."""

    async def create(self, new: NewKey, actor: str) -> IssuedKey: ...

    async def rotate(self, key_id: str, overlap: timedelta, ends: None, actor: str) -> IssuedKey: ...

    async def rotate_own(self, key: Key, overlap: timedelta) -> IssuedKey: ...

    async def revoke(self, key_id: str, actor: str) -> object: ...


def keys_pages(report: PageReport, desk: Desk) -> Iterable[ConsolePage]:
    """`/console/keys`, a page for each key, and for operators one that asks before it revokes."""
    room, own, asks = _Keys(report, desk), Audience.SIGNED_IN, Audience.OPERATORS
    yield ConsolePage("/keys", "keys.html", room.show, own, label="Keys", act=room.create)
    yield ConsolePage("/keys/{id}", "key.html", room.one, own, act=room.rotate)
    yield ConsolePage("/keys/{id}/revoke", "key_revoke.html", room.one, asks, act=room.revoke, needs=Act.WRITE)


class _Keys:
    def __init__(self, report: PageReport, desk: Desk) -> None:
        self._report, self._desk = report, desk

    async def show(self, visit: Visit) -> View:
        snapshot = visit.in_force.snapshot
        return {
            **await self._report(visit),
            "may_write": _may_write(visit),
            "teams": teams_seen(visit),
            "policies": sorted(snapshot.policies),
            "classes": sorted(snapshot.organisation.classes),
        }

    async def one(self, visit: Visit) -> View:
        """The key of this address. NotFound."""
        rows = (await self._report(visit))["data"]
        for row in rows if isinstance(rows, list) else ():
            if isinstance(row, dict) and row["id"] == visit.parts["id"]:
                return {"key": row, "may_write": _may_write(visit), "own": _own_key(visit) is not None}
        raise NotFound("Unknown key id.")

    async def create(self, visit: Visit) -> PageAnswer:
        issued = await self._desk.create(_new_key(visit), _operator(visit).subject)
        return _shown_once(issued, "made")

    async def rotate(self, visit: Visit) -> PageAnswer:
        overlap = _OVERLAPS.get(visit.field("overlap"))
        if overlap is None:
            raise InvalidRequest("`overlap` must be one of the offered times.", field="overlap", known=[*_OVERLAPS])
        own = _own_key(visit)
        if own is not None and not _may_write(visit):
            return _shown_once(await self._desk.rotate_own(own, overlap), "rotated")
        issued = await self._desk.rotate(visit.parts["id"], overlap, None, _operator(visit).subject)
        return _shown_once(issued, "rotated")

    async def revoke(self, visit: Visit) -> PageAnswer:
        await self._desk.revoke(visit.parts["id"], _operator(visit).subject)
        return Redirect(f"{PREFIX}/keys")


def _may_write(visit: Visit) -> bool:
    operator = visit.visitor.operator
    return operator is not None and Act.WRITE in operator.role.acts


def _own_key(visit: Visit) -> Key | None:
    """The key that the reader signed in with, if it is the one of this address."""
    caller = visit.visitor.principal.caller if visit.visitor.principal is not None else None
    return caller if isinstance(caller, Key) and caller.id == visit.parts["id"] else None


def _operator(visit: Visit) -> Operator:
    """The operator who acts. NotFound for everybody else, as for a page that does not exist."""
    operator = visit.visitor.operator
    if operator is None:
        raise NotFound
    operator.require(Act.WRITE)
    return operator


def _new_key(visit: Visit) -> NewKey:
    label, lifetime = visit.field("label").strip(), visit.field("expires")
    if len(label) > _LABEL_MOST:
        raise InvalidRequest(f"`label` must be at most {_LABEL_MOST} characters.", field="label")
    if lifetime and lifetime not in _LIFETIMES:
        raise InvalidRequest("`expires` must be one of the offered times.", field="expires", known=[*_LIFETIMES])
    budgets = [part.strip() for part in visit.field("budgets").split() if part.strip()]
    return NewKey(
        team=visit.field("team"),
        policy=visit.field("policy"),
        label=label,
        classes=frozenset(value for value in visit.form.get("classes", ()) if value),
        expires_at=visit.now + timedelta(days=_LIFETIMES[lifetime]) if lifetime else None,
        budgets=budgets_in(budgets),
    )


def _shown_once(issued: IssuedKey, what: str) -> Shown:
    until = issued.replaced_until
    view: dict[str, Json] = {
        "done": what,
        "id": str(issued.key.id),
        "label": issued.key.label,
        "team": issued.key.team,
        "policy": issued.key.policy,
        "secret": issued.secret,
        "replaced_until": until.isoformat(timespec="seconds") if until is not None else None,
    }
    return Shown("key_issued.html", view, 201)
