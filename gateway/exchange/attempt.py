"""One try on one route: held before, sent, read up to its first content event, and accounted for afterwards."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from decimal import Decimal
from typing import Final

from gateway.core.decision import EligibleRoute
from gateway.core.demand import Demand
from gateway.core.receipt import EXACT, AttemptRecord
from gateway.core.terms import assumptions, charge
from gateway.core.unreported import GenerationPace, Most, bound
from gateway.core.usage import NO_USAGE, Metered, Usage, UsageSource
from gateway.dialects.estimate import incomplete
from gateway.dialects.relay import Stream, Whole
from gateway.dialects.reported_cost import COST_FIGURE, differs
from gateway.exchange.clamp import worst_case
from gateway.exchange.decision_cache import Treated
from gateway.stores.holds import SoftSpendings
from gateway.upstream.calls import ProviderReply

_NOTHING: Final[Mapping[str, int]] = {}
_BEYOND: Final = "beyond_exact_numbers"
"""A count that no reader of JSON would read exactly: the largest exact one stands in its place."""
_UNSAID: Final[Mapping[str, str]] = {}


class Opening:
    """A stream before its first content. `since`: in monotonic seconds, since when the client was sent nothing.

    `alive`: whether the provider showed that it is at work. Pieces are held back, so that another route can take over,
    until they are taken.
    """

    def __init__(self, stream: Stream, since: float, *, alive: bool) -> None:
        self.stream, self.since, self.alive = stream, since, alive
        self._held: list[bytes] = []

    def hold(self, shown: bytes) -> None:
        """More for the client."""
        self._held.append(shown)

    def take(self) -> bytes:
        """Everything that is held back."""
        held = b"".join(self._held)
        self._held.clear()
        return held


class Attempt:
    """The state of one try. `answer` is set once its first content event has come."""

    def __init__(self, eligible: EligibleRoute, hold_id: str, began_ms: int) -> None:
        self.eligible = eligible
        self.route = eligible.route
        self.wire = eligible.wire
        """The dialect in which the route is asked."""
        self.hold_id = hold_id
        self.began_ms = began_ms
        self.hold = 0
        self.beyond: SoftSpendings = ()
        """The soft budgets that were spent, or nearly so, when it was made."""
        self.output_limit: int | None = None
        """The output limit, in tokens, that the request carries in place of the client's; None: the client's stands."""
        self.status = 0
        self.left = False
        """Whether a byte of the prompt may have left this process."""
        self.fault = ""
        """The kind of `UpstreamFault` that ended it, or `malformed` for a reply that could not be read."""
        self.upstream_code = ""
        """The provider's error code, where it is a known one."""
        self.retry_after_s: float | None = None
        """Time for which the provider limits the rate of the route; None where it does not."""
        self.began_s = 0.0
        """When it was sent, in monotonic seconds."""
        self.outcome = "left"
        self.first_event_ms = -1
        self.ended_ms = -1
        self.most = Most(0, 0)
        """Tokens behind the hold."""
        self.fastest_tokens_per_s: float | None = None
        """The fastest rate of the route that was observed or is stated."""
        self.maybe_billed = False
        """Whether the provider may charge for it although it reported nothing."""
        self.observed: Mapping[str, str] = _UNSAID
        """Reports of the provider in the head of its reply; the names are those of `dialects.observed`."""
        self.reply: ProviderReply | None = None
        """The reply, until it is complete or closed."""
        self.pieces: AsyncIterator[bytes] | None = None
        self.stream: Stream | None = None
        self.heard: Stream | None = None
        """A stream, also before its content."""
        self.opening: Opening | None = None
        """A stream that has begun without content so far."""
        self.whole: Whole | None = None
        self.reported: Metered | None = None
        """Usage that the provider reported with a reply that could not be passed on."""
        self.dropped: tuple[str, ...] = ()
        """Members of the request that found no place in the route's dialect."""

    def leave(self) -> None:
        """Record that the prompt is about to be written to a connection: from now on it may have left."""
        self.left = self.maybe_billed = True

    def price_hold(self, demand: Demand, rate: Decimal | None, default_limit: int) -> None:
        """Hold the worst case of this try, in nano-units."""
        self.hold = worst_case(demand, self.route, rate, default_limit)
        self.most = Most.of(demand, self.route, self.wire, default_limit)

    def metered(self) -> Metered | None:
        """Usage as far as it is known; None before anything is known."""
        if self.whole is not None:
            return self.whole.metered
        if self.stream is not None and self.stream.content:
            return self.stream.metered
        if self.reported is None and self.heard is not None and (begun := self.heard.reported) is not None:
            return begun if self.heard.complete else incomplete(begun)
        return self.reported

    def tokens_per_s(self) -> float | None:
        """Speed of the reply, once it has ended; None for a time too short to measure."""
        known, since = self.metered(), self.first_event_ms if self.stream is not None else self.began_ms
        took_ms = self.ended_ms - since
        return known.usage.generated * 1000 / took_ms if known is not None and took_ms > 0 else None

    def lost(self) -> tuple[str, ...]:
        """Names of everything that the client asked for or the provider sent, and that could not be carried."""
        reply = self.whole or self.stream
        return (*self.dropped, *(reply.lost if reply is not None else ()))

    def record(self, rate: Decimal | None, treated: Treated) -> AttemptRecord:
        """The try as the receipt keeps it. A cost that may have been billed and was not reported stays at its hold."""
        known = self.metered()
        cost, usage, source, observed = 0, _NOTHING, "", self.observed
        reported, suspect, price = _NOTHING, "", self.route.price.reference
        if known is not None:
            if known.tier or known.place:
                served = (("tier", known.tier), ("place", known.place))
                observed = {**observed, **{name: word for name, word in served if word}}
            cost, used, counted_by = self._charge(known, rate, observed)
            usage, source = used.nonzero(), counted_by.value
            if assumed := assumptions(self.route.price, used, self.most.terms, observed):
                price = f"{price} assumed: {', '.join(assumed)}"
            reported, suspect = known.reported, known.suspect or self._cost_fault(known, cost, rate)
            if max(cost, *usage.values(), *map(abs, reported.values()), 0) > EXACT:
                cost, usage, reported = min(cost, EXACT), _exact(usage), _exact(reported)
                suspect = suspect or _BEYOND
        elif self.maybe_billed:
            cost, source = self._unseen(rate), UsageSource.HELD.value
        return AttemptRecord(
            route=self.route.id,
            dialect=self.wire,
            outcome=self.outcome,
            left=self.left,
            region=treated.region,
            posture_digest=treated.digest,
            evidence_from=treated.evidence_from,
            observed=observed,
            hold_id=self.hold_id,
            status=self.status,
            fault=self.fault,
            upstream_code=self.upstream_code,
            output_limit=self.output_limit,
            hold=self.hold,
            cost=cost,
            usage=usage,
            usage_source=source,
            reported=reported,
            suspect=suspect,
            over_hold=cost > self.hold,
            price=price,
            began_ms=self.began_ms,
            first_event_ms=self.first_event_ms,
            ended_ms=self.ended_ms,
        )

    def _unseen(self, rate: Decimal | None) -> int:
        """Nano-units of an attempt of which nothing was reported."""
        pace = self._pace()
        if pace is None or rate is None or not self.hold:
            return self.hold
        return min(bound(self.route, rate, self.most, NO_USAGE, pace), self.hold)

    def _charge(
        self, known: Metered, rate: Decimal | None, observed: Mapping[str, str]
    ) -> tuple[int, Usage, UsageSource]:
        """(nano-units, the usage behind them, its source). An estimate stands only where nothing can be charged."""
        if rate is None or not self.route.price.is_priced:
            return 0, known.usage, known.source
        if known.source in _FINAL:
            cost = charge(self.route.price, rate, known.usage, self.most.terms, observed)
            return cost, known.usage, known.source
        begun, least = known.known, 0
        if begun.context or begun.generated:
            least = charge(self.route.price, rate, begun, self.most.terms, observed)
        most = bound(self.route, rate, self.most, begun if not known.suspect else NO_USAGE, self._pace())
        held = max(least, min(most, self.hold))
        return (held, begun, UsageSource.HELD) if held else (0, known.usage, known.source)

    def _cost_fault(self, known: Metered, cost: int, rate: Decimal | None) -> str:
        """`cost_differs` where the provider's own cost is another than ours; empty where it reports none."""
        reported = known.reported.get(COST_FIGURE)
        comparable = known.source in _FINAL and rate is not None and self.route.price.currency == "USD"
        if reported is None or rate is None or not comparable:
            return ""
        return "cost_differs" if differs(int(reported * rate), cost) else ""

    def _pace(self) -> GenerationPace | None:
        if self.route.provider.billing.bills_after_disconnect is not False or not self.most.is_streamed:
            return None
        return GenerationPace((self.ended_ms - self.began_ms) / 1000, self.fastest_tokens_per_s)


_FINAL: Final = frozenset({UsageSource.PROVIDER, UsageSource.COUNTED})
"""Sources of counts that are complete."""


def _exact(counts: Mapping[str, int]) -> dict[str, int]:
    return {name: max(-EXACT, min(count, EXACT)) for name, count in counts.items()}
