"""The pages as an ASGI application: who may open which, forms, errors, and the way from a view to an answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qsl, quote

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import Receive, Scope, Send

from gateway.console.assets import Assets
from gateway.console.browser import HEADERS, Browser
from gateway.console.forms import read_form
from gateway.console.page import (
    PREFIX,
    ConsolePage,
    DocumentsInForce,
    Download,
    PageAnswer,
    PageHandler,
    Redirect,
    SessionBegun,
    SessionEnded,
    Shown,
    View,
    Visit,
)
from gateway.console.rendering import Templates, packed
from gateway.console.shell import shell_view
from gateway.core.errors import Ended, InternalError, InvalidRequest, NotAllowed, NotFound, Unavailable
from gateway.core.frozen import frozen
from gateway.core.principal import principal
from gateway.identity.sessions import Sessions

SIGN_IN: Final = f"{PREFIX}/sign-in"
_PACKED_FROM: Final = 1_024
_FOREVER: Final = {"cache-control": "public, max-age=31536000, immutable"}
_PRIVATE: Final = {"cache-control": "private, no-cache", "vary": "cookie"}
_UNKEPT: Final = {"cache-control": "no-store"}


@frozen
class ConsoleServices:
    """Services of the process that the pages use. `public`: the catalogue needs no sign-in. `draining`: whether the
    gateway ends. `report`: takes a fault of ours, reduced to its class and place."""

    in_force: Callable[[], DocumentsInForce]
    sessions: Sessions
    now: Callable[[], datetime]
    public: bool
    draining: Callable[[], bool]
    report: Callable[[BaseException], None]


class Console:
    """Every page below `PREFIX`. `pages`: in the order of the navigation."""

    def __init__(self, services: ConsoleServices, pages: Sequence[ConsolePage]) -> None:
        self._services, self._pages = services, tuple(pages)
        self._assets, self._templates = Assets(), Templates()
        routes = [
            Route(PREFIX + page.path, self._endpoint(page), methods=["GET", "POST"] if page.act else ["GET"])
            for page in self._pages
        ]
        assets = Route(f"{PREFIX}/assets/{{digest}}/{{name}}", self._asset, methods=["GET"])
        self._router = Router([*routes, assets, *self._fronts()], redirect_slashes=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["app"] = self  # makes the router raise for 404 and 405 instead of answering in plain text
        scope["console"] = _Arrival(Request(scope, receive))
        try:
            if self._services.draining():
                raise Unavailable("draining", "This gateway is shutting down.")
            await self._router(scope, receive, send)
        except Exception as fault:  # noqa: BLE001  # `_refusal` reports what is ours
            response = await self._refusal(scope["console"], fault)
            await response(scope, receive, send)

    def _fronts(self) -> list[Route]:
        """The bare prefix leads to the first page."""

        async def front(_: Request) -> Response:
            return _redirect(PREFIX + self._pages[0].path)

        return [Route(address, front, methods=["GET"]) for address in (PREFIX, f"{PREFIX}/")]

    def _endpoint(self, page: ConsolePage) -> Callable[[Request], Any]:
        async def endpoint(request: Request) -> Response:
            arrival: _Arrival = request.scope["console"]
            visit = self._visit(arrival, request.path_params)
            if not page.open_to(visit.visitor, public=self._services.public):
                return self._closed(arrival, visit)
            if request.method == "POST" and page.act is not None:
                return await self._acted(arrival, page, page.act, visit)
            return await self._answer(arrival, page, visit, await page.show(visit))

        return endpoint

    def _visit(self, arrival: _Arrival, parts: Mapping[str, Any]) -> Visit:
        in_force, browser = self._services.in_force(), arrival.browser
        visitor = self._services.sessions.visitor(browser.token, lambda caller: principal(caller, in_force.snapshot))
        return Visit(
            in_force=in_force,
            now=self._services.now(),
            origin=browser.origin,
            path=arrival.path,
            visitor=visitor,
            query=arrival.query,
            parts={name: str(value) for name, value in parts.items()},
            sender=arrival.sender,
            may_sign_in=browser.may_sign_in,
        )

    async def _acted(self, arrival: _Arrival, page: ConsolePage, act: PageHandler, visit: Visit) -> Response:
        """The answer to a form, which must come from a page of this gateway and of this session."""
        arrival.browser.check_sender()
        form = await read_form(arrival.request)
        if visit.visitor.signed_in and form.get("csrf", ()) != (visit.visitor.form_token,):
            raise NotAllowed("The form is not one of this session. Open the page again, and send its form.")
        acting = replace(visit, form=form)
        return await self._answer(arrival, page, acting, await act(acting))

    def _closed(self, arrival: _Arrival, visit: Visit) -> Response:
        """For a page that this visitor may not open: the sign-in, or the same 404 as for a page that does not exist."""
        if visit.visitor.signed_in:
            raise NotFound
        if arrival.wants_json:
            return Response(b'{"error":{"code":"sign_in_needed"}}', 401, media_type="application/json")
        return _redirect(f"{SIGN_IN}?next={quote(arrival.address, safe='/')}")

    async def _answer(self, arrival: _Arrival, page: ConsolePage, visit: Visit, answer: PageAnswer) -> Response:
        match answer:
            case Redirect(to):
                return _redirect(to)
            case SessionBegun(token, to):
                return _redirect(to, arrival.browser.cookie(token))
            case SessionEnded(to):
                self._services.sessions.end(arrival.browser.token)
                return _redirect(to, arrival.browser.cookie(""))
            case Download(name, media_type, body):
                saved = {"content-disposition": f'attachment; filename="{name}"'}
                return Response(body, 200, {**HEADERS, **_UNKEPT, **saved}, media_type)
            case Shown(template, view, status):
                return await self._page(arrival, visit, Shown(template, view, status), page)
        if arrival.wants_json and page.has_json:
            body, kept = orjson.dumps(answer), _UNKEPT if visit.visitor.signed_in else _PRIVATE
            return Response(body, 200, {**HEADERS, **kept}, "application/json")
        return await self._page(arrival, visit, Shown(page.template, answer), page)

    async def _page(self, arrival: _Arrival, visit: Visit, shown: Shown, page: ConsolePage | None) -> Response:
        public = self._services.public
        navigation = [each for each in self._pages if each.label and each.open_to(visit.visitor, public=public)]
        shell = shell_view(visit, page, navigation, self._assets.digest)
        values = {"view": shown.view, "shell": shell}
        body = await self._templates.render(shown.template, values, visit.turns)
        kept = _UNKEPT if visit.visitor.signed_in or shown.status >= 400 else _PRIVATE
        headers = {**HEADERS, **kept}
        if arrival.unpacks and len(body) >= _PACKED_FROM:
            body, headers = await packed(body, visit.turns), {**headers, "content-encoding": "gzip"}
        return Response(body, shown.status, headers, "text/html; charset=utf-8")

    async def _refusal(self, arrival: _Arrival, fault: Exception) -> Response:
        """An error as a page, with the next step."""
        ended = _ended(fault)
        if isinstance(ended, InternalError):
            self._services.report(fault)
        if arrival.wants_json:
            error = {"error": {"code": ended.code, "message": ended.message}}
            return Response(orjson.dumps(error), ended.status, {**HEADERS, **_UNKEPT}, "application/json")
        view: View = {"status": ended.status, "code": ended.code, "message": ended.message}
        try:
            visit = self._visit(arrival, {})
        except Unavailable:  # keys cannot be known now: the page of the error needs no reader
            visit = Visit(self._services.in_force(), self._services.now(), arrival.browser.origin, arrival.path)
        response = await self._page(arrival, visit, Shown("error.html", view, ended.status), None)
        if ended.retry_after_s is not None:
            response.headers["retry-after"] = str(max(1, round(ended.retry_after_s)))
        return response

    async def _asset(self, request: Request) -> Response:
        asset = self._assets.find(request.path_params["digest"], request.path_params["name"])
        if asset is None:
            raise NotFound
        arrival: _Arrival = request.scope["console"]
        headers = {**HEADERS, **_FOREVER, "vary": "accept-encoding"}
        if not arrival.unpacks:
            return Response(asset.body, 200, headers, asset.media_type)
        return Response(asset.packed, 200, {**headers, "content-encoding": "gzip"}, asset.media_type)


class _Arrival:
    """The head of one request, as far as pages read it."""

    def __init__(self, request: Request) -> None:
        self.request, scope = request, request.scope
        self.path: str = scope["path"]
        text = scope["query_string"].decode("latin-1")
        members = parse_qsl(text, keep_blank_values=True)
        self.query: dict[str, tuple[str, ...]] = {}
        for name, value in members:
            self.query[name] = (*self.query.get(name, ()), value)
        self.address = quote(self.path, safe="/:@!$&'()*+,;=~") + (f"?{text}" if text else "")
        self.browser = Browser(dict(request.headers.items()))
        self.wants_json = self.query.pop("format", ("",))[-1] == "json"
        self.unpacks = "gzip" in request.headers.get("accept-encoding", "").lower()
        client = scope.get("client")
        self.sender = str(client[0]) if client else ""


def _redirect(to: str, cookie: str = "") -> Response:
    headers = {**HEADERS, **_UNKEPT, "location": to}
    return Response(b"", 303, {**headers, "set-cookie": cookie} if cookie else headers)


def _ended(fault: Exception) -> Ended:
    """The error that a reader sees; nothing else of an exception gets out."""
    if isinstance(fault, Ended):
        return fault
    if isinstance(fault, HTTPException):
        if fault.status_code == 405:
            return InvalidRequest("This page takes no such form.", code="method_not_allowed")
        return NotFound("This gateway has no page at this address.")
    return InternalError("")
