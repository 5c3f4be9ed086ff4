"""The admin endpoints, on a Unix socket that only the gateway's own user can open: keys, prices, reload, status."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, datetime
from typing import Final

import anyio
import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.asgi.bookkeeping import Bookkeeping
from gateway.core.catalog import BUDGET_WINDOWS, Budget
from gateway.core.cost import money
from gateway.core.errors import Ended, InvalidRequest, Json, NotFound
from gateway.core.principal import Key, KeyId
from gateway.declarations.budgets import budget_from
from gateway.dialects.names import near
from gateway.exchange.parts import InForce
from gateway.stores.keys import Keys, digest_of, new_key_id, new_secret
from gateway.stores.repricing import Repricer, Wanted
from gateway.telemetry.events import KeyCreated, KeyRevoked, Repriced

Reload = Callable[[], Awaitable[list[str]]]
"""Check the documents and put them in force; returns the faults, none if they are in force now."""


_MEMBERS: Final = frozenset({"team", "policy", "label", "classes", "expires_at", "budgets"})
"""What a new key is made of."""
_REPRICING: Final = frozenset({"since", "until", "provider", "dry_run"})
_LONGEST: Final = 256


class Admin:
    """What commands ask of a running gateway. `default_policy` is "" except under the sandbox."""

    def __init__(
        self,
        keys: Keys,
        in_force: Callable[[], InForce],
        reload: Reload,
        now: Callable[[], datetime],
        default_policy: str,
        told: Callable[[KeyCreated | KeyRevoked | Repriced], None] = lambda _: None,
        repricer: Repricer | None = None,
        books: Bookkeeping | None = None,
    ) -> None:
        """`told`: the log of a running gateway. `repricer`: of its journal. `books`: all of them, while it runs."""
        self._told, self._repricer, self._books = told, repricer, books
        self._keys, self._in_force, self._reload, self._now = keys, in_force, reload, now
        self._default_policy = default_policy

    def app(self) -> Starlette:
        routes = [
            Route("/keys", self._list, methods=["GET"]),
            Route("/keys", self._create, methods=["POST"]),
            Route("/keys/{id}/revoke", self._revoke, methods=["POST"]),
            Route("/reprice", self._repriced, methods=["POST"]),
            Route("/reload", self._reloaded, methods=["POST"]),
            Route("/status", self._status, methods=["GET"]),
            *(self._books.routes() if self._books else ()),
        ]
        return Starlette(routes=routes, exception_handlers={Ended: _refused, HTTPException: _unrouted})

    async def _list(self, request: Request) -> Response:
        """Every key; with `?digest=` the one whose secret has that SHA-256."""
        now, digest = self._now(), request.query_params.get("digest")
        keys = [key for key in await self._keys.all() if digest in (None, key.digest)]
        return _json({"keys": [key_view(key, now) for key in keys]})

    async def _create(self, request: Request) -> Response:
        wanted = _object(await request.body())
        snapshot = self._in_force().snapshot
        policy = _text(wanted, "policy") or self._default_policy
        team = _text(wanted, "team")
        if not policy:
            raise InvalidRequest("A key needs a policy. Name one with --policy.", field="policy")
        _declared("policy", policy, list(snapshot.policies))
        _declared("team", team, list(snapshot.teams))
        classes = _classes(wanted)
        for name in sorted(classes):
            _declared("classes", name, list(snapshot.organisation.classes))
        secret = new_secret()
        key = Key(
            id=new_key_id(),
            digest=digest_of(secret),
            team=team,
            policy=policy,
            label=_text(wanted, "label"),
            created_at=self._now(),
            expires_at=_moment(_text(wanted, "expires_at")),
            classes=classes,
            budgets=_budgets(wanted),
        )
        await self._keys.create(key)
        self._told(KeyCreated(key.id, key.team, key.policy))
        return _json({**key_view(key, self._now()), "secret": secret}, 201)

    async def _revoke(self, request: Request) -> Response:
        key = await self._keys.revoke(KeyId(request.path_params["id"]), self._now())
        if key is None:
            raise NotFound("There is no key of that id. `safeconduct keys list` shows them.")
        self._told(KeyRevoked(key.id, key.team))
        return _json(key_view(key, self._now()))

    async def _repriced(self, request: Request) -> Response:
        """`{"since", "until", "provider", "dry_run"}`: rate exchanges of these days again, at the prices in force."""
        stated, snapshot = _object(await request.body(), _REPRICING), self._in_force().snapshot
        provider = _text(stated, "provider")
        if provider:
            _declared("provider", provider, list(snapshot.providers))
        if self._repricer is None:
            raise NotFound("There is no journal here to correct.")
        wanted = Wanted(_day(stated, "since"), _day(stated, "until"), provider, stated.get("dry_run") is not False)
        done = await anyio.to_thread.run_sync(self._repricer.reprice, wanted, snapshot)
        if not wanted.dry:
            days, sums = (str(wanted.since), str(wanted.until)), (done.exchanges, done.corrected, done.difference)
            self._told(Repriced(*days, provider, *sums, snapshot.fx.ledger, snapshot.digest))
        return _json(
            {
                "exchanges": done.exchanges,
                "corrected": done.corrected,
                "difference": str(done.difference),
                "currency": snapshot.fx.ledger,
                "snapshot": snapshot.digest,
            }
        )

    async def _reloaded(self, _: Request) -> Response:
        faults = await self._reload()
        return _json(
            {"reloaded": not faults, "faults": faults, "snapshot": self._in_force().snapshot.digest},
            409 if faults else 200,
        )

    async def _status(self, _: Request) -> Response:
        now = self._in_force()
        sandbox = any(provider.sandbox for provider in now.snapshot.providers.values())
        return _json(
            {
                "status": "running",
                "snapshot": now.snapshot.digest,
                "sandbox": sandbox,
                "providers": sorted(now.means.credentials),
            }
        )


def key_view(key: Key, now: datetime) -> dict[str, Json]:
    """A key as commands show it; its digest is nobody's business."""
    return {
        "id": key.id,
        "team": key.team,
        "policy": key.policy,
        "label": key.label,
        "classes": sorted(key.classes),
        "budgets": [f"{money(budget.limit)}/{budget.window}" for budget in key.budgets],
        "created_at": key.created_at.isoformat(timespec="seconds"),
        "expires_at": key.expires_at.isoformat(timespec="seconds") if key.expires_at else None,
        "revoked_at": key.revoked_at.isoformat(timespec="seconds") if key.revoked_at else None,
        "state": key.state(now),
    }


