"""The admin endpoints that look after the books: whether they add up, and who shares them."""

from __future__ import annotations

from typing import Final

import anyio
import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.stores.audit.locations import Places, forget, looked_at, roster

_STRUCK: Final = {"joined": 200, "missing": 200, "alive": 409, "unknown": 404}


class Bookkeeping:
    """One look at a time; who asks meanwhile waits."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._one = anyio.Lock()

    def routes(self) -> list[Route]:
        return [
            Route("/books", self._verified, methods=["GET"]),
            Route("/books/members", self._listed, methods=["GET"]),
            Route("/books/members/{member}/forget", self._forgotten, methods=["POST"]),
        ]

    async def _verified(self, _: Request) -> Response:
        """Every invariant of the books, as `safeconduct books verify` tells it."""
        async with self._one:
            return Response(await looked_at(self._places), media_type="application/json")

    async def _listed(self, _: Request) -> Response:
        return _json(await anyio.to_thread.run_sync(roster, self._places))

    async def _forgotten(self, request: Request) -> Response:
        """`was`: `joined` or `missing`, and struck off; `alive` or `unknown`, and nothing was done."""
        member = request.path_params["member"]
        was = await anyio.to_thread.run_sync(forget, self._places, member)
        return _json({"member": member, "was": was}, _STRUCK[was])


def _json(value: object, status: int = 200) -> Response:
    return Response(orjson.dumps(value), status, media_type="application/json")
