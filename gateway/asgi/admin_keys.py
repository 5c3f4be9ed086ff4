"""The admin endpoints of keys: made, listed, rotated and revoked, through the running gateway or beside none."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.asgi.admin_fields import answer, declared, moment_of, object_of, text_of
from gateway.core.errors import InvalidRequest, NotFound, Unavailable
from gateway.core.keyring import Rotation, secrets_of
from gateway.core.organisation import BUDGET_WINDOWS, Budget
from gateway.core.principal import Key, KeyId
from gateway.declarations.budgets import budget_from
from gateway.exchange.services import InForce
from gateway.stores.keys.keys import KeyStore, digest_of, new_key_id, new_secret
from gateway.telemetry.events import KeyCreated, KeyRevoked, KeyRotated
from gateway.views.keys import key_view

KeyNews: TypeAlias = KeyCreated | KeyRotated | KeyRevoked

_MEMBERS: Final = frozenset({"team", "policy", "label", "classes", "expires_at", "budgets"})
"""Members of a new key."""
_ROTATING: Final = frozenset({"overlap_s", "expires_at"})
_MOST_OVERLAP_S: Final = 366 * 86_400


class KeyRoom:
    """`default_policy`: "" except under the sandbox. `tell`: the log of a running gateway."""

    def __init__(
        self,
        keys: KeyStore,
        in_force: Callable[[], InForce],
        now: Callable[[], datetime],
        default_policy: str,
        tell: Callable[[KeyNews], None],
    ) -> None:
        self._keys, self._in_force, self._now, self._tell = keys, in_force, now, tell
        self._default_policy = default_policy

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
        wanted = object_of(await request.body(), _MEMBERS)
        snapshot = self._in_force().snapshot
        policy = text_of(wanted, "policy") or self._default_policy
        team = text_of(wanted, "team")
        if not policy:
            raise InvalidRequest("A key needs a policy. Name one with --policy.", field="policy")
        declared("policy", policy, snapshot.policies)
        declared("team", team, snapshot.teams)
        classes = _classes(wanted)
        for name in sorted(classes):
            declared("classes", name, snapshot.organisation.classes)
        secret = new_secret()
        key = Key(
            id=new_key_id(),
            digest=digest_of(secret),
            team=team,
            policy=policy,
            label=text_of(wanted, "label"),
            created_at=self._now(),
            expires_at=moment_of(wanted, "expires_at"),
            classes=classes,
            budgets=_budgets(wanted),
        )
        await self._keys.create(key)
        self._tell(KeyCreated(key.id, key.team, key.policy, _actor(request)))
        return answer({**key_view(key, self._now()), "secret": secret}, 201)

    async def _rotate(self, request: Request) -> Response:
        """`{"overlap_s", "expires_at"}`: another secret; the others go on for so long, or end now."""
        stated, secret, now = object_of(await request.body(), _ROTATING), new_secret(), self._now()
        overlap, ends = timedelta(seconds=_overlap(stated)), moment_of(stated, "expires_at")
        rotation = Rotation(digest_of(secret), now, overlap, ends)
        changed = await self._keys.rotate(KeyId(request.path_params["id"]), rotation)
        if not changed:
            raise _no_such_key()
        fresh, *replaced = changed
        until = max((key.expires_at for key in replaced if key.state(now) == "active" and key.expires_at), default=None)
        self._tell(KeyRotated(fresh.id, fresh.team, _actor(request)))
        old = until.isoformat(timespec="seconds") if until else None
        return answer({**key_view(fresh, now), "secret": secret, "replaced_until": old}, 201)

    async def _revoke(self, request: Request) -> Response:
        key_id, now = KeyId(request.path_params["id"]), self._now()
        try:
            key = await self._keys.revoke(key_id, now)
        except Unavailable:
            for closed in secrets_of(key_id, await self._keys.all())[:1]:
                if closed.state(now) == "revoked":  # here, though not for good or not for all
                    self._tell(KeyRevoked(closed.id, closed.team, _actor(request)))
            raise
        if key is None:
            raise _no_such_key()
        self._tell(KeyRevoked(key.id, key.team, _actor(request)))
        return answer(key_view(key, self._now()))


def _actor(request: Request) -> str:
    return str(request.state.operator.subject)


def _no_such_key() -> NotFound:
    return NotFound("Unknown key id. `safeconduct keys list` shows every key.")


def _overlap(stated: dict[str, object]) -> int:
    value = stated.get("overlap_s")
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _MOST_OVERLAP_S:
        raise InvalidRequest("`overlap_s` must be seconds, from 0 to a year.", field="overlap_s")
    return value


def _classes(wanted: dict[str, object]) -> frozenset[str]:
    value = wanted.get("classes")
    if value is None:
        return frozenset()
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise InvalidRequest("`classes` must be a list of data classes.", field="classes")
    return frozenset(value)


def _budgets(wanted: dict[str, object]) -> tuple[Budget, ...]:
    value = wanted.get("budgets")
    if value is None:
        return ()
    stated = value if isinstance(value, list) else [value]
    found = [budget_from(text) if isinstance(text, str) else None for text in stated]
    budgets = tuple(budget for budget in found if budget is not None)
    if len(budgets) < len(found) or len({(budget.window, budget.soft) for budget in budgets}) < len(budgets):
        windows = ", ".join(BUDGET_WINDOWS)
        raise InvalidRequest(
            "A budget is an amount below 9,000,000 and a window, such as 50/month, 40/month,soft or "
            f"50/month,clamp=256; one, and a soft one, of each: {windows}.",
            field="budgets",
        )
    return budgets
