"""Demand of a client without its words: the loggable half of a request."""

from __future__ import annotations

from decimal import Decimal
from enum import Enum
from typing import Final

from gateway.core.catalog import Feature, Route
from gateway.core.cost import ToolCalls
from gateway.core.frozen import SingletonHash, frozen
from gateway.core.operation import Operation
from gateway.core.policy import Policy
from gateway.core.terms import Terms, reachable


class Need(SingletonHash, Enum):
    """A capability that a route must have to carry the request."""

    TOOLS = "tools"
    VISION = "vision"
    AUDIO = "audio"
    DOCUMENTS = "documents"
    STRUCTURED_OUTPUT = "structured_output"
    STREAMING = "streaming"
    REASONING = "reasoning"


TRANSLATABLE: Final = frozenset({Feature.REMOTE_URLS, Feature.FILES, Feature.EXPLICIT_CACHE})
"""Features that may stand in a translated request too. Tools of a provider's own, what it would keep, and members that
no table lists never get into one: they are left out and named, or make the request unfit."""


FED_BY_PROVIDER: Final = frozenset({Feature.WEB_SEARCH, Feature.FILES, Feature.REMOTE_URLS, Feature.UNLISTED})
"""Features with which the provider adds input of its own while it answers: a report of the input is not its end."""


_TIER_NAMES: Final = frozenset({"service_tier", "serviceTier"})
_TRANSLATABLE_TIERS: Final = frozenset({"flex", "priority"})


@frozen
class Reliance:
    """A member that rests on what a provider keeps, so that the request is incomplete without it.

    `code`: the code of a refusal from which the client's SDK recovers by sending the whole history.
    """

    member: str
    code: str = "unsupported"


@frozen
class Carried:
    """Losses of a request in a dialect that is not the client's: names of members, never values.

    `unfit`: it cannot be carried, because of these. `dropped`: it can, but without these.
    """

    dialect: str
    unfit: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()


@frozen
class Demand:
    """One request's facts. Names in it are declared names: what a client wrote freely is not here.

    `input_tokens`: an upper bound on the input side (a token is never shorter than a byte). `output_tokens`: the limit
    that the client stated, None if none. `choices`: how many completions (`n`). `candidates`: completions that
    the provider generates to choose from (`best_of`). `least_output`: tokens that each must have (`min_tokens`).
    `narrowing`: what the request itself asks for on top of every other layer.
    """

    dialect: str
    operation: Operation
    model: str
    streaming: bool
    input_tokens: int
    output_tokens: int | None = None
    choices: int = 1
    candidates: int = 1
    least_output: int = 0
    needs: frozenset[Need] = frozenset()
    features: frozenset[Feature] = frozenset()
    unlisted: tuple[str, ...] = ()
    """Names of unlisted members, cut to declared ones where the names themselves are the client's."""
    pinned: str | None = None
    """The provider, or the whole route id, that the model was pinned to."""
    data_class: str | None = None
    narrowing: tuple[Policy, ...] = ()
    alias: str = ""
    """The entry of `config/models/aliases.toml` that the name of the model led to; empty if none did."""
    rests_on: tuple[Reliance, ...] = ()
    """Members without which the request is incomplete: no translation leaves them out."""
    tools: ToolCalls = ()
    """The hosted tools that the provider may run and charges by the call."""
    terms: Terms = ()
    """The service tier and the place that the client asks for, where they are not the standard ones."""
    carried: tuple[Carried, ...] = ()
    """For each other dialect in which this process could reach a route of the model."""

    def features_in(self, dialect: str) -> frozenset[Feature]:
        """The features that the request still uses when it is asked in `dialect`: few survive a translation."""
        return self.features if dialect == self.dialect else self.features & TRANSLATABLE

    def terms_in(self, dialect: str) -> Terms:
        """The terms that the request still has when it is asked in `dialect`: a translation carries tiers at most."""
        if not self.terms or dialect == self.dialect:
            return self.terms
        if not _TIER_NAMES.isdisjoint(self.carried_in(dialect).dropped):
            return ()
        return tuple([term for term in self.terms if term in _TRANSLATABLE_TIERS])

    def carried_in(self, dialect: str) -> Carried:
        """Nothing is lost where nothing is said."""
        return next((c for c in self.carried if c.dialect == dialect), Carried(dialect))

    def tools_in(self, dialect: str) -> ToolCalls:
        """The hosted tools that the request still allows when it is asked in `dialect`: no translation carries them."""
        return self.tools if dialect == self.dialect else ()

    @property
    def writes_long(self) -> bool:
        """Something may be written to a cache for an hour and more."""
        return Feature.EXPLICIT_CACHE in self.features

    def output_limit(self, route: Route, default: int) -> int:
        """The output bound of one attempt on `route`, in tokens per choice."""
        known = route.model.default_max_output or default
        limit = self.output_tokens if self.output_tokens is not None else known
        return min(limit, route.abilities.max_output or limit)

    def hold(self, route: Route, rate: Decimal, default: int) -> int:
        """Nano-units that one attempt on a priced `route` costs at most. `rate` as in `Fx.rate`."""
        most = self.at_most(route, default)
        prices = reachable(route.price, self.terms) if self.terms else (route.price,)
        cost = max([price.ceiling(rate, long_writes=self.writes_long).hold(*most) for price in prices])
        return cost + route.price.tool_fees(rate, self.tools) if self.tools else cost

    def at_most(self, route: Route, default: int) -> tuple[int, int]:
        """(tokens in, tokens out) that one attempt on `route` can use: every candidate up to its limit."""
        if not self.operation.charged:
            return 0, 0  # no provider charges for counting
        longest = max(self.output_limit(route, default), self.least_output)
        return self.input_tokens, longest * max(self.choices, self.candidates)
