"""Forward: ask the planned routes one after another until one begins to answer. Failover happens here and nowhere else.

INVARIANT: while this module runs, nothing has been sent downstream. It takes only routes that `decide` made.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Final

from gateway.core.errors import (
    Json,
    PromptTooLong,
    UpstreamEnded,
    UpstreamFailed,
    UpstreamRefused,
    UpstreamTimeout,
)
from gateway.core.policy import Identifiers
from gateway.dialects import provider_errors
from gateway.dialects.dialect import Broken, RequestOverrides, Unportable
from gateway.dialects.observed import observed
from gateway.dialects.translation import Signed
from gateway.exchange.admit import Tries
from gateway.exchange.attempt import Attempt
from gateway.exchange.deadlines import DeadlineScope
from gateway.exchange.progress import Progress
from gateway.exchange.services import Services
from gateway.exchange.stages import Answered, Decided
from gateway.stores.health import RouteFault as RouteFault
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


async def forward(tries: Tries, services: Services, scope: DeadlineScope, progress: Progress) -> Answered:
    """Step 5. UpstreamEnded if no route began to answer; whatever `Tries.pay` refuses with before any did."""
    forwarding = Forwarding(tries.decided, services, scope, progress)
    for eligible in tries.decided.plan:
        attempt = await tries.pay(eligible)
        answered = await forwarding.try_(attempt)
        if answered is not None:
            return answered
    raise nobody_answered(progress.attempts)


class Forwarding:
    """Sends one exchange's request to a route, and reads the opening of the reply."""

    def __init__(self, decided: Decided, services: Services, scope: DeadlineScope, progress: Progress) -> None:
        accepted = decided.accepted
        self._policy, self._translation, self._demand = accepted.policy, accepted.translation, accepted.demand
        self._in_force = accepted.identified.in_force
        # Whether a provider counts well says nothing of how it answers.
        self._health = services.health if self._demand.operation.feeds_health else None
        self._services, self._scope, self._progress = services, scope, progress

    async def try_(self, attempt: Attempt) -> Answered | None:
        """Send, and read up to the first content event. None, with the outcome in the attempt, where another route may
        be asked; a refusal of the request itself is raised."""
        clock, elapsed_ms = self._services.clock, self._progress.elapsed_ms
        began_s = clock.monotonic()
        attempt.outcome = "left"  # unless we get further than that
        with self._scope.within(self._patience_s) as deadline:
            try:
                opening = await self._ask(attempt)
                attempt.outcome = "served"
                attempt.first_event_ms = elapsed_ms()
                if self._health is not None:
                    self._health.succeeded(attempt.route.id, (clock.monotonic() - began_s) * 1000)
                return Answered(attempt, opening)
            except UpstreamFault as fault:
                attempt.outcome, attempt.fault = "failed", fault.kind
                attempt.left = attempt.maybe_billed = fault.sent != "nothing"
            except Broken:
                attempt.outcome = "failed"
                if attempt.status == 200:
                    attempt.fault = "malformed"
            except Unportable:  # nothing was sent, and nothing is wrong with the route
                attempt.outcome, attempt.ended_ms = "failed", elapsed_ms()
                return None
        if deadline.passed:
            attempt.outcome = "timeout"
        attempt.ended_ms = elapsed_ms()
        if attempt.status < 400 and attempt.fault not in LOCAL_KINDS:
            self._note_fault(attempt, RouteFault.TRANSPORT)
        if attempt.reply is not None:
            await attempt.reply.close()  # gives the connection back or cuts it; never waits for the provider
        return None

    @property
    def _patience_s(self) -> float:
        """A stream must begin within its deadline; a whole reply shows nothing before it is complete."""
        deadlines = self._services.deadlines
        return deadlines.first_event_s if self._demand.streaming else deadlines.whole_s

    def _call(self, attempt: Attempt) -> ProviderCall:
        """The request as this route is asked. Whoever sends it need not keep it until the answer comes."""
        route = attempt.route
        target = self._in_force.targets[route.provider.id]
        written = self._translation.rendered(attempt.wire, route, self._overrides(attempt))
        attempt.dropped = written.dropped
        translated = attempt.wire != self._demand.dialect
        if translated and written.dropped and self._policy.rules.requires_parameters:
            raise Unportable(*written.dropped)  # decided upon another route of this dialect, which carries more
        attempt.maybe_billed = True
        return ProviderCall(target, written.path, written.headers, written.body)

    async def _ask(self, attempt: Attempt) -> bytes:
        """The opening of the reply. Broken, UpstreamFault, Unportable, UpstreamRefused, PromptTooLong."""
        services = self._services
        call = self._call(attempt)
        attempt.left = True  # unless a fault says that not a byte was sent
        reply = await services.upstream.send(call, connect_s=services.deadlines.connect_s)
        attempt.reply, attempt.status, attempt.observed = reply, reply.status, observed(reply.headers)
        attempt.pieces = reply.chunks()
        if reply.status != 200:
            raise await self._refused(attempt, reply)
        if self._demand.streaming:
            return await self._open_stream(attempt, attempt.pieces)
        body = await _whole(reply, MAX_REPLY)
        attempt.whole = self._translation.whole(attempt.wire, body, self._signed())
        return attempt.whole.body

    def _signed(self) -> Signed:
        return Signed(str(self._progress.id), int(self._services.clock.now().timestamp()))

    def _overrides(self, attempt: Attempt) -> RequestOverrides:
        """Everything that policy and books add to the request of `attempt`."""
        keeps_nothing = self._policy.bound.stored_in == frozenset()
        kept_apart = self._policy.identifiers is Identifiers.PSEUDONYM
        organisation = self._in_force.snapshot.organisation.id
        return RequestOverrides(
            output_limit=attempt.output_limit,
            forbid_storing=keeps_nothing,
            pseudonym=self._services.pseudonyms(organisation) if kept_apart else None,
        )

    async def _open_stream(self, attempt: Attempt, pieces: AsyncIterator[bytes]) -> bytes:
        stream = self._translation.stream(attempt.wire, self._signed())
        opening: list[bytes] = []
        size = 0
        async for piece in pieces:
            opening.append(stream.feed(piece))
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
        return b"".join(opening)

    async def _refused(self, attempt: Attempt, reply: ProviderReply) -> Exception:
        """The meaning of a status other than 200: Broken for a fault of the route, UpstreamRefused or PromptTooLong
        for one of the request."""
        status = reply.status
        attempt.outcome, attempt.maybe_billed = "failed", status < 400
        if (fault := _fault(status)) is not None:
            self._note_fault(attempt, fault, retry_after_s(reply.headers.get("retry-after", "")))
        if status in ROUTE_FAULTS or not 400 <= status < 500:
            return Broken("the route turned the request away")
        attempt.outcome = "refused"  # whatever becomes of the rest of its body
        code = ""
        with suppress(Broken, UpstreamFault):
            attempt.upstream_code = code = provider_errors.code(await _whole(reply, MAX_ERROR))
        if code == provider_errors.CREDENTIAL:
            attempt.outcome = "failed"
            self._note_fault(attempt, RouteFault.CREDENTIAL)
            return Broken("our credential was refused")
        attempt.ended_ms = self._progress.elapsed_ms()
        if code == provider_errors.TOO_LONG:
            return PromptTooLong(status, route=str(attempt.route.id))
        return UpstreamRefused(
            status,
            "The provider refuses this request as it is written." + (f" Its code: {code}." if code else ""),
            route=str(attempt.route.id),
            upstream_code=code or None,
        )

    def _note_fault(self, attempt: Attempt, fault: RouteFault, retry_after: float | None = None) -> None:
        if self._health is not None:
            self._health.failed(attempt.route.id, fault, self._services.clock.monotonic(), retry_after)


def nobody_answered(attempts: list[Attempt]) -> UpstreamEnded:
    """The error after the last route of the plan."""
    listed: list[Json] = [
        {"route": str(a.route.id), "outcome": a.outcome, "status": a.status or None} for a in attempts
    ]
    if all(a.outcome == "timeout" for a in attempts):
        return UpstreamTimeout("No eligible route began to answer in time.", attempts=listed)
    return UpstreamFailed("No eligible route answered.", attempts=listed)


def _fault(status: int) -> RouteFault | None:
    """The fault of the route that a provider's status means; None if it means none."""
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
