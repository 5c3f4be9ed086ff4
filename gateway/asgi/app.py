"""The way in for clients: which path means what, and what an exchange needs from a request's head."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import replace
from typing import Final

import anyio
import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router, request_response
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.asgi import catalogue as pages
from gateway.asgi import listings, reports
from gateway.asgi.addresses import Address, Family, address, family_of
from gateway.asgi.downstream import OPENAI, ClientDownstream, Voice, send_error
from gateway.asgi.drain import Drain
from gateway.asgi.intake import Headers, credentials, read_body, watch
from gateway.core.catalog import Model, Snapshot
from gateway.core.errors import (
    ClientLeft,
    Ended,
    InternalError,
    InvalidRequest,
    Json,
    ModelNotFound,
    NotFound,
    Unavailable,
)
from gateway.core.policy import Demanded
from gateway.core.principal import Principal
from gateway.dialects import narrowing
from gateway.dialects.names import near, resolve
from gateway.dialects.prompt import Asked
from gateway.exchange.parts import Arrival, InForce, Services
from gateway.exchange.story import Exchange, identify
from gateway.stores.books import Ledger
from gateway.telemetry.events import Fault, Stopping
from gateway.telemetry.faults import reduce

DATA_CLASS: Final = "x-data-class"
IDEMPOTENCY: Final = "idempotency-key"
_LISTINGS_KEPT: Final = 64


class Gate:
    """What every endpoint needs: the services, what is in force now, and whether new work is taken."""

    def __init__(
        self,
        services: Services,
        in_force: Callable[[], InForce],
        ledger: Ledger,
        drain: Drain,
        limits: tuple[int, float],
    ) -> None:
        """`limits`: bytes of a request body, and seconds to receive it."""
        self.services, self.in_force, self.ledger, self.limits = services, in_force, ledger, limits
        self.drain = drain
        self.live: set[Exchange] = set()

    async def expire(self) -> None:
        """Say when the end begins; wait until exchanges in flight must end, and tell each of them."""
        await self.drain.begun.wait()
        self.services.log.emit(Stopping(len(self.live)))
        await self.drain.expired.wait()
        for exchange in self.live:
            exchange.expire()

    def caller(self, scope: Scope) -> tuple[Principal, InForce]:
        """Step 1 of every endpoint that is not a probe."""
        if self.drain.draining:
            raise Unavailable("draining", "This gateway is shutting down and takes no new request.")
        in_force = self.in_force()
        secret = credentials(scope["headers"], scope["state"].get("query_key", ""))
        return identify(secret, self.services, in_force), in_force


class Exchanges:
    """Every address where something is exchanged, as a bare ASGI endpoint: one owner of `receive`, one task group for
    each exchange."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Headers are taken before the first `receive`: a server may append trailers to the list later.
        headers = list(scope["headers"])
        address: Address = scope["state"]["address"]
        voice = Voice(address.dialect)
        try:
            voice = Voice(address.dialect, _asked(address, headers, scope))
            if scope["method"] != "POST":
                raise _method_not_allowed("POST")
            caller, in_force = self._gate.caller(scope)
            limit, within_s = self._gate.limits
            arrival = Arrival(
                dialect=address.dialect,
                asked=voice.asked,
                data_class=header(headers, DATA_CLASS),
                idempotency_key=header(headers, IDEMPOTENCY) or "",
            )
            body = await read_body(headers, receive, limit=limit, deadline_s=within_s)
        except ClientLeft:
            return
        except Ended as ended:
            await send_error(send, ended, None, voice)
            return
        exchange = Exchange(self._gate.services, in_force, caller, arrival)
        self._gate.live.add(exchange)
        if self._gate.drain.expired.is_set():  # its body came in when the others had been told already
            exchange.expire()
        try:
            async with anyio.create_task_group() as group:
                group.start_soon(_leave_with_client, receive, group.cancel_scope)
                await exchange.run(body, ClientDownstream(send, voice))
                group.cancel_scope.cancel()
        finally:
            self._gate.live.discard(exchange)


