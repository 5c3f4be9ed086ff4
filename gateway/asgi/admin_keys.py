"""The admin endpoints of keys: made, listed, rotated and revoked, through the running gateway or beside none."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.asgi.admin_fields import answer, moment_of, object_of, text_of
from gateway.core.errors import InvalidRequest
from gateway.core.organisation import Budget
from gateway.identity.key_desk import OVERLAP_MOST, KeyDesk, NewKey, budgets_in
from gateway.stores.keys.keys import KeyStore
from gateway.views.keys import key_view

_MEMBERS: Final = frozenset({"team", "policy", "label", "classes", "expires_at", "budgets"})
"""Members of a new key."""
_ROTATING: Final = frozenset({"overlap_s", "expires_at"})
_MOST_OVERLAP_S: Final = int(OVERLAP_MOST.total_seconds())


class KeyRoom:
    """Reads what an operator states, and shows what the desk did."""

    def __init__(self, keys: KeyStore, desk: KeyDesk, now: Callable[[], datetime]) -> None:
        self._keys, self._desk, self._now = keys, desk, now

    def routes(self) -> list[Route]:
        """Everything below `/keys`."""
        return [
            Route("/keys", self._list, methods=["GET"]),
            Route("/keys", self._create, methods=["POST"]),
            Route("/keys/{id}/rotate", self._rotate, methods=["POST"]),
            Route("/keys/{id}/revoke", self._revoke, methods=["POST"]),
        ]

    async def _list(self, request: Request) -> Response:
        """Every key; with `?digest=` the one whose secret has that SHA-256."""
        now, digest = self._now(), request.query_params.get("digest")
        keys = [key for key in await self._keys.all() if digest in (None, key.digest)]
        return answer({"keys": [key_view(key, now) for key in keys]})

    async def _create(self, request: Request) -> Response:
        members = object_of(await request.body(), _MEMBERS)
        new = NewKey(
            team=text_of(members, "team"),
            policy=text_of(members, "policy"),
            label=text_of(members, "label"),
            classes=_classes(members),
            expires_at=moment_of(members, "expires_at"),
            budgets=_budgets(members),
        )
        issued = await self._desk.create(new, _actor(request))
        return answer({**key_view(issued.key, self._now()), "secret": issued.secret}, 201)

    async def _rotate(self, request: Request) -> Response:
        """`{"overlap_s", "expires_at"}`: another secret; the others go on for so long, or end now."""
        members = object_of(await request.body(), _ROTATING)
        overlap, ends = timedelta(seconds=_overlap(members)), moment_of(members, "expires_at")
        issued = await self._desk.rotate(request.path_params["id"], overlap, ends, _actor(request))
        until = issued.replaced_until.isoformat(timespec="seconds") if issued.replaced_until else None
        view = key_view(issued.key, self._now())
        return answer({**view, "secret": issued.secret, "replaced_until": until}, 201)

    async def _revoke(self, request: Request) -> Response:
        key = await self._desk.revoke(request.path_params["id"], _actor(request))
        return answer(key_view(key, self._now()))


def _actor(request: Request) -> str:
    return str(request.state.operator.subject)


def _overlap(members: dict[str, object]) -> int:
    value = members.get("overlap_s")
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _MOST_OVERLAP_S:
        raise InvalidRequest("`overlap_s` must be seconds, from 0 to a year.", field="overlap_s")
    return value


def _classes(members: dict[str, object]) -> frozenset[str]:
    value = members.get("classes")
    if value is None:
        return frozenset()
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise InvalidRequest("`classes` must be a list of data classes.", field="classes")
    return frozenset(value)


def _budgets(members: dict[str, object]) -> tuple[Budget, ...]:
    value = members.get("budgets")
    if value is None:
        return ()
    return budgets_in(value if isinstance(value, list) else [value])
