"""Lifecycle of one request: identify, accept, decide, admit, forward, relay, settle."""

from __future__ import annotations

import asyncio
from functools import partial

from gateway.core.errors import (
    BudgetExceeded,
    ClientLeft,
    Ended,
    InternalError,
    NoEligibleRoute,
    NotAllowed,
    Unavailable,
    Unsupported,
    UpstreamEnded,
    UpstreamTimeout,
)
from gateway.core.policy import TokenCounts
from gateway.core.principal import Principal
from gateway.core.receipt import Outcome, ReceiptId
from gateway.dialects.relay import Stream
from gateway.exchange.accept import accept
from gateway.exchange.admit import admit
from gateway.exchange.attempt import Attempt, Opening
from gateway.exchange.deadlines import DeadlineScope
from gateway.exchange.decide import decide, no_route
from gateway.exchange.forward import forward
from gateway.exchange.headers import attempts_header, cost_header, reply_headers
from gateway.exchange.ports import Downstream
from gateway.exchange.progress import Progress
from gateway.exchange.rate_permit import RatePermit
from gateway.exchange.services import Arrival, InForce, Services
from gateway.exchange.settle import LAST_WORD_S, Settlement
from gateway.exchange.stages import Accepted, Answered, Decided, Identified
from gateway.exchange.stream_relay import StreamRelay
from gateway.telemetry.events import Fault
from gateway.telemetry.faults import reduce


