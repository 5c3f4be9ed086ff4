"""Endpoints of reports on receipts, places, spend and budgets of the key that asks. Ledgers are read in threads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

import anyio
import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.asgi.request_context import Gate, head_of
from gateway.core.errors import InvalidRequest, Json
from gateway.core.policy import Policy
from gateway.core.principal import Key, Principal
from gateway.exchange.services import InForce, Services
from gateway.reports.budgets import budgets, budgets_seen
from gateway.reports.health import SharedReports, health_report, last_hour
from gateway.reports.places import places
from gateway.reports.policies import WHY, PolicyCards, WhyQuestion, cards_seen, draft, why
from gateway.reports.questions import known_members
from gateway.reports.receipts import receipt, receipts, record
from gateway.reports.sight import Sight
from gateway.reports.spend import LedgerDay, spend
from gateway.reports.usage import usage
from gateway.views.drafts import Judge
from gateway.views.health import health_view
from gateway.views.limits import MEMBERS, limits_in
from gateway.views.own_key import own_key
from gateway.views.provider_health import WorkerOutages
from gateway.views.receipts import ReceiptNames

_DRAFT: Final = "draft"


class Insight:
    """Reports over what the key of the request may see: its own."""

    def __init__(self, gate: Gate, reports: SharedReports) -> None:
        self._gate, self._cards, self._outages = gate, reports.cards, reports.outages

    def routes(self) -> list[Route]:
        """Every address of a report."""
        return [
            Route("/v1/usage", self._usage, methods=["GET"]),
            Route("/v1/receipts", self._receipts, methods=["GET"]),
            Route("/v1/receipts/{id}", self._record, methods=["GET"]),
            Route("/v1/receipts/{id}/explained", self._receipt, methods=["GET"]),
            Route("/v1/places", self._places, methods=["GET"]),
            Route("/v1/spend", self._spend, methods=["GET"]),
            Route("/v1/budgets", self._budgets, methods=["GET"]),
            Route("/v1/policies", self._policies, methods=["GET"]),
            Route("/v1/policies/draft", self._draft, methods=["GET"]),
            Route("/v1/policies/why", self._why, methods=["GET"]),
            Route("/v1/health", self._health, methods=["GET"]),
            Route("/v1/key", self._key, methods=["GET"]),
        ]

    async def _usage(self, request: Request) -> Response:
        sight, now = self._caller(request)
        return await _in_thread(partial(usage, self._gate.ledger, _query(request), sight, now.snapshot.fx.ledger))

    async def _receipts(self, request: Request) -> Response:
        sight, now = self._caller(request)
        return await _in_thread(partial(receipts, self._gate.ledger, _query(request), sight, _names(sight, now)))

    async def _record(self, request: Request) -> Response:
        sight, _ = self._caller(request)
        return await _in_thread(partial(record, self._gate.ledger, request.path_params["id"], sight))

    async def _receipt(self, request: Request) -> Response:
        sight, now = self._caller(request)
        return await _in_thread(
            partial(receipt, self._gate.ledger, request.path_params["id"], sight, _names(sight, now))
        )

    async def _places(self, request: Request) -> Response:
        sight, now = self._caller(request)
        today = self._gate.services.clock.today()
        return await _in_thread(partial(places, self._gate.ledger, _query(request), sight, now.snapshot, today))

    async def _spend(self, request: Request) -> Response:
        sight, now = self._caller(request)
        day = LedgerDay(self._gate.services.clock.today(), now.snapshot.fx.ledger)
        report = partial(spend, self._gate.ledger, _query(request), sight, _labels(sight), day)
        return await _in_thread(report)

    async def _budgets(self, request: Request) -> Response:
        return _json(await self._own_budgets(*self._caller(request)))

    async def _key(self, request: Request) -> Response:
        sight, now = self._caller(request)
        assert sight.caller is not None  # `_caller` sees for the key of the request
        default_class = sight.caller.class_layer(None, now.snapshot)
        layers = (*sight.caller.layers, *((default_class,) if default_class else ()))
        return _json(own_key(sight.caller, now.plans.policy(layers).policy, await self._own_budgets(sight, now)))

    async def _own_budgets(self, sight: Sight, now: InForce) -> dict[str, Json]:
        services, keys = self._gate.services, _own_key(sight)
        seen = budgets_seen(sight, now.snapshot, keys)
        return await budgets(services.books, seen, now.snapshot, keys, services.clock.now())

    async def _policies(self, request: Request) -> Response:
        sight, now = self._caller(request)
        cards = await anyio.to_thread.run_sync(self._cards.of, self._judge(now))
        return _json({"snapshot": now.snapshot.digest, "data": cards_seen(cards, sight)})

    async def _draft(self, request: Request) -> Response:
        sight, now = self._caller(request)
        known_members(_query(request), MEMBERS)
        limits = limits_in(_values(request), now.snapshot.regions, _DRAFT) or Policy(_DRAFT)
        return await _in_thread(partial(draft, self._gate.ledger, limits, self._judge(now), sight))

    async def _why(self, request: Request) -> Response:
        sight, now = self._caller(request)
        members = known_members(_query(request), (*MEMBERS, *WHY))
        limits = limits_in(_values(request), now.snapshot.regions, _DRAFT)
        question = WhyQuestion({name: value for name, value in members.items() if name in WHY}, limits)
        services = self._gate.services
        health = services.health.view(services.clock.monotonic())
        decision = await anyio.to_thread.run_sync(partial(why, question, sight, self._judge(now), (), health))
        if decision is None:
            raise InvalidRequest("`model` must be the name of a model.", field="model")
        return _json(decision)

    async def _health(self, request: Request) -> Response:
        sight, now = self._caller(request)
        moment = self._gate.services.clock.now()
        hour = await anyio.to_thread.run_sync(last_hour, self._gate.ledger, sight, moment)
        workers = await self._outages()
        return _json(health_report(now.snapshot, now.means.credentials, workers, hour, moment))

    def _judge(self, now: InForce) -> Judge:
        return Judge(now.snapshot, now.means, self._gate.services.clock.today())

    def _caller(self, request: Request) -> tuple[Sight, InForce]:
        principal, now = self._gate.caller(*head_of(request.scope))
        return Sight(principal), now


def unshared(services: Services) -> SharedReports:
    """The reports of a process that has no other worker beside it, and keeps no documents."""

    async def outages() -> list[WorkerOutages | None]:
        clock = services.clock
        rows = health_view(services.health.view(clock.monotonic()), clock.now(), clock.monotonic())
        return [WorkerOutages([row for row in rows if isinstance(row, dict)])]

    return SharedReports(PolicyCards(), outages)


async def _in_thread(report: Callable[[], Mapping[str, Json]]) -> Response:
    return _json(await anyio.to_thread.run_sync(report))


def _query(request: Request) -> Mapping[str, str]:
    return dict(request.query_params)


def _values(request: Request) -> dict[str, list[str]]:
    return {name: request.query_params.getlist(name) for name in request.query_params}


def _own_key(sight: Sight) -> list[Key]:
    caller = sight.caller.caller if isinstance(sight.caller, Principal) else None
    return [caller] if isinstance(caller, Key) else []


def _labels(sight: Sight) -> dict[str, str]:
    return {str(key.id): key.label for key in _own_key(sight) if key.label}


def _names(sight: Sight, now: InForce) -> ReceiptNames:
    return ReceiptNames(_labels(sight), now.snapshot.regions)


def _json(value: Mapping[str, Json]) -> Response:
    return Response(orjson.dumps(value), media_type="application/json")
