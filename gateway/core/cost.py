"""Exact prices and costs. One pure function prices holds and settlements alike; rounding happens once, in `to_ledger`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Final, NewType

from gateway.core.usage import Usage

NanoUnits = NewType("NanoUnits", int)
"""Billionths of one unit of the ledger's currency (USD unless `fx.toml` says otherwise)."""

_EXACT: Final = Context(prec=60)
"""Wide enough that no sum of counts below 2^63 times prices with 18 decimals is ever rounded."""

_MILLION: Final = Decimal(1_000_000)
_NANO: Final = Decimal(1_000_000_000)


@dataclass(frozen=True, slots=True)
class Rates:
    """Price per million tokens of a class, in the price's currency. None: not stated, which is never free."""

    input: Decimal | None = None
    output: Decimal | None = None
    cache_read: Decimal | None = None
    cache_write: Decimal | None = None
    cache_write_1h: Decimal | None = None
    reasoning: Decimal | None = None
    audio_in: Decimal | None = None
    audio_out: Decimal | None = None
    image_in: Decimal | None = None
    image_out: Decimal | None = None

    def rate(self, usage_class: str) -> Decimal:
        """The rate of one class of `Usage`; a class without a rate of its own costs what its side of the exchange costs.

        Cache writes cost at least the input rate. Zero where neither is stated (`Price.is_priced` guards that).
        """
        own = getattr(self, "cache_write" if usage_class in _SHORT_WRITES else usage_class, None)
        if usage_class in ("cache_write_1h", "cache_write_12h"):
            own = self.cache_write_1h if self.cache_write_1h is not None else _doubled(self.input, self.cache_write)
        if own is not None:
            return Decimal(own)
        side = self.output if usage_class in _OUTPUT_SIDE else self.input
        return side if side is not None else Decimal(0)


_SHORT_WRITES: Final = frozenset({"cache_write_5m", "cache_write_30m"})
_OUTPUT_SIDE: Final = frozenset({"output", "reasoning", "audio_out", "image_out"})


def _doubled(input_rate: Decimal | None, write_rate: Decimal | None) -> Decimal | None:
    """Long cache writes without a stated rate: twice the input rate (Anthropic's rule), at least the short write's."""
    if input_rate is None:
        return write_rate
    return max(input_rate * 2, write_rate or Decimal(0))


@dataclass(frozen=True, slots=True)
class Tier:
    """Rates that replace the standard ones once the input side exceeds `above` tokens. Unstated classes keep theirs."""

    above: int
    rates: Rates


@dataclass(frozen=True, slots=True)
class Price:
    """What a route costs. `free` only where a source calls it free; then zero rates are a price."""

    currency: str
    rates: Rates
    tiers: tuple[Tier, ...] = ()
    per_request: Decimal = Decimal(0)
    per_tool_call: Decimal = Decimal(0)
    free: bool = False
    source: str = ""
    read_on: date | None = None
    note: str = ""

    @property
    def is_priced(self) -> bool:
        """False for a price that is missing, or zero without a source that calls it free."""
        if self.free:
            return True
        return bool(self.rates.input or self.rates.output or self.per_request)

    def rates_at(self, context_tokens: int) -> Rates:
        """The rates for an input side of that many tokens."""
        rates = self.rates
        for tier in self.tiers:
            if context_tokens > tier.above:
                rates = _overlaid(rates, tier.rates)
        return rates

    def highest_rates(self, context_tokens: int) -> Rates:
        """The dearest rates reachable by an input side of up to that many tokens, class by class."""
        reachable = [self.rates_at(0), *(self.rates_at(t.above + 1) for t in self.tiers if context_tokens > t.above)]
        return Rates(**{name: _dearest(getattr(r, name) for r in reachable) for name in Rates.__dataclass_fields__})


def _overlaid(under: Rates, over: Rates) -> Rates:
    return Rates(
        **{
            name: own if (own := getattr(over, name)) is not None else getattr(under, name)
            for name in Rates.__dataclass_fields__
        }
    )


def _dearest(rates: object) -> Decimal | None:
    known = [r for r in rates if r is not None]  # type: ignore[attr-defined]
    return max(known) if known else None


def cost(usage: Usage, price: Price) -> Decimal:
    """Exact cost in the price's currency, of one request.

    Usage classes are disjoint: cached input tokens are not counted in `input` again.
    Additive below a tier, but for the fixed fee of a request.
    """
    return _priced(usage, price, price.rates_at(usage.context))


def worst_cost(usage: Usage, price: Price) -> Decimal:
    """The most that any usage up to `usage` in every class can cost: the dearest reachable tier for every token.

    Input may turn out to be a cache write or media, output reasoning or media: each side is priced at its dearest class.
    """
    rates = price.highest_rates(usage.context)
    per_in = max(
        rates.rate(c) for c in ("input", "cache_read", "cache_write_5m", "cache_write_1h", "audio_in", "image_in")
    )
    per_out = max(rates.rate(c) for c in ("output", "reasoning", "audio_out", "image_out"))
    with_tokens = _EXACT.add(_EXACT.multiply(per_in, usage.context), _EXACT.multiply(per_out, usage.generated))
    fees = _EXACT.add(price.per_request, _EXACT.multiply(price.per_tool_call, usage.server_tool_calls))
    return _EXACT.add(_EXACT.divide(with_tokens, _MILLION), fees)


def _priced(usage: Usage, price: Price, rates: Rates) -> Decimal:
    total = Decimal(0)
    for usage_class, count in usage.nonzero().items():
        if usage_class != "server_tool_calls":
            total = _EXACT.add(total, _EXACT.multiply(rates.rate(usage_class), count))
    fees = _EXACT.add(price.per_request, _EXACT.multiply(price.per_tool_call, usage.server_tool_calls))
    return _EXACT.add(_EXACT.divide(total, _MILLION), fees)


@dataclass(frozen=True, slots=True)
class Fx:
    """Exchange rates into the ledger's currency: units of the ledger's currency for one unit of another."""

    ledger: str
    rates: Mapping[str, Decimal]
    dated: date | None = None
    source: str = ""

    def rate(self, currency: str) -> Decimal | None:
        """None for a currency without a rate: whatever is priced in it is unpriced."""
        return Decimal(1) if currency == self.ledger else self.rates.get(currency)


def to_ledger(amount: Decimal, rate: Decimal) -> NanoUnits:
    """The one rounding: half-even to a billionth of the ledger's unit. `rate` as in `Fx.rate`."""
    exact = _EXACT.multiply(_EXACT.multiply(amount, rate), _NANO)
    return NanoUnits(int(exact.to_integral_value(rounding=ROUND_HALF_EVEN, context=_EXACT)))


def hold_amount(amount: Decimal, rate: Decimal) -> NanoUnits:
    """A worst case in the ledger's unit: rounded up, so that no settlement within it can exceed it."""
    exact = _EXACT.multiply(_EXACT.multiply(amount, rate), _NANO)
    return NanoUnits(int(exact.to_integral_value(rounding="ROUND_CEILING", context=_EXACT)))


def money(nano: int) -> str:
    """Nano-units as a decimal string without exponent or trailing zeros: 540 -> "0.00000054"."""
    sign, digits = ("-" if nano < 0 else ""), str(abs(nano)).zfill(10)
    return f"{sign}{digits[:-9]}.{digits[-9:]}".rstrip("0").rstrip(".")