_TOLD: Final = ("anthropic-version", "anthropic-beta")


def _asked(address: Address, headers: Headers, scope: Scope) -> Asked:
    told = {name: value for name in _TOLD if (value := header(headers, name)) is not None}
    query = scope["query_string"].decode("latin-1")
    return address.asked(told, query, header(headers, narrowing.HEADER) or "")


def header(headers: Headers, name: str) -> str | None:
    """The value of a header; None if absent. InvalidRequest if it is repeated: one of the two would be ignored."""
    wanted = name.encode("ascii")
    values = [value for own, value in headers if own == wanted]
    if len(values) > 1:
        raise InvalidRequest(f"The header {name} stands there more than once.", header=name)
    return values[0].decode("latin-1") if values else None


async def _leave_with_client(receive: Receive, scope: anyio.CancelScope) -> None:
    await watch(receive)
    scope.cancel()


def application(gate: Gate) -> ASGIApp:
    """Everything a client can reach."""
    small = _Pages(gate)
    routes = [
        Route("/v1/catalog/models", small.catalogue, methods=["GET"]),
        Route("/v1/catalog/models/{name:path}", small.model_page, methods=["GET"]),
        Route("/v1/explain", small.explain, methods=["GET"]),
        Route("/v1/usage", small.usage, methods=["GET"]),
        Route("/v1/receipts/{id}", small.receipt, methods=["GET"]),
        Route("/livez", _alive, methods=["GET"]),
        Route("/readyz", small.ready, methods=["GET"]),
        Route("/", _alive, methods=["GET"]),
        Route("/api/hello", _alive, methods=["GET"]),  # Claude Code asks whether anybody is there
    ]
    clients: dict[bool, ASGIApp] = {True: request_response(small.models), False: Exchanges(gate)}
    return Guard(Router(routes, redirect_slashes=False), clients, gate)


_VOICES: Final[Mapping[Family, Voice]] = {
    "openai": OPENAI,
    "anthropic": Voice("anthropic_messages"),
    "google": Voice("google_generate"),
}


class Guard:
    """Finds out whom a path concerns, and turns whatever an endpoint raises into the error shape of its dialect;
    nothing else of an exception gets out.

    Starlette's own middleware is left out: it would answer first and raise afterwards.
    """

    def __init__(self, ours: Router, clients: Mapping[bool, ASGIApp], gate: Gate) -> None:
        """`clients`: what serves the addresses of SDKs, by whether they list models."""
        self._ours, self._clients, self._gate = ours, clients, gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        scope["app"] = self  # makes the router raise for 404 and 405 instead of answering in plain text
        keyed = bool(scope["state"].get("query_key"))
        found = address(scope["path"], scope["headers"], keyed=keyed)
        voice = _VOICES[found.family if found is not None else family_of(scope["headers"], keyed=keyed)]
        scope["state"]["address"] = found
        app = self._ours if found is None else self._clients[found.lists_models]
        try:
            await app(scope, receive, send)
        except Ended as ended:
            await send_error(send, ended, None, voice)
        except HTTPException as fault:
            await send_error(send, _unrouted(fault), None, voice)
        except Exception as fault:  # noqa: BLE001  # reduced to class and place, so that no content reaches a log
            self._gate.services.log.emit(Fault(reduce(fault)))
            await send_error(send, InternalError(""), None, voice)


def _unrouted(fault: HTTPException) -> Ended:
    return _method_not_allowed((fault.headers or {}).get("Allow", "")) if fault.status_code == 405 else NotFound()


def _method_not_allowed(allow: str) -> InvalidRequest:
    return InvalidRequest(f"This endpoint takes {allow}.", code="method_not_allowed", allow=allow)


