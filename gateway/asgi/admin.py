"""The admin application: several rooms of endpoints behind one check of the operator's role.

Reading needs the right to read; every other method needs the right to write.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Protocol

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.asgi.admin_fields import answer
from gateway.core.errors import Ended, NotAllowed
from gateway.identity.operators import Act, Operator, local_operator

OperatorOf = Callable[[Scope], Operator | None]
"""The operator behind a request; None for nobody who may administer this gateway."""
_READING: Final = frozenset({"GET", "HEAD"})


class AdminRoom(Protocol):
    """Endpoints about one subject."""

    def routes(self) -> list[Route]:
        """Their addresses below the admin socket."""


def admin_application(rooms: Sequence[AdminRoom], operator_of: OperatorOf) -> ASGIApp:
    """Every endpoint of these rooms, for the operators that `operator_of` knows."""
    routes = [route for room in rooms for route in room.routes()]
    app = Starlette(routes=routes, exception_handlers={Ended: _refused, HTTPException: _unrouted})
    return Authorised(app, operator_of)


def operator_by_peer(scope: Scope) -> Operator | None:
    """The user at the other end of the admin socket; None for a connection over a network."""
    uid = scope["state"]["peer_uid"]
    return None if uid is None else local_operator(uid)


class Authorised:
    """Lets a request through when the role of its operator covers it; the endpoint finds the operator in
    `request.state.operator`."""

    def __init__(self, app: ASGIApp, operator_of: OperatorOf) -> None:
        self._app, self._operator_of = app, operator_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        operator = self._operator_of(scope)
        try:
            if operator is None:
                raise NotAllowed("Only an operator may administer this gateway. Use the admin socket.")
            operator.require(Act.READ if scope["method"] in _READING else Act.WRITE)
        except NotAllowed as refused:
            await _error(refused)(scope, receive, send)
            return
        scope.setdefault("state", {})["operator"] = operator
        await self._app(scope, receive, send)


def _error(ended: Ended) -> Response:
    return answer({"error": {"code": ended.code, "message": ended.message, **ended.details}}, ended.status)


async def _refused(_: Request, ended: Exception) -> Response:
    assert isinstance(ended, Ended)
    return _error(ended)


async def _unrouted(_: Request, fault: Exception) -> Response:
    assert isinstance(fault, HTTPException)
    code, message = (
        ("method_not_allowed", "This address does not accept the method.")
        if fault.status_code == 405
        else ("not_found", "The admin socket has no such address.")
    )
    return answer({"error": {"code": code, "message": message}}, fault.status_code)
