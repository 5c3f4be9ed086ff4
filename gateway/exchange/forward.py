"""Forward: ask the planned routes one after another until one begins to answer. Failover happens here and nowhere else.

INVARIANT: while this module runs, nothing has been sent downstream. It takes only routes that `decide` made.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Final

from gateway.core.decision import EligibleRoute
from gateway.core.errors import (
    BudgetExceeded,
    Json,
    PromptTooLong,
    UpstreamEnded,
    UpstreamFailed,
    UpstreamRefused,
    UpstreamTimeout,
)
from gateway.core.policy import EffectivePolicy, Identifiers
from gateway.core.principal import Bill
from gateway.core.receipt import Receipt, ReceiptId
from gateway.dialects import provider_errors
from gateway.dialects.dialect import Broken, RequestOverrides, Unportable
from gateway.dialects.observed import observed
from gateway.dialects.translation import Signed, Translation
from gateway.exchange.attempt import Attempt
from gateway.exchange.clamp import clamped
from gateway.exchange.deadlines import DeadlineScope
from gateway.exchange.record import rate
from gateway.exchange.services import InForce, Services
from gateway.stores.books.books import Intent
from gateway.stores.health import Fault as RouteFault
from gateway.upstream.calls import ProviderCall, ProviderReply
from gateway.upstream.faults import LOCAL_KINDS, UpstreamFault

MAX_REPLY: Final = 64 * 1024 * 1024
"""Bytes of a reply that is not streamed."""
MAX_OPENING: Final = 1024 * 1024
"""Bytes of a stream before its first content event."""
MAX_ERROR: Final = 64 * 1024
"""Bytes read of a provider's error, to find its code."""

ROUTE_FAULTS: Final = frozenset({401, 402, 403, 404, 405, 408, 409, 425, 429})
"""Provider statuses that speak of the route or of our account there, so that the next route may be asked."""