class _Pages:
    """The small endpoints. Each raises Ended for what it refuses."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._listings: dict[Hashable, tuple[InForce, Demanded, bytes]] = {}

    async def models(self, request: Request) -> Response:
        """A list of models or one of them, as the SDKs of the client's family read it."""
        if request.method not in ("GET", "HEAD"):
            raise _method_not_allowed("GET")
        found: Address = request.scope["state"]["address"]
        if not found.name:
            return self._listing(request, listings.LISTS[found.family])
        _, in_force = self._viewer(request)
        model, _ = _resolved(found.name, in_force)
        return _json(listings.ENTRIES[found.family](found.name, model))

    async def catalogue(self, request: Request) -> Response:
        return self._listing(request, pages.catalogue)

    async def model_page(self, request: Request) -> Response:
        viewer, in_force = self._viewer(request)
        model, _ = _resolved(request.path_params["name"], in_force)
        return _json(pages.model_page(model, viewer, in_force.snapshot))

    async def explain(self, request: Request) -> Response:
        viewer, in_force = self._viewer(request)
        name = request.query_params.get("model")
        if not name:
            raise InvalidRequest("`model` must name a model: /v1/explain?model=…", field="model")
        model, pinned = _resolved(name, in_force)
        routes = [r for r in in_force.snapshot.routes_of[model.id] if pinned in (None, r.provider.id, r.id)]
        return _json({"model": model.id, "routes": [pages.route_view(r, viewer, in_force.snapshot) for r in routes]})

    async def usage(self, request: Request) -> Response:
        caller, _ = self._gate.caller(request.scope)
        return _json(await anyio.to_thread.run_sync(reports.usage, self._gate.ledger, request.query_params, caller))

    async def receipt(self, request: Request) -> Response:
        caller, _ = self._gate.caller(request.scope)
        found = await anyio.to_thread.run_sync(self._gate.ledger.receipt, request.path_params["id"])
        if found is None or found["key"] != caller.key.id:
            raise NotFound("There is no receipt of that id that this key may see.")
        return _json(found)

    async def ready(self, _: Request) -> Response:
        return _json({"status": "draining"}, 503) if self._gate.drain.draining else _json({"status": "ready"})

    def _listing(self, request: Request, page: Callable[[pages.Viewer, Snapshot], dict[str, Json]]) -> Response:
        """A page over every route: judged once a day for each set of layers, since clients ask for it all the time."""
        viewer, in_force = self._viewer(request)
        key = (page, id(viewer.demanded), viewer.means.priced_only, viewer.today)
        kept = self._listings.get(key)
        # What the identity was taken of is kept beside the answer, so that it is given to nothing else meanwhile.
        if kept is None or kept[0] is not in_force or kept[1] is not viewer.demanded:
            if len(self._listings) >= _LISTINGS_KEPT:
                self._listings.clear()
            kept = self._listings[key] = (in_force, viewer.demanded, orjson.dumps(page(viewer, in_force.snapshot)))
        return Response(kept[2], media_type="application/json")

    def _viewer(self, request: Request) -> tuple[pages.Viewer, InForce]:
        caller, in_force = self._gate.caller(request.scope)
        stated = header(request.scope["headers"], DATA_CLASS)
        own = caller.class_layer(stated, in_force.snapshot)
        demanded = in_force.plans.demanded((*caller.layers, *((own,) if own else ())))
        means = replace(in_force.means, priced_only=bool(caller.budgets))
        return pages.Viewer(demanded, means, self._gate.services.clock.today()), in_force


def _resolved(name: str, in_force: InForce) -> tuple[Model, str | None]:
    """The model of that name and what it is pinned to. ModelNotFound with near names."""
    snapshot = in_force.snapshot
    named = resolve(name, snapshot)
    if named is None:
        raise ModelNotFound(near(name.rpartition("/")[2], snapshot.models))
    return snapshot.models[named.model], named.pinned


def _json(value: Mapping[str, object], status: int = 200) -> Response:
    return Response(orjson.dumps(value), status, media_type="application/json")


async def _alive(_: Request) -> Response:
    return Response(status_code=200)
