"""Forward: ask the planned routes one after another until one begins to answer. Failover happens here and nowhere else.

INVARIANT: no route is asked once something has been sent downstream. It takes only routes that `decide` made.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from functools import partial
from typing import Final
from urllib.parse import quote

from gateway.core.health import FaultScope, RouteFault
from gateway.core.policy import Identifiers
from gateway.core.terms import TOOL_CALLS_HELD
from gateway.dialects.dialect import Broken, RequestOverrides, Unportable, Unusable
from gateway.dialects.mismatched import is_whole
from gateway.dialects.observed import observed
from gateway.dialects.provider_errors import refusal_fault, reported_fault
from gateway.dialects.relay import Stream
from gateway.dialects.translation import ReplyMark
from gateway.exchange.admit import Tries
from gateway.exchange.attempt import Attempt, Opening
from gateway.exchange.deadlines import Deadline, DeadlineScope
from gateway.exchange.progress import Progress
from gateway.exchange.services import Services
from gateway.exchange.stages import Answered, Decided
from gateway.exchange.unanswered import nobody_answered, refused, unusable
from gateway.upstream.calls import ProviderCall, ProviderReply
from gateway.upstream.faults import LOCAL_KINDS, UpstreamFault
from gateway.upstream.targets import media_headers

MAX_REPLY: Final = 64 * 1024 * 1024
"""Bytes of a reply that is not streamed."""
MAX_OPENING: Final = 1024 * 1024
"""Bytes of a stream before its first content event."""
MAX_ERROR: Final = 64 * 1024
"""Bytes read of a provider's error, to find its code."""

_ERROR_S: Final = 5.0
"""Time for a provider to complete an error, after its head."""


class _Reported(Broken):
    """The provider reports a fault instead of a reply."""

    def __init__(self, fault: RouteFault) -> None:
        super().__init__(fault.scope.value)
        self.fault = fault


async def forward(tries: Tries, services: Services, scope: DeadlineScope, progress: Progress) -> Answered:
    """Step 5. UpstreamEnded if no route began to answer; whatever `Tries.pay` refuses with before any did."""
    forwarding = Forwarding(tries.decided, services, scope, progress)
    for eligible in tries.decided.plan:
        attempt = await tries.pay(eligible)
        answered = await forwarding.try_(attempt)
        if answered is not None:
            return answered
        if progress.replying:  # the client was told of this route
            break
    raise nobody_answered(progress)