def _declared(field: str, name: str, known: list[str]) -> None:
    if name not in known:
        close = near(name, known) or sorted(known)
        raise InvalidRequest(
            f"`{field}` names nothing declared. There are: {', '.join(close)}.", field=field, near=close
        )


def _object(body: bytes, members: frozenset[str] = _MEMBERS) -> dict[str, object]:
    try:
        found = orjson.loads(body or b"{}")
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise InvalidRequest("The body must be a JSON object.")
    if set(found) - members:  # what is not understood might have been meant to restrict the key
        raise InvalidRequest(f"The body may hold only {', '.join(sorted(members))}.", known=sorted(members))
    return found


def _text(wanted: dict[str, object], name: str) -> str:
    value = wanted.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise InvalidRequest(f"`{name}` must be a string of at most {_LONGEST} characters.", field=name)
    return value


def _day(stated: dict[str, object], name: str) -> date:
    try:
        return date.fromisoformat(_text(stated, name))
    except ValueError:
        pass
    raise InvalidRequest(f"`{name}` must be a day such as 2026-11-24.", field=name)


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
    if len(budgets) < len(found) or len({budget.window for budget in budgets}) < len(budgets):
        windows = ", ".join(BUDGET_WINDOWS)
        raise InvalidRequest(
            f"A budget is an amount below 9,000,000 and a window, such as 50/month; one of each: {windows}.",
            field="budgets",
        )
    return budgets


def _moment(stated: str) -> datetime | None:
    if not stated:
        return None
    try:
        moment = datetime.fromisoformat(stated)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise InvalidRequest("`expires_at` must be a moment with its time zone (RFC 3339).", field="expires_at")
    return moment


def _json(value: dict[str, Json], status: int = 200) -> Response:
    return Response(orjson.dumps(value), status, media_type="application/json")


async def _unrouted(_: Request, fault: Exception) -> Response:
    assert isinstance(fault, HTTPException)
    code, message = (
        ("method_not_allowed", "No such method here.")
        if fault.status_code == 405
        else ("not_found", "There is nothing at this address.")
    )
    return _json({"error": {"code": code, "message": message}}, fault.status_code)


async def _refused(_: Request, ended: Exception) -> Response:
    assert isinstance(ended, Ended)
    return _json({"error": {"code": ended.code, "message": ended.message, **ended.details}}, ended.status)
