"""The admin endpoints of the books: their invariants, and the gateways that share them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import anyio
import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.stores.audit.locations import Places, forget, looked_at, roster
from gateway.telemetry.events import MemberForgotten

_STRUCK: Final = {"joined": 200, "missing": 200, "alive": 409, "unknown": 404}


class BookRoom:
    """`places`: of the books under the documents in force. One audit runs at a time; other requests for one wait."""

    def __init__(self, places: Callable[[], Places], tell: Callable[[MemberForgotten], None]) -> None:
        self._places, self._tell = places, tell
        self._one = anyio.Lock()

    def routes(self) -> list[Route]:
        """Everything below `/books`."""
        return [
            Route("/books", self._verified, methods=["GET"]),
            Route("/books/members", self._listed, methods=["GET"]),
            Route("/books/members/{member}/forget", self._forgotten, methods=["POST"]),
        ]

    async def _verified(self, _: Request) -> Response:
        """Every invariant of the books, as `safeconduct books verify` shows them."""
        async with self._one:
            return Response(await looked_at(self._places()), media_type="application/json")

    async def _listed(self, _: Request) -> Response:
        return _json(await anyio.to_thread.run_sync(roster, self._places()))

    async def _forgotten(self, request: Request) -> Response:
        """`was`: `joined` or `missing` for a member that is struck off; `alive` or `unknown` where nothing changes."""
        member = request.path_params["member"]
        was = await anyio.to_thread.run_sync(forget, self._places(), member)
        if _STRUCK[was] == 200:
            self._tell(MemberForgotten(member, request.state.operator.subject))
        return _json({"member": member, "was": was}, _STRUCK[was])


def _json(value: object, status: int = 200) -> Response:
    return Response(orjson.dumps(value), status, media_type="application/json")
