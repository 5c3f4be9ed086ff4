"""The way in for clients: which path means what, and what an exchange needs from a request's head."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router, request_response
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.asgi.addresses import Address, Addresses
from gateway.asgi.arriving_bodies import ArrivingBody
from gateway.asgi.downstream import ClientDownstream, ErrorFormat, send_error
from gateway.asgi.headers import Fields
from gateway.asgi.insight import Insight, unshared
from gateway.asgi.intake import method_not_allowed, read_body
from gateway.asgi.pages import DATA_CLASS, Pages, alive
from gateway.asgi.request_context import Gate
from gateway.core.errors import (
    ClientLeft,
    Ended,
    InternalError,
    NotFound,
)
from gateway.dialects import narrowing
from gateway.dialects.prompt import PLAIN
from gateway.exchange.deadlines import DeadlineScope
from gateway.exchange.lifecycle import Exchange
from gateway.exchange.services import Arrival
from gateway.reports.health import SharedReports
from gateway.telemetry.events import Fault
from gateway.telemetry.faults import reduce

IDEMPOTENCY: Final = b"idempotency-key"
CONSOLE: Final = "/console"
"""The address of every page for people begins with it."""


class Exchanges:
    """Every address where something is exchanged, as a bare ASGI endpoint. An exchange runs in the server's task for
    its request, and is told by the server (`scope["state"]["when_client_leaves"]`) when its client leaves."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        watch = DeadlineScope()
        try:
            await self._exchanged(scope, receive, send, watch)
        finally:
            watch.close()

    async def _exchanged(self, scope: Scope, receive: Receive, send: Send, watch: DeadlineScope) -> None:
        fields = Fields(scope["headers"])
        state: dict[str, Any] = scope["state"]
        address: Address = state["address"]
        dialect = address.dialect
        assert dialect is not None  # the other addresses are those of `Pages.models`
        head = PLAIN
        try:
            head = address.prompt_head(fields, scope["query_string"], fields.one(_POLICY) or "")
            if scope["method"] != "POST":
                raise method_not_allowed("POST")
            caller, in_force = self._gate.caller(fields, state.get("query_key", ""))
            arrival = Arrival(
                dialect=dialect.NAME,
                head=head,
                data_class=fields.one(DATA_CLASS),
                idempotency_key=fields.one(IDEMPOTENCY) or "",
            )
            with ArrivingBody(self._gate.bodies, caller.caller.id) as arriving:
                body = await read_body(fields, receive, watch, arriving, head.operation.body_type)
        except ClientLeft:
            return
        except Ended as ended:
            await send_error(send, ended, None, ErrorFormat(dialect, head))
            return
        await asyncio.sleep(0)  # as in `Exchange._forward`: those that came together begin together
        exchange = Exchange(self._gate.services, in_force, caller, arrival, watch)
        self._gate.live.add(exchange)
        if self._gate.drain.expired.is_set():  # its body came in when the others had been told already
            exchange.expire()
        state["when_client_leaves"](exchange.leave)
        try:
            await exchange.run(body, ClientDownstream(send, ErrorFormat(dialect, head)))
        finally:
            self._gate.live.discard(exchange)


_POLICY: Final = narrowing.HEADER.encode()


async def front(request: Request) -> Response:
    """Leads browsers to the pages; every other client learns that somebody is there."""
    if "text/html" not in request.headers.get("accept", ""):
        return await alive(request)
    return Response(status_code=303, headers={"location": f"{CONSOLE}/", "vary": "accept"})


def application(gate: Gate, console: ASGIApp | None = None, reports: SharedReports | None = None) -> ASGIApp:
    """Everything a client can reach. `console`: the pages for people; None where they are switched off. `reports`:
    shared with the pages; None for a process without workers beside it."""
    clients: dict[bool, ASGIApp] = {True: request_response(Pages(gate).models), False: Exchanges(gate)}
    ours = Router(own_routes(gate, console is not None, reports or unshared(gate.services)), redirect_slashes=False)
    return Guard(ours, clients, gate, console)


def own_routes(gate: Gate, paged: bool, reports: SharedReports) -> list[Route]:
    """The addresses of the gateway itself. `paged`: pages for people are served beside them."""
    small = Pages(gate)
    return [
        Route("/v1/catalog/models", small.catalogue, methods=["GET"]),
        Route("/v1/catalog/models/{name:path}", small.model_page, methods=["GET"]),
        Route("/v1/explain", small.explain, methods=["GET"]),
        Route("/setup", small.setup, methods=["GET"]),
        Route("/llms.txt", small.llms, methods=["GET"]),
        Route("/openapi.json", small.openapi, methods=["GET"]),
        *Insight(gate, reports).routes(),
        Route("/livez", alive, methods=["GET"]),
        Route("/readyz", small.ready, methods=["GET"]),
        Route("/", front if paged else alive, methods=["GET"]),
        Route("/api/hello", alive, methods=["GET"]),  # Claude Code asks whether anybody is there
    ]


class Guard:
    """Finds out whom a path concerns, and turns whatever an endpoint raises into the error shape of its dialect;
    nothing else of an exception gets out.

    Starlette's own middleware is left out: it would answer first and raise afterwards.
    """

    def __init__(
        self, ours: Router, clients: Mapping[bool, ASGIApp], gate: Gate, console: ASGIApp | None = None
    ) -> None:
        """`clients`: the application for the addresses of SDKs, by whether they list models."""
        self._ours, self._clients, self._gate = ours, clients, gate
        self._console = console or ours
        registry = gate.services.dialects
        self._addresses = Addresses(registry)
        self._formats = {family: ErrorFormat(dialect) for family, dialect in registry.families.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        scope["app"] = self  # makes the router raise for 404 and 405 instead of answering in plain text
        keyed = bool(scope["state"].get("query_key"))
        path, headers = scope["path"], scope["headers"]
        address = self._addresses.find(path, headers, keyed=keyed)
        family = self._addresses.family(path, headers, keyed=keyed) if address is None else address.family
        voice = self._formats[family]
        scope["state"]["address"] = address
        if address is None:
            app = self._console if path == CONSOLE or path.startswith(f"{CONSOLE}/") else self._ours
        else:
            app = self._clients[address.dialect is None]
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
    if fault.status_code == 405:
        return method_not_allowed((fault.headers or {}).get("Allow", ""))
    return NotFound(
        "There is nothing at this address. OpenAI's SDKs want a base URL that ends in /v1; "
        "Anthropic's and Google's add the version themselves."
    )