class Forwarding:
    """The tries of one exchange, whose id numbers their holds. `attempts` is the exchange's own list; `draft` gives its
    receipt as it stands."""

    def __init__(
        self,
        services: Services,
        in_force: InForce,
        bill: Bill,
        exchange: ReceiptId,
        asked: tuple[Translation, EffectivePolicy],
        attempts: list[Attempt],
        draft: Callable[[], Receipt],
        elapsed_ms: Callable[[], int],
        watch: DeadlineScope,
    ) -> None:
        self._services, self._in_force, self._bill = services, in_force, bill
        self._id, (self._asked, self._demanded) = exchange, asked
        self._demand = self._asked.demand
        # Whether a provider counts well says nothing of how it answers.
        self._health = services.health if self._demand.operation.feeds_health else None
        self._attempts, self._draft, self._elapsed_ms = attempts, draft, elapsed_ms
        self._watch = watch
        self.opening = b""
        self.output_limit: int | None = None

    async def first_answer(self, plan: tuple[EligibleRoute, ...]) -> Attempt:
        """The attempt that has begun to answer. UpstreamEnded if none did; BudgetExceeded or Unavailable before any."""
        for eligible in plan:
            attempt = await self._held(eligible)
            await self._try(attempt)
            if attempt.outcome == "served":
                return attempt
        raise self._nobody_answered()

    async def _held(self, eligible: EligibleRoute) -> Attempt:
        """Money and intent first: after this line the exchange has a receipt, whatever happens."""
        attempt = Attempt(eligible, f"{self._id}.{len(self._attempts) + 1}", self._elapsed_ms())
        self._attempts.append(attempt)
        try:
            await self._pay(attempt)
        except BaseException:
            self._attempts.remove(attempt)  # refused, failed or cancelled: nothing is held, and nothing was sent
            raise
        return attempt

    async def _pay(self, attempt: Attempt) -> None:
        """Hold the worst case, with the output limit lowered where a budget has less and says so."""
        route, demand, default = attempt.route, self._demand, self._in_force.means.default_max_output
        priced = rate(self._in_force.snapshot, route)
        attempt.price_hold(demand, priced, default)
        for _ in self._bill.budgets:  # each may want less than the one before
            try:
                await self._hold(attempt)
                return
            except BudgetExceeded as full:
                lowered = clamped(demand, route, priced, default, full)
                if lowered is None:
                    raise
                demand, attempt.output_limit = lowered, lowered.output_tokens
                attempt.price_hold(demand, priced, default)
        await self._hold(attempt)

    async def _hold(self, attempt: Attempt) -> None:
        intent = Intent(
            hold_id=attempt.hold_id,
            amount=attempt.hold,
            accounts=self._bill.accounts,
            budgets=self._bill.budgets,
            at=self._services.clock.now(),
            draft=self._draft(),
            zone=self._bill.zone,
        )
        attempt.beyond = await self._services.books.hold(intent)
        for crossed in self._services.soft_budgets.crossed(attempt.beyond, intent.at, intent.zone):
            self._services.log.emit(crossed)

    async def _try(self, attempt: Attempt) -> None:
        """Send, and read up to the first content event. The outcome stands in the attempt; a refusal is raised."""
        clock = self._services.clock
        began = clock.monotonic()
        attempt.outcome = "left"  # unless we get further than that
        with self._watch.within(self._patience_s) as deadline:
            try:
                await self._ask(attempt)
                attempt.outcome = "served"
                attempt.first_event_ms = self._elapsed_ms()
                if self._health is not None:
                    self._health.succeeded(attempt.route.id, (clock.monotonic() - began) * 1000)
                return
            except UpstreamFault as fault:
                attempt.outcome, attempt.fault = "failed", fault.kind
                attempt.left = attempt.maybe_billed = fault.sent != "nothing"
            except Broken:
                attempt.outcome = "failed"
                if attempt.status == 200:
                    attempt.fault = "malformed"
            except Unportable:  # nothing was sent, and nothing is wrong with the route
                attempt.outcome, attempt.ended_ms = "failed", self._elapsed_ms()
                return
        if deadline.passed:
            attempt.outcome = "timeout"
        attempt.ended_ms = self._elapsed_ms()
        if attempt.status < 400 and attempt.fault not in LOCAL_KINDS:
            self._unwell(attempt, RouteFault.TRANSPORT)
        await self.close(attempt)

    @property
    def _patience_s(self) -> float:
        """A stream must begin within its deadline; a whole reply shows nothing before it is complete."""
        deadlines = self._services.deadlines
        return deadlines.first_event_s if self._demand.streaming else deadlines.whole_s

    def _call(self, attempt: Attempt) -> ProviderCall:
        """The request as this route is asked. Whoever sends it need not keep it until the answer comes."""
        route = attempt.route
        target = self._in_force.targets[route.provider.id]
        written = self._asked.rendered(attempt.wire, route, self._orders(attempt))
        attempt.dropped = written.dropped
        translated = attempt.wire != self._demand.dialect
        if translated and written.dropped and self._demanded.rules.requires_parameters:
            raise Unportable(*written.dropped)  # decided upon another route of this dialect, which carries more
        attempt.maybe_billed = True
        return ProviderCall(target, written.path, written.headers, written.body)

    async def _ask(self, attempt: Attempt) -> None:
        call = self._call(attempt)
        attempt.left = True  # unless a fault says that not a byte was sent
        reply = await self._services.upstream.send(call, connect_s=self._services.deadlines.connect_s)
        attempt.reply, attempt.status, attempt.observed = reply, reply.status, observed(reply.headers)
        attempt.pieces = reply.chunks()
        if reply.status != 200:
            await self._turned_away(attempt)
        elif self._demand.streaming:
            await self._open_stream(attempt, attempt.pieces)
        else:
            body = await _whole(reply, MAX_REPLY)
            attempt.whole = self._asked.whole(attempt.wire, body, self._signed())
            self.opening = attempt.whole.body

    def _signed(self) -> Signed:
        return Signed(str(self._id), int(self._services.clock.now().timestamp()))

    def _orders(self, attempt: Attempt) -> RequestOverrides:
        """Under a hard budget a client that states no limit gets one: what is held is then what can be billed."""
        limit, route = attempt.output_limit, attempt.route
        if limit is None and self._bill.hard and self._demand.output_tokens is None:
            limit = self._demand.output_limit(route, self._in_force.means.default_max_output)
        self.output_limit = limit
        keeps_nothing = self._demanded.bound.stored_in == frozenset()
        kept_apart = self._demanded.identifiers is Identifiers.PSEUDONYM
        organisation = self._in_force.snapshot.organisation.id
        return RequestOverrides(
            output_limit=limit,
            forbid_storing=keeps_nothing,
            pseudonym=self._services.pseudonyms(organisation) if kept_apart else None,
        )

    async def _open_stream(self, attempt: Attempt, pieces: AsyncIterator[bytes]) -> None:
        stream = self._asked.stream(attempt.wire, self._signed())
        opening: list[bytes] = []
        size = 0
        async for piece in pieces:
            shown = stream.feed(piece)
            opening.append(shown)
            size += len(piece)
            if stream.failed or size > MAX_OPENING:
                raise Broken("an error, or no content, at the start of the stream")
            if stream.content or stream.ended:
                break
        else:
            opening.append(stream.finish())
        if not stream.content:
            raise Broken("a stream without content")
        attempt.stream = stream
        self.opening = b"".join(opening)

    async def _turned_away(self, attempt: Attempt) -> None:
        """The provider answered with something else than 200: the route's fault, or the request's."""
        reply = attempt.reply
        assert reply is not None
        status = reply.status
        attempt.outcome, attempt.maybe_billed = "failed", status < 400
        if (fault := _fault(status)) is not None:
            self._unwell(attempt, fault, retry_after_s(reply.headers.get("retry-after", "")))
        if status in ROUTE_FAULTS or not 400 <= status < 500:
            raise Broken("the route turned the request away")
        attempt.outcome = "refused"  # whatever becomes of the rest of its body
        code = ""
        with suppress(Broken, UpstreamFault):
            attempt.upstream_code = code = provider_errors.code(await _whole(reply, MAX_ERROR))
        if code == provider_errors.CREDENTIAL:
            attempt.outcome = "failed"
            self._unwell(attempt, RouteFault.CREDENTIAL)
            raise Broken("our credential was refused")
        attempt.ended_ms = self._elapsed_ms()
        if code == provider_errors.TOO_LONG:
            raise PromptTooLong(status, route=str(attempt.route.id))
        raise UpstreamRefused(
            status,
            "The provider refuses this request as it is written." + (f" Its code: {code}." if code else ""),
            route=str(attempt.route.id),
            upstream_code=code or None,
        )

    def _unwell(self, attempt: Attempt, fault: RouteFault, retry_after: float | None = None) -> None:
        if self._health is not None:
            self._health.failed(attempt.route.id, fault, self._services.clock.monotonic(), retry_after)

    def _nobody_answered(self) -> UpstreamEnded:
        listed: list[Json] = [
            {"route": str(a.route.id), "outcome": a.outcome, "status": a.status or None} for a in self._attempts
        ]
        if all(a.outcome == "timeout" for a in self._attempts):
            return UpstreamTimeout("No eligible route began to answer in time.", attempts=listed)
        return UpstreamFailed("No eligible route answered.", attempts=listed)

    async def close(self, attempt: Attempt) -> None:
        """Give the connection back, or cut it; never waits for a provider."""
        if attempt.reply is not None:
            await attempt.reply.close()


def _fault(status: int) -> RouteFault | None:
    """What a provider's status says about the health of the route; None for what says nothing."""
    if status in (401, 403):
        return RouteFault.CREDENTIAL
    if status == 429:
        return RouteFault.RATE
    return RouteFault.SERVER if status >= 500 else None


def retry_after_s(header: str) -> float | None:
    """Seconds of a `retry-after` header; None if it is absent or a date, which few providers send."""
    try:
        seconds = float(header)
    except ValueError:
        return None
    return seconds if 0 <= seconds < 1e6 else None


async def _whole(reply: ProviderReply, most: int) -> bytes:
    """All of a body. Broken beyond `most` bytes."""
    body = await reply.whole(most)
    if body is None:
        raise Broken("larger than any reply may be")
    return body
