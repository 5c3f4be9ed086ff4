"""The story of one request: identify, accept, decide, admit, forward, relay, settle."""

from __future__ import annotations

import asyncio
import math
from contextlib import suppress
from dataclasses import replace
from typing import Final

from gateway.core.decision import Decision
from gateway.core.demand import Demand
from gateway.core.errors import (
    BudgetExceeded,
    ClientLeft,
    Ended,
    IdempotencyConflict,
    InternalError,
    ModelNotFound,
    NoEligibleRoute,
    NotAllowed,
    RateLimited,
    Unavailable,
    Unsupported,
    UpstreamEnded,
    UpstreamTimeout,
)
from gateway.core.policy import EffectivePolicy, Layer, LayerKind, TokenCounts
from gateway.core.principal import Bill, Principal
from gateway.core.receipt import Outcome, Receipt, ReceiptId
from gateway.dialects.translation import Translation, declared
from gateway.exchange import record
from gateway.exchange.attempt import Attempt
from gateway.exchange.deadlines import Deadline, DeadlineScope
from gateway.exchange.forward import Forwarding
from gateway.exchange.headers import cost_header, reply_headers
from gateway.exchange.rate_permit import RatePermit
from gateway.exchange.services import Arrival, Downstream, InForce, Services
from gateway.exchange.stream_relay import StreamRelay
from gateway.telemetry.events import ExchangeEnded, Fault
from gateway.telemetry.faults import reduce
from gateway.upstream.faults import UpstreamFault
from gateway.views.refusal import refusal

_GOODBYE_S: Final = 0.25
"""How long a provider may take to finish a body whose last event has come."""
_LAST_WORD_S: Final = 1.0
"""How long a client may take, whatever deadline has passed, to receive the last of what it is told: the end of a reply
whose receipt is written, or the error that breaks its stream off, for which the provider waits."""