class Forwarding:
    """Sends one exchange's request to a route, and reads the opening of the reply."""

    def __init__(self, decided: Decided, services: Services, scope: DeadlineScope, progress: Progress) -> None:
        accepted = decided.accepted
        self._policy, self._translation, self._demand = accepted.policy, accepted.translation, accepted.demand
        self._in_force = accepted.identified.in_force
        self._scope_of_pseudonyms = accepted.identified.principal.pseudonym_scope
        # Whether a provider counts well says nothing of how it answers.
        self._health = services.health if self._demand.operation.feeds_health else None
        self._services, self._scope, self._progress = services, scope, progress
        self._is_capped = decided.bill.hard

    async def try_(self, attempt: Attempt) -> Answered | None:
        """Send, and read up to the first content event. None, with the outcome in the attempt, where another route may
        be asked; a refusal of the request itself is raised."""
        clock, elapsed_ms = self._services.clock, self._progress.elapsed_ms
        attempt.began_s = clock.monotonic()
        attempt.outcome = "left"  # unless we get further than that
        fault = _BROKEN
        with self._scope.within(self._patience_s) as deadline:
            try:
                opening = await self._ask(attempt, deadline)
                attempt.outcome = "served"
                attempt.first_event_ms = elapsed_ms()
                if self._health is not None:
                    self._health.answered(attempt.route.id, (clock.monotonic() - attempt.began_s) * 1000)
                return Answered(attempt, opening)
            except UpstreamFault as lost:
                attempt.outcome, attempt.fault = "failed", lost.kind
                fault = _fault_of(lost)
            except Broken as broken:
                fault = self._broken(attempt, broken)
            except Unportable:  # nothing was sent, and nothing is wrong with the route
                attempt.outcome, attempt.ended_ms = "failed", elapsed_ms()
                return None
        if deadline.passed:
            attempt.outcome = "timeout"
        await self._failed(attempt, fault)
        return None

    def _broken(self, attempt: Attempt, broken: Broken) -> RouteFault:
        """The fault of an attempt whose reply is an error, or no reply that can be passed on."""
        attempt.outcome = "failed"
        if isinstance(broken, Unusable):
            attempt.fault, attempt.reported = "unusable", broken.metered
            return _UNUSABLE
        if isinstance(broken, _Reported):
            attempt.fault, attempt.upstream_code = broken.fault.scope.value, broken.fault.code
            return broken.fault
        attempt.fault = "malformed" if attempt.status == 200 else ""
        return _BROKEN

    async def _failed(self, attempt: Attempt, fault: RouteFault) -> None:
        """Note the fault for the health of the route. Raises the refusal of a request that no route can serve."""
        attempt.opening = None
        pause_s = 0.0
        if self._health is not None:
            pause_s = self._health.failed(attempt.route.id, fault, self._services.clock.monotonic(), attempt.began_s)
        if fault.scope is FaultScope.RATE:
            attempt.retry_after_s = fault.retry_after_s or pause_s
        if not fault.scope.fails_over and fault is not _UNUSABLE:
            attempt.outcome = "refused"
        attempt.ended_ms = self._progress.elapsed_ms()
        if attempt.reply is not None:
            await attempt.reply.close()  # gives the connection back or cuts it; never waits for the provider
        if not fault.scope.fails_over:
            raise refused(self._progress, attempt, fault) if fault is not _UNUSABLE else unusable(self._progress)

    @property
    def _patience_s(self) -> float:
        """A stream must begin within its deadline; a whole reply shows nothing before it is complete."""
        deadlines = self._services.deadlines
        return deadlines.first_event_s if self._demand.streaming else deadlines.whole_s

    async def _call(self, attempt: Attempt) -> ProviderCall:
        """The request as this route is asked. The sender need not keep it until the answer comes."""
        route = attempt.route
        target = self._in_force.targets[route.provider.id]
        translation = self._translation
        write = partial(translation.rendered, attempt.wire, route, self._overrides(attempt))
        written = await self._services.large_bodies.run(translation.size, write)
        attempt.dropped = written.dropped
        translated = attempt.wire != self._demand.dialect
        if translated and written.dropped and self._policy.rules.requires_parameters:
            raise Unportable(*written.dropped)  # decided upon another route of this dialect, which carries more
        headers = media_headers(self._demand.operation) + written.headers
        return ProviderCall(target, _path(attempt, written.path), headers, written.body, leaves=attempt.leave)

    async def _ask(self, attempt: Attempt, deadline: Deadline) -> bytes:
        """The opening of the reply. Broken, UpstreamFault, Unportable."""
        services = self._services
        call = await self._call(attempt)
        reply = await services.upstream.send(call, connect_s=services.deadlines.connect_s)
        attempt.reply, attempt.status, attempt.observed = reply, reply.status, observed(reply.headers)
        attempt.pieces = reply.chunks()
        if reply.status != 200:
            raise await self._reported(attempt, reply)
        if self._demand.streaming:
            return await self._open_stream(attempt, attempt.pieces, deadline)
        body = await _whole(reply, MAX_REPLY)
        attempt.reply = None  # complete: the connection is no longer the reply's
        read = partial(self._translation.whole, attempt.wire, body, self._signed())
        try:
            attempt.whole = await services.large_bodies.run(len(body), read)
        except Unusable:
            raise
        except Broken:
            raise self._instead(reported_fault(body, now=services.clock.now())) from None
        return attempt.whole.body

    def _instead(self, fault: RouteFault | None) -> Broken:
        """The fault that the provider reports in the place of a reply, or that the bytes are none."""
        return _Reported(fault) if fault is not None else Broken("nothing of the dialect")

    def _signed(self) -> ReplyMark:
        return ReplyMark(str(self._progress.id), int(self._services.clock.now().timestamp()))

    def _overrides(self, attempt: Attempt) -> RequestOverrides:
        """Everything that policy and books add to the request of `attempt`."""
        kept_apart = self._policy.identifiers is Identifiers.PSEUDONYM
        bounds_tools = self._is_capped and self._demand.tools_in(attempt.wire)
        return RequestOverrides(
            output_limit=attempt.output_limit,
            pseudonym=self._services.pseudonyms(*self._scope_of_pseudonyms) if kept_apart else None,
            tool_calls=TOOL_CALLS_HELD if bounds_tools else None,
        )

    async def _open_stream(self, attempt: Attempt, pieces: AsyncIterator[bytes], deadline: Deadline) -> bytes:
        """The pieces up to the first content. While the provider shows life, or a model that reasons is silent, the
        stream may take longer to begin."""
        stream, thinks = (
            self._translation.stream(attempt.wire, attempt.route, self._signed()),
            attempt.route.abilities.reasoning is True,
        )
        attempt.heard = stream
        opening = attempt.opening = Opening(stream, self._services.clock.monotonic(), alive=thinks)
        deadlines, beats, size = self._services.deadlines, 0, 0
        if thinks:
            self._extend(deadline, deadlines.whole_s)
        async for piece in pieces:
            if not size and is_whole(piece):
                return await self._replayed(attempt, piece, pieces)
            opening.hold(stream.feed(piece))
            size += len(piece)
            if stream.failed:
                raise self._broken_opening(attempt, stream)
            if size > MAX_OPENING:
                raise Broken("no content at the start of the stream")
            if stream.content or stream.ended:
                break
            if stream.beats != beats:
                beats, opening.alive = stream.beats, True
                self._extend(deadline, deadlines.first_event_s)
        else:
            opening.hold(stream.finish())
        if stream.failed or not stream.content:
            raise self._broken_opening(attempt, stream)
        attempt.stream, attempt.opening = stream, None
        return opening.take()

    def _extend(self, deadline: Deadline, by_s: float) -> None:
        deadline.move(max(deadline.at, self._scope.now() + by_s))

    async def _replayed(self, attempt: Attempt, begun: bytes, pieces: AsyncIterator[bytes]) -> bytes:
        """The opening of a stream, made of the one document with which a provider answers that ignores `stream`."""
        body = bytearray(begun)
        async for piece in pieces:
            body += piece
            if len(body) > MAX_REPLY:
                raise Broken("larger than any reply may be")
        stream, opening = self._translation.replayed(attempt.wire, bytes(body), self._signed())
        if not stream.complete:
            raise self._broken_opening(attempt, stream)
        attempt.stream, attempt.opening = stream, None
        return opening

    def _broken_opening(self, attempt: Attempt, stream: Stream) -> Broken:
        """The fault of a stream that failed before its content, charged by what it reported where nobody else is to
        blame."""
        if stream.unusable:
            return Unusable("the client's dialect cannot carry it", stream.reported)
        fault = stream.fault(self._services.clock.now())
        if not fault.scope.fails_over:
            attempt.reported = stream.reported
        return _Reported(fault) if fault != _BROKEN else Broken("no content at the start of the stream")

    async def _reported(self, attempt: Attempt, reply: ProviderReply) -> _Reported:
        """The fault behind a status other than 200."""
        status = reply.status
        attempt.maybe_billed = status < 400
        if status < 400:
            return _Reported(_BROKEN)
        body = b""
        if status < 500:
            with self._scope.within(_ERROR_S), suppress(Broken, UpstreamFault):
                body = await _whole(reply, MAX_ERROR)
        refers = bool(self._demand.features)
        return _Reported(refusal_fault(status, reply.headers, body, now=self._services.clock.now(), refers=refers))


