"""The admin endpoints that look after the books: whether they add up, and who shares them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import Final, TypeVar

import anyio
import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.core.errors import Unavailable
from gateway.stores.counters import CountersRefused
from gateway.stores.places import Places, forget, roster

T = TypeVar("T")

_LOOK: Final = (sys.executable, "-m", "gateway.stores.places")
"""In a process of its own: to read every receipt takes time that those who are served do not have."""
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
        asked = orjson.dumps(asdict(self._places))
        async with self._one:
            done = await anyio.run_process(_LOOK, input=asked, stderr=subprocess.DEVNULL, check=False)
        if done.returncode:
            raise Unavailable("books_unavailable", "The books cannot be looked at. `safeconduct verify` may say why.")
        return Response(done.stdout, media_type="application/json")

    async def _listed(self, _: Request) -> Response:
        return _json(await _in_thread(partial(roster, self._places)))

    async def _forgotten(self, request: Request) -> Response:
        """`was`: `joined` or `missing`, and struck off; `alive` or `unknown`, and nothing was done."""
        member = request.path_params["member"]
        was = await _in_thread(partial(forget, self._places, member))
        return _json({"member": member, "was": was}, _STRUCK[was])


async def _in_thread(asked: Callable[[], T]) -> T:
    try:
        return await anyio.to_thread.run_sync(asked)
    except CountersRefused as fault:
        raise Unavailable("books_unavailable", str(fault)) from None


def _json(value: object, status: int = 200) -> Response:
    return Response(orjson.dumps(value), status, media_type="application/json")
