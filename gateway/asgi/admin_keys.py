"""The admin endpoints of keys: made, listed, rotated and revoked, through the running gateway or beside none."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.asgi.admin_fields import answer, declared, moment_of, object_of, text_of
from gateway.core.errors import InvalidRequest, Json, NotFound, Unavailable
from gateway.core.keyring import Rotation, secrets_of
from gateway.core.organisation import BUDGET_WINDOWS, Budget
from gateway.core.principal import Key, KeyId
from gateway.declarations.budgets import budget_from, budget_text
from gateway.exchange.services import InForce
from gateway.stores.keys.keys import Keys, digest_of, new_key_id, new_secret
from gateway.telemetry.events import KeyCreated, KeyRevoked, KeyRotated

KeyNews: TypeAlias = KeyCreated | KeyRotated | KeyRevoked

_MEMBERS: Final = frozenset({"team", "policy", "label", "classes", "expires_at", "budgets"})
"""What a new key is made of."""
_ROTATING: Final = frozenset({"overlap_s", "expires_at"})
_MOST_OVERLAP_S: Final = 366 * 86_400


class KeyOffice:
    """`default_policy`: "" except under the sandbox. `told`: the log of a running gateway."""

    def __init__(
        self,
        keys: Keys,
        in_force: Callable[[], InForce],
        now: Callable[[], datetime],
        default_policy: str,
        told: Callable[[KeyNews], None],
    ) -> None:
        self._keys, self._in_force, self._now, self._told = keys, in_force, now, told
        self._default_policy = default_policy

    def routes(self) -> list[Route]:
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
        self._told(KeyCreated(key.id, key.team, key.policy))
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
        self._told(KeyRotated(fresh.id, fresh.team))
        old = until.isoformat(timespec="seconds") if until else None
        return answer({**key_view(fresh, now), "secret": secret, "replaced_until": old}, 201)

    async def _revoke(self, request: Request) -> Response:
        key_id, now = KeyId(request.path_params["id"]), self._now()
        try:
            key = await self._keys.revoke(key_id, now)
        except Unavailable:
            for closed in secrets_of(key_id, await self._keys.all())[:1]:
                if closed.state(now) == "revoked":  # here, though not for good or not for all
                    self._told(KeyRevoked(closed.id, closed.team))
            raise
        if key is None:
            raise _no_such_key()
        self._told(KeyRevoked(key.id, key.team))
        return answer(key_view(key, self._now()))


def key_view(key: Key, now: datetime) -> dict[str, Json]:
    """A key as commands show it; its digest is nobody's business."""
    return {
        "id": key.id,
        "team": key.team,
        "policy": key.policy,
        "label": key.label,
        "classes": sorted(key.classes),
        "budgets": [budget_text(budget) for budget in key.budgets],
        "created_at": key.created_at.isoformat(timespec="seconds"),
        "expires_at": key.expires_at.isoformat(timespec="seconds") if key.expires_at else None,
        "revoked_at": key.revoked_at.isoformat(timespec="seconds") if key.revoked_at else None,
        "state": key.state(now),
    }


def _no_such_key() -> NotFound:
    return NotFound("There is no key of that id. `safeconduct keys list` shows them.")


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
