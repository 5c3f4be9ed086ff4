"""Exact prices and costs. Rounding happens once: half-even for what is charged, in `to_ledger`, up for what is held."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from functools import cached_property
from itertools import accumulate
from math import lcm
from typing import Final, TypeAlias

from gateway.core.tariff import Ceiling, Tariff
from gateway.core.tariff import NanoUnits as NanoUnits
from gateway.core.usage import (
    CALL_CLASSES,
    INPUT_CLASSES,
    OUTPUT_CLASSES,
    TOKEN_CLASSES,
    USAGE_CLASSES,
    Side,
    Usage,
    UsageClass,
)

ToolCalls: TypeAlias = tuple[tuple[str, int], ...]
"""Hosted tools that a request allows, by the class of usage that counts their calls, with the most calls of each."""

_EXACT: Final = Context(prec=60)
"""Wide enough that no sum of counts below 2^63 times prices with 18 decimals is ever rounded."""

_NANO: Final = Decimal(1_000_000_000)


@dataclass(frozen=True)
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
    cache_read_audio: Decimal | None = None

    def rate(self, usage_class: str) -> Decimal:
        """The rate of one class of tokens, as `USAGE_CLASSES` has it. Zero where neither the class nor its side has a
        rate; `Price.is_priced` guards that."""
        return self._by_class[usage_class]

    @cached_property
    def _by_class(self) -> Mapping[str, Decimal]:
        return {each.name: self._rate_of(each) for each in USAGE_CLASSES if each.side is not Side.CALLS}

    def _rate_of(self, usage_class: UsageClass) -> Decimal:
        rate: Decimal | None = getattr(self, usage_class.price)
        for name in usage_class.instead:
            rate = getattr(self, name) if rate is None else rate
        if rate is None:
            rate = _EXACT.multiply(getattr(self, usage_class.side.value) or _ZERO, Decimal(usage_class.times))
        return max(rate, *(getattr(self, name) or _ZERO for name in usage_class.at_least), _ZERO)


_ZERO: Final = Decimal(0)
_ONE: Final = Decimal(1)
_INPUT_SIDE: Final = frozenset(INPUT_CLASSES)
_LONG_WRITES: Final = frozenset(each.name for each in USAGE_CLASSES if each.is_cache_write and each.times > 1)


@dataclass(frozen=True, slots=True)
class Tier:
    """Rates that replace the standard ones once the input side exceeds `above` tokens. Unstated classes keep theirs."""

    above: int
    rates: Rates


@dataclass(frozen=True, slots=True)
class Term:
    """The price of one service tier or place: `times` the standard rates, or rates of its own over the standard ones.
    No long-context tier but its own applies to rates of its own."""

    name: str
    times: Decimal | None = None
    rates: Rates = Rates()
    tiers: tuple[Tier, ...] = ()


@dataclass(frozen=True)
class Price:
    """Price of a route. `free` only where a source calls it free; then zero rates are a price."""

    currency: str
    rates: Rates
    tiers: tuple[Tier, ...] = ()
    per_request: Decimal = Decimal(0)
    per_tool_call: Decimal | None = None
    """Fee of one search of the web that the provider makes; None: not stated."""
    searches_by_request: bool = False
    """One fee stands for all searches of the web of one request."""
    per_file_search: Decimal | None = None
    """Fee of one search in files that the provider keeps; None: not stated."""
    per_code_session: Decimal | None = None
    """Fee of one container in which the provider runs code; None: not stated."""
    terms: tuple[Term, ...] = ()
    free: bool = False
    source: str = ""
    read_on: date | None = None
    note: str = ""
    fx_suspect: bool = False
    """The source may have converted the price from another currency at an unknown rate."""

    @cached_property
    def is_priced(self) -> bool:
        """False if either side is not stated, or if all is zero without a source that calls it free.

        A model that generates no tokens (embeddings) states `output = 0`.
        """
        if self.rates.input is None or self.rates.output is None:
            return False
        return self.free or bool(self.rates.input or self.rates.output or self.per_request)

    def states(self, term: str) -> bool:
        """Whether the price of a service tier or place is known."""
        return self.free or term in self._by_term

    def under(self, served: tuple[str, ...], demanded: tuple[str, ...] = ()) -> Price:
        """The price under these terms. A term without a known price costs as `_ASSUMED` says; less than standard only
        where it was demanded."""
        price = self._under.get((served, demanded))
        if price is None:
            price = self
            for name in served:
                assumed = _ASSUMED.get(name, _ONE)
                unstated = Term(name, assumed if name in demanded else max(assumed, _ONE))
                price = _termed(price, self._by_term.get(name, unstated))
            self._under[served, demanded] = price
        return price

    def fee(self, tool: str) -> Decimal | None:
        """Fee of one call of a hosted tool, by the class that counts the calls; None: not stated."""
        return self._fees.get(tool)

    def tool_fees(self, rate: Decimal, tools: ToolCalls) -> NanoUnits:
        """Fees of so many calls, rounded up. `rate` as in `Fx.rate`."""
        costs = [Fraction(self.fee(tool) or 0) * self.charged_calls(tool, calls) for tool, calls in tools]
        exact = sum(costs, Fraction(0))
        fees = exact * Fraction(rate) * 10**9
        return NanoUnits(-(-fees.numerator // fees.denominator))

    def charged_calls(self, tool: str, calls: int) -> int:
        """The calls of a hosted tool that a request is charged for."""
        return min(calls, 1) if self.searches_by_request and tool == "server_tool_calls" else calls

    @cached_property
    def _fees(self) -> Mapping[str, Decimal | None]:
        return {each.name: getattr(self, each.price) for each in USAGE_CLASSES if each.side is Side.CALLS}

    @cached_property
    def _by_term(self) -> Mapping[str, Term]:
        return {term.name: term for term in self.terms}

    @cached_property
    def _under(self) -> dict[tuple[tuple[str, ...], tuple[str, ...]], Price]:
        return {}

    @cached_property
    def reference(self) -> str:
        """Source, day and currency of the price. The numbers are in the snapshot that a receipt names."""
        if not self.is_priced:
            return "unpriced"
        return " ".join(filter(None, (self.source or "catalogue", str(self.read_on or ""), self.currency)))

    @cached_property
    def steps(self) -> tuple[tuple[int, Rates], ...]:
        """(above how many tokens, the rates from there on), rising; the standard rates first."""
        rates = self.rates
        steps = {-1: rates}
        for tier in sorted(self.tiers, key=lambda tier: tier.above):
            rates = steps[tier.above] = _overlaid(rates, tier.rates)  # of several at one count, all apply
        return tuple(steps.items())

    def rates_at(self, context_tokens: int) -> Rates:
        """The rates for an input side of that many tokens."""
        return self.reachable_rates(context_tokens)[-1]

    def reachable_rates(self, context_tokens: int) -> list[Rates]:
        """Every set of rates that an input side of up to that many tokens can be charged at, rising."""
        return [rates for above, rates in self.steps if context_tokens > above]

    def ceiling(self, rate: Decimal, *, long_writes: bool = True) -> Ceiling:
        """Highest cost of anything. `rate` as in `Fx.rate`. `long_writes`: something may be written to a cache
        for an hour and more, which costs twice the input where nobody states its price."""
        ceiling = self._ceilings.get((rate, long_writes))
        if ceiling is None:
            sides = _INPUT_SIDE if long_writes else _INPUT_SIDE - _LONG_WRITES
            ceiling = self._ceilings[rate, long_writes] = _ceiling(self, rate, sides)
        return ceiling

    def tariff(self, rate: Decimal) -> Tariff:
        """Cost of usage in nano-units: `to_ledger(cost(usage, price), rate)`, worked out once per exchange rate."""
        tariff = self._tariffs.get(rate)
        if tariff is None:
            tariff = self._tariffs[rate] = _tariff(self, rate)
        return tariff

    @cached_property
    def _tariffs(self) -> dict[Decimal, Tariff]:
        return {}

    @cached_property
    def _ceilings(self) -> dict[tuple[Decimal, bool], Ceiling]:
        return {}


_ASSUMED: Final[Mapping[str, Decimal]] = {
    "flex": Decimal("0.5"),
    "batch": Decimal("0.5"),
    "priority": Decimal("2.5"),
    "fast": Decimal(6),
    "us": Decimal("1.1"),
    "eu": Decimal("1.1"),
}
"""Factors of terms that a price list does not state: those that OpenAI, Anthropic and Google publish, the dearest of
each. They are never relied on under a hard budget."""


def _termed(price: Price, term: Term) -> Price:
    if term.times is not None:
        tiers = tuple(Tier(tier.above, _multiplied(tier.rates, term.times)) for tier in price.tiers)
        return replace(price, rates=_multiplied(price.rates, term.times), tiers=tiers, terms=())
    return replace(price, rates=_overlaid(price.rates, term.rates), tiers=term.tiers, terms=())


def _multiplied(rates: Rates, times: Decimal) -> Rates:
    by_name = {name: getattr(rates, name) for name in Rates.__dataclass_fields__}
    return Rates(**{name: None if rate is None else _EXACT.multiply(rate, times) for name, rate in by_name.items()})


def _overlaid(under: Rates, over: Rates) -> Rates:
    return Rates(
        **{
            name: own if (own := getattr(over, name)) is not None else getattr(under, name)
            for name in Rates.__dataclass_fields__
        }
    )


def cost(usage: Usage, price: Price) -> Decimal:
    """Exact cost in the price's currency, of one request.

    Usage classes are disjoint: cached input tokens are not counted in `input` again.
    Additive below a tier, but for the fixed fee of a request.
    """
    rates, tokens = price.rates_at(usage.context), _ZERO
    for usage_class in TOKEN_CLASSES:
        if count := getattr(usage, usage_class):
            tokens = _EXACT.fma(rates.rate(usage_class), count, tokens)
    fees = price.per_request
    for tool in CALL_CLASSES:
        if calls := getattr(usage, tool):
            fees = _EXACT.fma(price.fee(tool) or _ZERO, price.charged_calls(tool, calls), fees)
    return _EXACT.add(_EXACT.scaleb(tokens, -6), fees)  # rates are per million


def _tariff(price: Price, rate: Decimal) -> Tariff:
    billionths = Fraction(rate) * 10**9
    per_token = billionths / 10**6
    per_request = Fraction(price.per_request) * billionths
    costs = [
        [
            Fraction(rates.rate(each.name)) * per_token
            if each.side is not Side.CALLS
            else Fraction(price.fee(each.name) or 0) * billionths
            for each in USAGE_CLASSES
        ]
        for _, rates in price.steps
    ]
    unit = lcm(per_request.denominator, *(each.denominator for per_class in costs for each in per_class))
    steps = [
        (above, tuple(int(each * unit) for each in per_class))
        for (above, _), per_class in zip(price.steps, costs, strict=True)
    ]
    return Tariff(tuple(reversed(steps)), int(per_request * unit), unit, price.searches_by_request)


def _ceiling(price: Price, rate: Decimal, input_side: frozenset[str]) -> Ceiling:
    per_token, per_request = Fraction(rate) * 1000, Fraction(rate) * Fraction(price.per_request) * 10**9
    dearest = accumulate((_highest(rates, input_side) for _, rates in price.steps), lambda a, b: tuple(map(max, a, b)))
    costs = [tuple(Fraction(side) * per_token for side in sides) for sides in dearest]
    unit = lcm(per_request.denominator, *(side.denominator for sides in costs for side in sides))
    steps = [
        (above, int(per_in * unit), int(per_out * unit))
        for (above, _), (per_in, per_out) in zip(price.steps, costs, strict=True)
    ]
    return Ceiling(tuple(reversed(steps)), int(per_request * unit), unit)


def _highest(rates: Rates, input_side: frozenset[str]) -> tuple[Decimal, ...]:
    """On the input side, and on the output side."""
    return max(map(rates.rate, input_side)), max(map(rates.rate, OUTPUT_CLASSES))


@dataclass(frozen=True, slots=True)
class Fx:
    """Exchange rates into the ledger's currency: units of the ledger's currency for one unit of another."""

    ledger: str
    rates: Mapping[str, Decimal]
    dated: date | None = None
    source: str = ""

    def rate(self, currency: str) -> Decimal | None:
        """None for a currency without a rate: whatever is priced in it is unpriced."""
        return _ONE if currency == self.ledger else self.rates.get(currency)

    def in_usd(self, amount: Decimal, currency: str) -> Decimal | None:
        """An amount in the currency that clients state price limits in; None without a rate for either."""
        if currency == "USD":
            return amount
        rate, usd = self.rate(currency), self.rate("USD")
        return None if rate is None or not usd else _EXACT.divide(_EXACT.multiply(amount, rate), usd)


def to_ledger(amount: Decimal, rate: Decimal) -> NanoUnits:
    """The one rounding: half-even to a billionth of the ledger's unit. `rate` as in `Fx.rate`."""
    exact = _EXACT.multiply(_EXACT.multiply(amount, rate), _NANO)
    return NanoUnits(int(exact.to_integral_value(rounding=ROUND_HALF_EVEN, context=_EXACT)))


def money(nano: int) -> str:
    """Nano-units as a decimal string without exponent or trailing zeros: 540 -> "0.00000054"."""
    sign, digits = ("-" if nano < 0 else ""), str(abs(nano)).zfill(10)
    return f"{sign}{digits[:-9]}.{digits[-9:]}".rstrip("0").rstrip(".")
