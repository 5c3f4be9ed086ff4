"""The admin endpoints, on a Unix socket that only the gateway's own user can open: keys, prices, reload, status."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final

import anyio
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.asgi.admin_books import Bookkeeping
from gateway.asgi.admin_fields import answer, day_of, declared, object_of, text_of
from gateway.asgi.admin_keys import KeyNews, KeyOffice
from gateway.core.errors import Ended, NotFound
from gateway.exchange.services import InForce
from gateway.stores.keys.keys import Keys
from gateway.stores.ledger.repricing import Repricer, Wanted
from gateway.telemetry.events import Repriced

Reload = Callable[[], Awaitable[list[str]]]
"""Check the documents and put them in force; returns the faults, none if they are in force now."""


_REPRICING: Final = frozenset({"since", "until", "provider", "dry_run"})


class Admin:
    """What commands ask of a running gateway. `default_policy` is "" except under the sandbox."""

    def __init__(
        self,
        keys: Keys,
        in_force: Callable[[], InForce],
        reload: Reload,
        now: Callable[[], datetime],
        default_policy: str,
        told: Callable[[KeyNews | Repriced], None] = lambda _: None,
        repricer: Repricer | None = None,
        books: Bookkeeping | None = None,
        metrics: Callable[[], str] = str,
    ) -> None:
        """`told`: the log of a running gateway. `repricer`: of its journal. `books`: all of them, while it runs.
        `metrics`: what its events add up to, for Prometheus."""
        self._told, self._repricer, self._books, self._counted = told, repricer, books, metrics
        self._in_force, self._reload = in_force, reload
        self._keys = KeyOffice(keys, in_force, now, default_policy, told)

    def app(self) -> Starlette:
        routes = [
            *self._keys.routes(),
            Route("/reprice", self._repriced, methods=["POST"]),
            Route("/reload", self._reloaded, methods=["POST"]),
            Route("/status", self._status, methods=["GET"]),
            Route("/metrics", self._metrics, methods=["GET"]),
            *(self._books.routes() if self._books else ()),
        ]
        return Starlette(routes=routes, exception_handlers={Ended: _refused, HTTPException: _unrouted})

    async def _repriced(self, request: Request) -> Response:
        """`{"since", "until", "provider", "dry_run"}`: rate exchanges of these days again, at the prices in force."""
        stated, snapshot = object_of(await request.body(), _REPRICING), self._in_force().snapshot
        provider = text_of(stated, "provider")
        if provider:
            declared("provider", provider, list(snapshot.providers))
        if self._repricer is None:
            raise NotFound("There is no journal here to correct.")
        wanted = Wanted(day_of(stated, "since"), day_of(stated, "until"), provider, stated.get("dry_run") is not False)
        done = await anyio.to_thread.run_sync(self._repricer.reprice, wanted, snapshot)
        if not wanted.dry:
            days, sums = (str(wanted.since), str(wanted.until)), (done.exchanges, done.corrected, done.difference)
            self._told(Repriced(*days, provider, *sums, snapshot.fx.ledger, snapshot.digest))
        return answer(
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
        return answer(
            {"reloaded": not faults, "faults": faults, "snapshot": self._in_force().snapshot.digest},
            409 if faults else 200,
        )

    async def _metrics(self, _: Request) -> Response:
        return Response(self._counted(), media_type="text/plain; version=0.0.4")

    async def _status(self, _: Request) -> Response:
        now = self._in_force()
        sandbox = any(provider.sandbox for provider in now.snapshot.providers.values())
        return answer(
            {
                "status": "running",
                "snapshot": now.snapshot.digest,
                "sandbox": sandbox,
                "providers": sorted(now.means.credentials),
            }
        )


async def _unrouted(_: Request, fault: Exception) -> Response:
    assert isinstance(fault, HTTPException)
    code, message = (
        ("method_not_allowed", "No such method here.")
        if fault.status_code == 405
        else ("not_found", "There is nothing at this address.")
    )
    return answer({"error": {"code": code, "message": message}}, fault.status_code)


async def _refused(_: Request, ended: Exception) -> Response:
    assert isinstance(ended, Ended)
    return answer({"error": {"code": ended.code, "message": ended.message, **ended.details}}, ended.status)
