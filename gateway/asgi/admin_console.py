"""The admin endpoint of the pages: a link that signs an operator in, once."""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.asgi.admin_fields import answer
from gateway.core.errors import NotFound
from gateway.identity.operators import Operator


class ConsoleRoom:
    """`link`: makes the path of a page that signs the operator in; None where the pages are switched off. `origin`:
    scheme, host and port of this gateway on its own machine."""

    def __init__(self, link: Callable[[Operator], str] | None, origin: str) -> None:
        self._link, self._origin = link, origin

    def routes(self) -> list[Route]:
        """`POST /console-links`."""
        return [Route("/console-links", self._made, methods=["POST"])]

    async def _made(self, request: Request) -> Response:
        if self._link is None:
            raise NotFound("The pages are switched off: SAFECONDUCT_PAGES is off.")
        return answer({"origin": self._origin, "path": self._link(request.state.operator)})