class Exchange:
    """One request under way. Made once the caller is known; `run` is the whole of it."""

    def __init__(
        self,
        services: Services,
        in_force: InForce,
        caller: Principal,
        arrival: Arrival,
        watch: DeadlineScope | None = None,
    ) -> None:
        """`watch`: of the task that runs it, if something was watched there before."""
        self._services, self._in_force, self._caller, self._arrival = services, in_force, caller, arrival
        self._clock = services.clock
        self._began = self._clock.monotonic()
        self._attempts: list[Attempt] = []
        self._served: Attempt | None = None
        self._begun = False  # INVARIANT: set before the first byte goes downstream; from then on there is no failover
        self._settled = False
        self._expired = False
        self._pump: StreamRelay | None = None
        self._watch = watch or DeadlineScope()
        self._whole: Deadline | None = None
        self._facts = record.ExchangeRecord(
            id=ReceiptId(self._clock.ulid()),
            began_at=self._clock.now(),
            today=self._clock.today(),
            principal=caller,
            in_force=in_force,
            dialect=arrival.dialect,
            operation=arrival.asked.operation,
        )
        self._permission = RatePermit(services, caller, self._facts.id, self._watch)

    @property
    def id(self) -> ReceiptId:
        return self._facts.id

    async def run(self, body: bytes, downstream: Downstream) -> None:
        """Serve the request or end it with its error; also returns when its client has left."""
        try:
            await self._serve(body, downstream)
        except Ended as ended:
            await self._end(ended, downstream)
        except asyncio.CancelledError:
            self._under_way("left")
            departed = self._watch.departed()
            await self._settle("client_left", ClientLeft.code)
            if not departed:
                raise
        except Exception as fault:  # noqa: BLE001  # reduced to class and place, so that no content reaches a log
            self._services.log.emit(Fault(reduce(fault), receipt=self.id))
            await self._end(InternalError(self.id), downstream)
        finally:
            await self._close()
            self._watch.close()

    def leave(self) -> None:
        """The client has left. Safe to call at any time."""
        self._watch.leave()

    def expire(self) -> None:
        """The process is about to end: end with an error that says so, or with the reply if its receipt is being
        written. Safe to call at any time."""
        self._expired = True
        if self._whole is not None and self._settled:
            self._whole.move(self._watch.now() + _LAST_WORD_S)
        elif self._whole is not None:
            self._whole.cut()

    async def send_keepalive(self, silent_s: float) -> None:
        """Keep a stream alive that has said nothing for `silent_s`. Safe to call at any time."""
        if self._pump is not None and not self._settled:
            await self._pump.send_keepalive(silent_s)

    async def _serve(self, body: bytes, downstream: Downstream) -> None:
        if self._expired:
            raise self._cut_short()
        with self._watch.within(self._services.deadlines.total_s) as self._whole:
            asked = self._accept(body)
            if asked.demand.operation.counts:
                await self._count(asked, downstream)
            else:
                await self._forward(asked, downstream)
        if self._whole.passed:
            raise self._cut_short()

    async def _forward(self, asked: Translation, downstream: Downstream) -> None:
        bill = self._caller.bill(asked.demand.model, self._arrival.data_class)
        decision = self._decide(asked.demand, bill)
        await asyncio.sleep(0)  # requests that come together take their steps together, which costs each of them less
        await self._permission.ask(asked, self._in_force.means.default_max_output)
        await self._claim()
        forwarding = self._forwarding(asked, bill)
        answer = await forwarding.first_answer(decision.plan)
        self._served = answer
        await self._relay(answer, forwarding, downstream)

    async def _count(self, asked: Translation, downstream: Downstream) -> None:
        """An estimate made here, of which no provider learns; exact only where policy asks for that and a route can."""
        demanded, headers = self._facts.demanded, {"x-safeconduct-count": "estimated"}
        assert demanded is not None
        if demanded.token_counts is TokenCounts.EXACT:
            try:
                return await self._forward(asked, downstream)
            except (BudgetExceeded, NoEligibleRoute, NotAllowed, RateLimited, Unsupported, UpstreamEnded) as ended:
                if self._attempts:  # a provider may have seen the prompt
                    await self._settle("failed", ended.code)
                    headers["x-safeconduct-receipt"] = str(self.id)
        counted = asked.counted()
        await downstream.begin(headers, streaming=False)
        return await downstream.end(counted)

    def _cut_short(self) -> Ended:
        """Why the whole was cancelled."""
        self._under_way("interrupted" if self._expired else "timeout")
        if self._expired:
            return Unavailable("draining", "This gateway is shutting down and could not wait for the reply.")
        return UpstreamTimeout("The request took longer than it may in all.")

    def _under_way(self, outcome: str) -> None:
        """How the attempt ends that was still under way, if there is one."""
        if self._attempts and self._attempts[-1].ended_ms < 0:
            self._attempts[-1].outcome = outcome

    def _accept(self, body: bytes) -> Translation:
        arrival, snapshot = self._arrival, self._in_force.snapshot
        try:
            asked = Translation.accepted(arrival.dialect, body, arrival.asked, snapshot, self._services.dialects)
        except ModelNotFound as missing:
            usable = self._names_to_use(missing.near)
            raise usable from None
        if self._caller.team.end_users:
            self._facts.end_user = asked.end_user(self._services.pseudonyms(snapshot.organisation.id))
        demand = asked.demand
        class_layer = self._caller.class_layer(arrival.data_class, snapshot)
        layers = (
            *self._caller.layers,
            *((class_layer,) if class_layer else ()),
            *(Layer(LayerKind.REQUEST, policy) for policy in demand.narrowing),
        )
        known = arrival.data_class if arrival.data_class in snapshot.organisation.classes else None
        carried = asked.carried_over(self._in_force.plans.ways(demand))
        if known is not None or carried:
            asked.demand = replace(demand, data_class=known, carried=carried)
        self._facts.demand, self._facts.demanded = asked.demand, self._in_force.plans.demanded(layers)
        return asked

    def _names_to_use(self, near: list[str]) -> ModelNotFound:
        """The refusal of an unknown model, with those near names that this caller may use."""
        plans, means = self._in_force.plans, self._in_force.means
        demanded = plans.demanded(self._caller.layers)
        return ModelNotFound(plans.usable(near, demanded, means, self._facts.today))

    def _decide(self, demand: Demand, bill: Bill) -> Decision:
        in_force, facts = self._in_force, self._facts
        demanded: EffectivePolicy | None = facts.demanded
        assert demanded is not None
        means = in_force.priced_means if bill.budgets else in_force.means
        health = self._services.health.view(self._clock.monotonic())
        decision = in_force.plans.decide(demand, demanded, means, health, facts.today)
        facts.decision, facts.means, facts.health = decision, means, health
        if not decision.plan:
            raise refusal(decision, in_force.snapshot, means, facts.today)
        return decision

    async def _claim(self) -> None:
        stated = self._arrival.idempotency_key
        if stated:
            first = await self._services.books.claim(self._caller.caller.id, stated, self.id, self._facts.began_at)
            if first is not None:
                raise IdempotencyConflict(
                    "This Idempotency-Key was used before. Nothing is replayed; the first exchange has this receipt.",
                    receipt=first,
                )

    def _forwarding(self, asked: Translation, bill: Bill) -> Forwarding:
        demanded = self._facts.demanded
        assert demanded is not None
        return Forwarding(
            self._services,
            self._in_force,
            bill,
            self.id,
            (asked, demanded),
            self._attempts,
            lambda: self._receipt("interrupted", ""),
            self._elapsed_ms,
            self._watch,
        )

    async def _relay(self, answer: Attempt, forwarding: Forwarding, downstream: Downstream) -> None:
        """The answer, byte by byte. Its last byte waits for the receipt's commit."""
        headers = reply_headers(self._facts, answer, forwarding.output_limit)
        if answer.whole is not None:
            settled = await self._settle("served", "")
            self._note_speed(answer)
            self._begun = True
            headers |= {**cost_header(settled), **self._permission.headers(self._facts.dialect)}
            await downstream.begin(headers, streaming=False)
            await downstream.end(forwarding.opening)
            return
        self._begun = True
        await downstream.begin(headers | self._permission.headers(self._facts.dialect), streaming=True)
        assert answer.stream is not None
        self._pump = StreamRelay(answer, answer.stream, downstream, self._services, self._watch)
        last = await self._pump.run(forwarding.opening)
        await self._settle("served", "")
        self._note_speed(answer)
        await downstream.end(last)

    def _note_speed(self, answer: Attempt) -> None:
        if self._arrival.asked.operation.feeds_health:
            self._services.health.succeeded(answer.route.id, tokens_per_s=answer.tokens_per_s())

    async def _end(self, ended: Ended, downstream: Downstream) -> None:
        cut = ended.code == "draining" and bool(self._attempts)  # no refusal: a provider may have seen the prompt
        outcome: Outcome = "failed" if cut or isinstance(ended, UpstreamEnded | InternalError) else "refused"
        await self._settle(outcome, ended.code)
        if not self._begun:
            await downstream.refuse(ended, self.id)
        elif self._served is not None and self._served.stream is not None:
            with self._watch.within(_LAST_WORD_S):
                await downstream.abort(self._served.stream.failure(ended))

    async def _settle(self, outcome: Outcome, code: str) -> Receipt:
        """Step 7: charge, release and write down, once; shielded, and never a failure of the client's."""
        for attempt in self._attempts:
            attempt.ended_ms = attempt.ended_ms if attempt.ended_ms >= 0 else self._elapsed_ms()
        receipt = self._receipt(outcome, code)
        if self._settled:
            return receipt
        self._settled = True
        with self._watch.within(math.inf, shielded=True):  # what comes meanwhile is told behind the last step
            receipt = await self._committed(receipt)
            await self._permission.give_back(receipt.attempts)
            self._services.log.emit(ExchangeEnded.of(receipt))
            if outcome == "served" and self._whole is not None:
                self._whole.move(max(self._whole.at, self._watch.now() + _LAST_WORD_S))
        return receipt

    async def _committed(self, receipt: Receipt) -> Receipt:
        with self._watch.within(self._services.deadlines.commit_s):
            try:
                return await self._services.books.settle(receipt)
            except Exception as fault:  # noqa: BLE001  # the books keep the receipt, or recovery writes it from the intent
                self._services.log.emit(Fault(reduce(fault), receipt=self.id))
        return receipt

    def _receipt(self, outcome: Outcome, code: str) -> Receipt:
        snapshot = self._in_force.snapshot
        facts, served, demand = self._facts, self._served, self._facts.demand
        attempts = [a.record(record.rate(snapshot, a.route), facts.treated(a.eligible)) for a in self._attempts]
        lost = declared(served.lost(), demand) if served is not None and demand is not None else ()
        return record.receipt(facts, record.Ending(outcome, code, self._elapsed_ms()), attempts, served, lost)

    def _elapsed_ms(self) -> int:
        return int((self._clock.monotonic() - self._began) * 1000)

    async def _close(self) -> None:
        """Let go of the permit and every connection. A reply read to its end leaves its own for the next exchange."""
        with self._watch.within(math.inf, shielded=True):
            await self._permission.give_back(())  # of what was never settled: a count, or a fault on the way there
            for attempt in self._attempts:
                if attempt.reply is None:
                    continue
                if attempt.stream is not None and attempt.stream.ended and attempt.pieces is not None:
                    with self._watch.within(_GOODBYE_S), suppress(UpstreamFault):
                        async for _ in attempt.pieces:
                            pass  # after the end of a stream comes only the end of its body
                await attempt.reply.close()
