"""Relay of a stream: the provider's pieces in, the client's bytes out, each side on its own time."""

from __future__ import annotations

import math
from typing import Final

from gateway.core.errors import UpstreamEnded, UpstreamFailed, UpstreamRefused, UpstreamTimeout
from gateway.core.health import FaultScope, RouteFault
from gateway.dialects.relay import Stream
from gateway.exchange.attempt import Attempt
from gateway.exchange.deadlines import Deadline, DeadlineScope
from gateway.exchange.ports import Downstream
from gateway.exchange.services import Services
from gateway.upstream.faults import UpstreamFault

_SILENT: Final = RouteFault(FaultScope.ROUTE)


class StreamRelay:
    """One stream on its way from a route that has begun to answer."""

    def __init__(
        self, answer: Attempt, stream: Stream, downstream: Downstream, services: Services, watch: DeadlineScope
    ) -> None:
        self._answer, self._stream, self._downstream, self._services = answer, stream, downstream, services
        self._watch = watch
        # A model that reasons may be silent again between two parts of its answer.
        deadlines, reasons = services.deadlines, answer.route.abilities.reasoning is True
        self._idle_s = max(deadlines.whole_s, deadlines.idle_s) if reasons else deadlines.idle_s
        self._spoke_at = math.inf  # when the last bytes were handed over; infinite while they are, and after the end

    async def run(self, opening: bytes) -> bytes:
        """Pass the stream on up to its end; returns the last bytes. UpstreamEnded if it breaks off."""
        stream = self._stream
        if stream.ended:
            return opening
        await self._say(opening)
        with self._watch.within(self._idle_s) as idle:
            last = await self._passed_on(idle)
            if stream.complete:
                return last
            await self._say(last)
        self._spoke_at = math.inf
        answer, clock = self._answer, self._services.clock
        fault = _SILENT if idle.passed else stream.fault(clock.now())
        answer.outcome, answer.upstream_code = "timeout" if idle.passed else "failed", fault.code
        answer.fault = "unusable" if stream.unusable else fault.scope.value
        self._services.health.failed(answer.route.id, fault, clock.monotonic(), answer.began_s)
        raise _broken_off(stream, fault)

    async def _passed_on(self, idle: Deadline) -> bytes:
        """Everything but what came with the end, which is returned."""
        stream, pieces, now = self._stream, self._answer.pieces, self._watch.now
        assert pieces is not None
        seen = stream.beats
        try:
            async for piece in pieces:
                shown = stream.feed(piece)
                if stream.over:
                    break
                if stream.beats != seen:
                    seen = stream.beats
                    idle.move(now() + self._idle_s)
                if shown:  # a slow client costs the route nothing: the provider's time stands still
                    left_s = idle.at - now()
                    idle.move(math.inf)
                    await self._say(shown)
                    idle.move(now() + left_s)
            else:
                shown = stream.finish()
        except UpstreamFault:
            shown = stream.finish()  # an end of the stream, which knows that it is not complete
        self._spoke_at = math.inf
        return shown

    async def send_keepalive(self, silent_s: float) -> None:
        """Say something in a stream that has been silent for so long. Safe to call at any time."""
        if self._services.clock.monotonic() - self._spoke_at >= silent_s and (keepalive := self._stream.keepalive()):
            await self._say(keepalive)

    async def _say(self, data: bytes) -> None:
        self._spoke_at = math.inf
        await self._downstream.send(data)
        self._spoke_at = self._services.clock.monotonic()


def _broken_off(stream: Stream, fault: RouteFault) -> UpstreamEnded:
    if fault is _SILENT:
        return UpstreamTimeout("The provider fell silent in the middle of its reply.")
    if stream.unusable:
        return UpstreamFailed("The reply of the route cannot be written as this client reads it.")
    if not fault.scope.fails_over:
        words = f" Its code: {fault.code}." if fault.code else ""
        return UpstreamRefused(400, "The provider ended its reply because of this request." + words)
    return UpstreamFailed("The provider broke off its reply.")
