"""The admin endpoint that settles held costs at what was billed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import anyio
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.asgi.admin_fields import answer, object_of, text_of
from gateway.core.errors import InvalidRequest
from gateway.core.receipt import EXACT
from gateway.core.settlement import AttemptKey, Bills
from gateway.core.usage import UsageSource
from gateway.exchange.services import InForce
from gateway.stores.ledger.settling import Settler
from gateway.telemetry.events import CostsSettled

_MEMBERS: Final = frozenset({"bills", "source", "dry_run"})
_SOURCES: Final = {"": UsageSource.BILLED, "bill": UsageSource.BILLED, "generation": UsageSource.PROVIDER}
"""Origin of bills -> that of the settled costs: a line of many attempts, or the record of each."""
MOST_BILLS: Final = 1_000
"""Bills of one request."""


class SettlementRoom:
    """`settler`: of the journal of this process. `tell`: the log of a running gateway."""

    def __init__(self, settler: Settler, in_force: Callable[[], InForce], tell: Callable[[CostsSettled], None]) -> None:
        self._settler, self._in_force, self._tell = settler, in_force, tell

    def routes(self) -> list[Route]:
        """`POST /settle`."""
        return [Route("/settle", self._settle, methods=["POST"])]

    async def _settle(self, request: Request) -> Response:
        """`{"bills": [[receipt, place of the attempt, nano-units], …], "source", "dry_run"}`: settle held attempts.

        Bills of receipts in other journals are left out, so that every worker can be sent all of them.
        """
        fields, snapshot = object_of(await request.body(), _MEMBERS), self._in_force().snapshot
        source, dry = text_of(fields, "source"), fields.get("dry_run") is not False
        if source not in _SOURCES:
            raise InvalidRequest("`source` must be `bill` or `generation`.", field="source")
        bills = Bills(_bills(fields.get("bills")), _SOURCES[source])
        done = await anyio.to_thread.run_sync(lambda: self._settler.settle(bills, snapshot, dry=dry))
        if done.corrected and not dry:
            actor = request.state.operator.subject
            self._tell(CostsSettled(done.corrected, done.difference, snapshot.fx.ledger, source or "bill", actor))
        return answer(
            {
                "attempts": done.attempts,
                "corrected": done.corrected,
                "difference": str(done.difference),
                "currency": snapshot.fx.ledger,
            }
        )


def _bills(value: object) -> dict[AttemptKey, int]:
    if not isinstance(value, list) or len(value) > MOST_BILLS:
        raise InvalidRequest(f"`bills` must be a list of at most {MOST_BILLS} bills.", field="bills")
    return dict(map(_bill, value))


def _bill(value: object) -> tuple[AttemptKey, int]:
    match value:
        case [str() as receipt, int() as place, int() as cost] if 0 <= cost <= EXACT and place >= 0:
            return (receipt, place), cost
    raise InvalidRequest("A bill must be a receipt, the place of an attempt, and nano-units.", field="bills")
