"""`[[routes]]` of a provider record: one model there, what the route can do and what it costs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from gateway.core.catalog import Abilities, Model, Provider, Route, RouteId, Status
from gateway.core.cost import Price
from gateway.core.operation import CHAT, COMPLETIONS
from gateway.declarations.names import read_model_name
from gateway.declarations.prices import in_force, read_price
from gateway.declarations.reader import Table
from gateway.dialects.registry import REGISTRY

_CLIENT_DIALECTS: Final = {word: word for word in (*REGISTRY.offering(CHAT), *REGISTRY.offering(COMPLETIONS))}
"""The dialects in which clients ask chat models: a request may travel untranslated in them."""
_WIRES: Final = {word: word for word in REGISTRY.answering(CHAT)}
_STATUSES: Final = {status.value: status for status in Status}
_MEDIA: Final = {word: word for word in ("text", "image", "audio", "video", "pdf", "embedding")}


@dataclass(frozen=True, slots=True)
class DraftRoute:
    """A route whose model is still a name. `table` is where its document states it."""

    table: Table
    model: str
    variant: str
    upstream_model: str
    price: Price
    abilities: Abilities
    quantization: str
    status: Status
    region_note: str
    note: str
    weight: int
    also: tuple[str, ...] | None
    dialect: str
    retires_on: date | None
    successor: str
    upstream_assumed: bool
    tokens_per_s: float | None

    def id_at(self, provider: Provider) -> RouteId:
        return RouteId(f"{provider.id}/{self.model}" + (f"@{self.variant}" if self.variant else ""))

    def at(self, provider: Provider, model: Model) -> Route:
        """The route itself: its own abilities over the model's."""
        return Route(
            id=self.id_at(provider),
            provider=provider,
            model=model,
            upstream_model=self.upstream_model,
            price=in_force(self.price, provider.billing),
            abilities=self.abilities.over(model.abilities),
            variant=self.variant,
            quantization=self.quantization,
            status=self.status,
            region_note=self.region_note,
            note=self.note,
            weight=self.weight,
            also=self.also,
            dialect=self.dialect,
            retires_on=self.retires_on,
            successor=self.successor,
            upstream_assumed=self.upstream_assumed,
            tokens_per_s=self.tokens_per_s,
        )


def read_route(table: Table, pinned: date | None) -> DraftRoute:
    """`pinned` as in `facts.Evidence`."""
    table.require(model='model = "an id of config/models"', upstream_model='upstream_model = "the provider\'s name"')
    weight = table.whole("weight", 1)
    return DraftRoute(
        table=table,
        model=table.text("model"),
        variant=read_model_name(table, "variant"),
        upstream_model=table.text("upstream_model"),
        price=read_price(table.table("price"), pinned),
        abilities=read_abilities(table),
        quantization=table.text("quantization"),
        status=table.choice("status", _STATUSES) or Status.LISTED,
        region_note=table.text("region_note"),
        note=table.text("note"),
        weight=1 if weight is None else weight,
        also=read_also(table),
        dialect=table.choice("dialect", _WIRES) or "",
        retires_on=table.day("retires_on"),
        successor=table.text("successor"),
        upstream_assumed=table.flag("upstream_assumed") or False,
        tokens_per_s=None if (fastest := table.amount("tokens_per_s")) is None else float(fastest),
    )


def read_also(table: Table) -> tuple[str, ...] | None:
    """The dialects spoken beside the connection's own; None where nothing is said of them."""
    if (spoken := table.chosen("also_speaks", _CLIENT_DIALECTS)) is None:
        return None
    return tuple(word for word in _CLIENT_DIALECTS if word in spoken)


def read_abilities(table: Table) -> Abilities:
    """The abilities of a route or a model; None where unstated."""
    context, max_output = table.whole("context", 1), table.whole("max_output", 1)
    if context is not None and max_output is not None and max_output > context:
        table.fault("max_output", f"{max_output} is more than the context of {context}", "lower it to the context")
    return Abilities(
        tools=table.flag("tools"),
        structured_output=table.flag("structured_output"),
        reasoning=table.flag("reasoning"),
        inputs=table.chosen("inputs", _MEDIA),
        outputs=table.chosen("outputs", _MEDIA),
        context=context,
        max_output=max_output,
    )
