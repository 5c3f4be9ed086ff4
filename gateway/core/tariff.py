"""Costs and worst cases at one price and exchange rate, from integers that were prepared once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from operator import mul
from typing import NewType

from gateway.core.usage import Usage

NanoUnits = NewType("NanoUnits", int)
"""Billionths of one unit of the ledger's currency (USD unless `fx.toml` says otherwise)."""


@dataclass(frozen=True, slots=True)
class Tariff:
    """Costs at one price and exchange rate, from integers that were prepared once. `steps`, the highest first: (above
    how many tokens of input, what one of each class of `Usage` costs), in parts of which `unit` make a billionth."""

    steps: tuple[tuple[int, tuple[int, ...]], ...]
    per_request: int
    unit: int
    searches_by_request: bool = False

    def charge(self, usage: Usage) -> NanoUnits:
        """Cost of one request, rounded half-even once."""
        if self.searches_by_request and usage.server_tool_calls > 1:
            usage = replace(usage, server_tool_calls=1)
        context = usage.context
        per_class = next(per_class for above, per_class in self.steps if context > above)
        whole, rest = divmod(sum(map(mul, usage.counts(), per_class)) + self.per_request, self.unit)
        return NanoUnits(whole + (2 * rest > self.unit or (2 * rest == self.unit and whole % 2)))


@dataclass(frozen=True, slots=True)
class Ceiling:
    """Worst cases at one price and exchange rate, from integers that were prepared once.

    Input may turn out to be a cache write or media, output reasoning or media, and a tier may be crossed or not: each
    side is priced at the dearest class of the dearest reachable tier. `steps`, the highest first: (above how many
    tokens of input, what a token costs on the input side, on the output side), in parts of which `unit` make a
    billionth.
    """

    steps: tuple[tuple[int, int, int], ...]
    per_request: int
    unit: int

    def hold(self, tokens_in: int, tokens_out: int) -> NanoUnits:
        """The most that a request can cost with no more tokens on either side: rounded up, so that no settlement within
        it can exceed it."""
        for above, per_in, per_out in self.steps:
            if tokens_in > above:
                return NanoUnits(-(-(per_in * tokens_in + per_out * tokens_out + self.per_request) // self.unit))
        raise ValueError("tokens cannot be negative")

    def output(self, context: int, tokens: int) -> NanoUnits:
        """The most that so many tokens can cost on the output side beside an input side of `context` tokens."""
        per_out = next(per_out for above, _, per_out in self.steps if context > above)
        return NanoUnits(-(-per_out * tokens // self.unit))