def _path(attempt: Attempt, path: str) -> str:
    """The path of a request below the address of its record: `path` is the dialect's."""
    connection = attempt.route.provider.connection
    if connection.paths:
        prefix = connection.paths.get(attempt.wire, "")
        path = prefix.replace("{model}", quote(attempt.route.wire_model, safe="")) + path
    if connection.query:
        path += ("&" if "?" in path else "?") + connection.query
    return path


_BROKEN: Final = RouteFault(FaultScope.ROUTE)
_OURS: Final = RouteFault(FaultScope.ATTEMPT)
_NO_SECRET: Final = RouteFault(FaultScope.CREDENTIAL)
"""The record's credential has no secret at the moment: no route of the record can serve."""
_UNUSABLE: Final = RouteFault(FaultScope.REQUEST)
"""The reply came, and cannot be passed on: no fault of the route, and another one costs as much again."""


def _fault_of(lost: UpstreamFault) -> RouteFault:
    if lost.kind == "credential":
        return _NO_SECRET
    return _OURS if lost.kind in LOCAL_KINDS else _BROKEN


async def _whole(reply: ProviderReply, most: int) -> bytes:
    """All of a body. Broken beyond `most` bytes."""
    body = await reply.whole(most)
    if body is None:
        raise Broken("larger than any reply may be")
    return body
