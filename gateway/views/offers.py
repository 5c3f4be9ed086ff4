"""Models as model pickers read them: price, context and abilities in OpenRouter's members, and how content is treated.

Source of the members: https://openrouter.ai/docs/api-reference/list-available-models, read on 2026-12-01.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Final

from gateway.core.catalog import Abilities, Model, Route
from gateway.core.cost import Price
from gateway.core.errors import Json
from gateway.core.evaluation import treatment
from gateway.core.frozen import frozen
from gateway.core.posture import Posture, word
from gateway.core.snapshot import Snapshot
from gateway.core.treatment import facts_in_force

_MILLION: Final = Decimal(1_000_000)
_PRICED: Final = {"prompt": "input", "completion": "output"}
_PRICED_APART: Final = {
    "input_cache_read": "cache_read",
    "input_cache_write": "cache_write",
    "internal_reasoning": "reasoning",
    "audio": "audio_in",
}
"""OpenRouter's name -> the rate. A rate without a statement has no member: the rate of its side applies."""
_SHOWN: Final = ("processed_in", "retention_days", "training")
_MODALITIES: Final = {"pdf": "file"}


@frozen
class ModelOffer:
    """A model under one of its names, with the routes that may serve that name for the caller; none for a model that
    the caller cannot use now."""

    name: str
    model: Model
    routes: tuple[Route, ...]

    @property
    def label(self) -> str:
        """The name for people, with the provider where the name is pinned to one."""
        if self.name == self.model.id or not self.routes:
            return self.model.name
        return f"{self.model.name} ({self.routes[0].provider.name})"


def offer_terms(offer: ModelOffer, snapshot: Snapshot, today: date) -> dict[str, Json]:
    """The members beside those of the SDK. Price, context and output limit are those of the cheapest priced route."""
    cheapest = _cheapest(offer.routes, snapshot)
    able = cheapest.abilities if cheapest is not None else offer.model.abilities
    return {
        "context_length": able.context,
        "architecture": _architecture(able),
        "pricing": None if cheapest is None else _pricing(cheapest.price, snapshot),
        "top_provider": {"context_length": able.context, "max_completion_tokens": able.max_output},
        "supported_parameters": _parameters(able),
        "safeconduct": _treatment(offer.routes, snapshot, today),
    }


def _cheapest(routes: Iterable[Route], snapshot: Snapshot) -> Route | None:
    """By a thousand tokens in and a thousand out; the first of the unpriced where no route is priced."""

    def rank(route: Route) -> tuple[bool, Decimal]:
        rates = route.price.rates
        both = (rates.input or Decimal(0)) + (rates.output or Decimal(0))
        usd = snapshot.fx.in_usd(both, route.price.currency) if route.price.is_priced else None
        return usd is None, usd or Decimal(0)

    return min(routes, key=rank, default=None)


def _pricing(price: Price, snapshot: Snapshot) -> dict[str, Json] | None:
    """USD per token and per request, as decimal strings. None for an unpriced route, and without an exchange rate."""
    if not price.is_priced or snapshot.fx.in_usd(Decimal(1), price.currency) is None:
        return None

    def usd(amount: Decimal) -> str:
        return _plain(snapshot.fx.in_usd(amount, price.currency) or Decimal(0))

    sides = {name: getattr(price.rates, rate) or Decimal(0) for name, rate in _PRICED.items()}
    apart = {name: rate for name, cost in _PRICED_APART.items() if (rate := getattr(price.rates, cost)) is not None}
    per_token: dict[str, Json] = {name: usd(rate / _MILLION) for name, rate in (sides | apart).items()}
    return per_token | {"request": usd(price.per_request)}


def _plain(amount: Decimal) -> str:
    """At most fifteen decimals, without exponent or trailing zeros."""
    text = f"{amount:.15f}"
    return text.rstrip("0").rstrip(".")


def _architecture(able: Abilities) -> dict[str, Json]:
    inputs, outputs = _modalities(able.inputs), _modalities(able.outputs)
    return {
        "modality": f"{'+'.join(inputs)}->{'+'.join(outputs)}" if inputs and outputs else None,
        "input_modalities": [*inputs],
        "output_modalities": [*outputs],
    }


def _modalities(kinds: frozenset[str] | None) -> list[str]:
    """Text first, as OpenRouter writes them; none where nothing is stated."""
    return sorted((_MODALITIES.get(kind, kind) for kind in kinds or ()), key=lambda kind: (kind != "text", kind))


def _parameters(able: Abilities) -> list[Json]:
    named = {
        "tools": able.tools,
        "tool_choice": able.tools,
        "structured_outputs": able.structured_output,
        "reasoning": able.reasoning,
    }
    return [name for name, supported in named.items() if supported]


def _treatment(routes: Iterable[Route], snapshot: Snapshot, today: date) -> dict[str, Json]:
    """The treatment of content at the worst of these routes, since any of them may serve. `oldest_fact`: the earliest
    day from which one of the three facts ages; None where one of them has no day."""
    listed = tuple(routes)
    joined: Posture | None = None
    for route in listed:
        posture = treatment(route, frozenset(), snapshot, today)
        joined = posture if joined is None else joined.join(posture)
    days = [day for route in listed for day in _days(route, snapshot, today)]
    ends = [last for route in listed if (last := route.last_day) is not None]
    oldest = None if None in days else min((day for day in days if day is not None), default=None)
    return {
        "routes": [str(route.id) for route in listed],
        **{name: None if joined is None else word(getattr(joined, name)) for name in _SHOWN},
        "zero_data_retention": joined is not None and joined.retention_days == 0,
        "oldest_fact": oldest.isoformat() if oldest else None,
        "retires_on": max(ends).isoformat() if ends and len(ends) == len(listed) else None,
    }


def _days(route: Route, snapshot: Snapshot, today: date) -> list[date | None]:
    grants = snapshot.grants.get(route.provider.id, ())
    sheets = facts_in_force(route.provider, route.model, frozenset(), grants, today)
    return [sheets[0][name].aged_from if name in sheets[0] else None for name in _SHOWN]