class Exchange:
    """One request under way. Made once the caller is known; `run` is the whole of it."""

    def __init__(
        self,
        services: Services,
        in_force: InForce,
        principal: Principal,
        arrival: Arrival,
        scope: DeadlineScope | None = None,
    ) -> None:
        """`scope`: of the task that runs the exchange, if the task has opened a deadline before."""
        clock = services.clock
        identified = Identified(ReceiptId(clock.ulid()), clock.now(), clock.today(), principal, in_force, arrival)
        self._services, self._scope, self._identified = services, scope or DeadlineScope(), identified
        self._progress = Progress(clock, identified)
        self._permit = RatePermit(services, principal, identified.id, self._scope)
        self._settlement = Settlement(services, self._scope, self._permit, self._progress)
        self._stream_relay: StreamRelay | None = None
        self._waiting = asyncio.Lock()
        self._downstream: Downstream | None = None
        self._expired = False

    @property
    def id(self) -> ReceiptId:
        return self._identified.id

    async def run(self, body: bytes, downstream: Downstream) -> None:
        """Serve the request or end it with its error; also returns when its client has left."""
        self._downstream = downstream
        try:
            await self._serve(body, downstream)
        except Ended as ended:
            await self._end(ended, downstream)
        except asyncio.CancelledError:
            self._progress.interrupt("left")
            departed = self._scope.departed()
            await self._settlement.settle("client_left", ClientLeft.code)
            if not departed:
                raise
        except Exception as fault:  # noqa: BLE001  # reduced to class and place, so that no content reaches a log
            self._services.log.emit(Fault(reduce(fault), receipt=self.id))
            await self._end(InternalError(self.id), downstream)
        finally:
            await self._settlement.close()
            self._scope.close()

    def leave(self) -> None:
        """The client has left. Safe to call at any time."""
        self._scope.leave()

    def expire(self) -> None:
        """The process is about to end: end with an error that says so, or with the reply if its receipt is being
        written. Safe to call at any time."""
        self._expired = True
        self._settlement.expire()

    async def send_keepalive(self, silent_s: float) -> None:
        """Keep a stream alive that has said nothing for `silent_s`. Safe to call at any time."""
        if self._settlement.settled:
            return
        if self._stream_relay is not None:
            await self._stream_relay.send_keepalive(silent_s)
        elif self._progress.attempts and (opening := self._progress.attempts[-1].opening) is not None:
            await self._keep_waiting(self._progress.attempts[-1], opening, silent_s)

    async def _keep_waiting(self, attempt: Attempt, opening: Opening, silent_s: float) -> None:
        """Begin the reply before its content, where a provider has been at work for so long: a client or a balancer
        gives up on a connection that says nothing. From then on no other route can take over."""
        downstream = self._downstream
        if downstream is None or not opening.alive or self._services.clock.monotonic() - opening.since < silent_s:
            return
        async with self._waiting:
            if attempt.opening is None:
                return
            if not self._progress.replying:
                self._progress.served, attempt.stream = attempt, opening.stream
                await self._begin_stream(attempt, downstream)
            opening.since = self._services.clock.monotonic()
            await downstream.send(opening.take() or opening.stream.keepalive())

    async def _begin_stream(self, attempt: Attempt, downstream: Downstream) -> None:
        self._progress.replying = True
        headers = reply_headers(self._progress.facts, self._progress.attempts, attempt)
        await downstream.begin(headers | self._rate_headers(), streaming=True)

    async def _serve(self, body: bytes, downstream: Downstream) -> None:
        if self._expired:
            raise self._cut_short()
        with self._scope.within(self._services.deadlines.total_s) as self._settlement.total:
            services = self._services
            read = partial(accept, self._identified, body, services.dialects, services.pseudonyms)
            accepted = await services.large_bodies.run(len(body), read)
            self._progress.reach(accepted)
            if accepted.demand.operation.counts:
                await self._count(accepted, downstream)
            else:
                await self._answer(accepted, downstream)
        if self._settlement.total.passed:
            raise self._cut_short()

    async def _answer(self, accepted: Accepted, downstream: Downstream) -> None:
        """Everything behind `accept`."""
        decided = self._decide(accepted)
        await asyncio.sleep(0)  # requests that come together take their steps together, which costs each of them less
        tries = await admit(decided, self._services, self._permit, self._progress)
        answered = await forward(tries, self._services, self._scope, self._progress)
        self._progress.served = answered.attempt
        if answered.attempt.stream is None:
            await self._hand_over(answered, downstream)
        else:
            await self._relay(answered, answered.attempt.stream, downstream)

    def _decide(self, accepted: Accepted) -> Decided:
        """NoEligibleRoute, and what else leaves no route."""
        services = self._services
        decided = decide(accepted, services.health.view(services.clock.monotonic()))
        self._progress.reach(decided)
        if not decided.plan:
            raise no_route(decided, services.clock.monotonic())
        return decided

    async def _count(self, accepted: Accepted, downstream: Downstream) -> None:
        """An estimate made here, of which no provider learns; exact only where policy asks for that and a route can."""
        headers = {"x-safeconduct-count": "estimated"}
        if accepted.policy.token_counts is TokenCounts.EXACT:
            try:
                return await self._answer(accepted, downstream)
            except (BudgetExceeded, NoEligibleRoute, NotAllowed, Unsupported, UpstreamEnded) as ended:
                if self._progress.attempts:  # a provider may have seen the prompt
                    await self._settlement.settle("failed", ended.code)
                    headers["x-safeconduct-receipt"] = str(self.id)
        await self._permit.ask(accepted.translation, self._identified.in_force.means.default_max_output)
        translation = accepted.translation
        counted = await self._services.large_bodies.run(translation.size, translation.counted)
        await downstream.begin(headers | self._rate_headers(), streaming=False)
        return await downstream.end(counted)

    async def _hand_over(self, answered: Answered, downstream: Downstream) -> None:
        """A whole reply: the receipt first, so that the reply can say what it cost."""
        headers = reply_headers(self._progress.facts, self._progress.attempts, answered.attempt)
        settled = await self._settlement.settle("served", "")
        self._note_success(answered.attempt)
        self._progress.replying = True
        await downstream.begin(headers | cost_header(settled) | self._rate_headers(), streaming=False)
        await downstream.end(answered.opening)

    async def _relay(self, answered: Answered, stream: Stream, downstream: Downstream) -> None:
        """Step 6: a stream, byte by byte. The last byte waits for the receipt's commit."""
        if self._progress.replying:
            async with self._waiting:  # the last words into the silence come before the first ones of the reply
                pass
        else:
            await self._begin_stream(answered.attempt, downstream)
        self._stream_relay = StreamRelay(answered.attempt, stream, downstream, self._services, self._scope)
        last = await self._stream_relay.run(answered.opening)
        await self._settlement.settle("served", "")
        self._note_success(answered.attempt)
        await downstream.end(last)

    def _rate_headers(self) -> dict[str, str]:
        return self._permit.headers(self._identified.arrival.dialect)

    def _note_success(self, attempt: Attempt) -> None:
        if self._identified.arrival.head.operation.feeds_health:
            self._services.health.succeeded(attempt.route.id, attempt.began_s, attempt.tokens_per_s())

    def _cut_short(self) -> Ended:
        """The error of an exchange whose total deadline passed, or that was told to end."""
        self._progress.interrupt("interrupted" if self._expired else "timeout")
        if self._expired:
            return Unavailable("draining", "This gateway is shutting down and could not wait for the reply.")
        return UpstreamTimeout("The request took longer than it may in all.")

    async def _end(self, ended: Ended, downstream: Downstream) -> None:
        """Settle, and tell the client: instead of a reply, or in the middle of a stream."""
        progress = self._progress
        cut = ended.code == "draining" and bool(progress.attempts)  # no refusal: a provider may have seen the prompt
        outcome: Outcome = "failed" if cut or isinstance(ended, UpstreamEnded | InternalError) else "refused"
        await self._settlement.settle(outcome, ended.code)
        if not progress.replying:
            await downstream.refuse(ended, self.id, attempts_header(progress.facts, progress.attempts))
        elif progress.served is not None and progress.served.stream is not None:
            with self._scope.within(LAST_WORD_S):
                await downstream.abort(progress.served.stream.failure(ended))
