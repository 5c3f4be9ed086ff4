"""Edits of routes in a provider's document, with their comments and their order kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final, cast

import tomlkit
from tomlkit.items import AbstractTable, InlineTable

from gateway.core.cost import Tier
from gateway.core.offers import PRICE, RATES, Figure
from gateway.declarations.editor import CannotEdit, dumped, parsed_document

_PRICE: Final = "price"
_AFTER: Final = ("upstream_model", "model")
"""A new key of a route stands below the first of these that is there."""
_ORDER: Final = ("currency", *RATES, "tiers")
"""A new key of a price stands below the nearest of those before it."""


@dataclass(frozen=True, slots=True)
class RouteEdit:
    """New values of one route, by the names of `offers.FIELDS`.

    `comment`: the origin of values outside the price. `source` and `read_on`: the price's new evidence; empty and None
    to keep the evidence that is there.
    """

    model: str
    variant: str
    figures: Mapping[str, Figure]
    comment: str = ""
    source: str = ""
    read_on: date | None = None


def with_routes(content: bytes, edits: Iterable[RouteEdit]) -> bytes:
    """The record's document with the edits. CannotEdit, or the new bytes."""
    document = parsed_document(content)
    routes = {
        (str(r.get("model", "")), str(r.get("variant", ""))): r for r in cast("list[Any]", document.get("routes", []))
    }
    for edit in edits:
        route = routes.get((edit.model, edit.variant))
        if route is None:
            raise CannotEdit(f"has no route for {edit.model}" + (f"@{edit.variant}" if edit.variant else ""))
        _edit(route, edit)
    return dumped(document, content)


def _edit(route: Any, edit: RouteEdit) -> None:
    for name, figure in edit.figures.items():
        if name.startswith(PRICE):
            _put(_price(route, edit), name.removeprefix(PRICE), _toml(figure), _ORDER)
        else:
            _put(route, name, _toml(figure), _AFTER, edit.comment)
    if edit.source:
        _price(route, edit)["source"] = edit.source
    if edit.read_on is not None:
        _price(route, edit)["read_on"] = edit.read_on


def _price(route: Any, edit: RouteEdit) -> Any:
    price = route.get(_PRICE)
    if not isinstance(price, AbstractTable | InlineTable):
        raise CannotEdit(f"states no price for {edit.model}: a person states the currency first")
    return price


def _put(table: Any, key: str, value: str, order: tuple[str, ...], comment: str = "") -> None:
    """Replace the value, or write a line of its own below the nearest key that comes before."""
    if key in table:
        before = table[key].trivia.comment
        table[key] = tomlkit.value(value)
        if comment and not before:
            table[key].comment(comment)
            table[key].trivia.comment_ws = "  "
        return
    earlier = order[: order.index(key)][::-1] if key in order else order
    neighbour = next((name for name in earlier if name in table), None)
    if neighbour is None or isinstance(table, InlineTable):
        table[key] = tomlkit.value(value)
        return
    remark = f"  # {comment}" if comment else ""
    trivia = table[neighbour].trivia
    trivia.trail = f"{trivia.trail or chr(10)}{trivia.indent}{key} = {value}{remark}\n"


def _toml(figure: Figure) -> str:
    """The value as TOML. A figure is never removed: a feed that says nothing changes nothing."""
    if isinstance(figure, Decimal):
        return format(figure.normalize(), "f")
    if isinstance(figure, tuple):
        return f"[{', '.join(map(_tier, figure))}]"
    if isinstance(figure, date):
        return figure.isoformat()
    if isinstance(figure, str):
        return tomlkit.string(figure).as_string()
    if figure is None:
        raise CannotEdit("keeps every value that a feed does not state")
    return str(figure)


def _tier(tier: Tier) -> str:
    rates = (f", {name} = {_toml(rate)}" for name in RATES if (rate := getattr(tier.rates, name)) is not None)
    return f"{{ above = {tier.above}{''.join(rates)} }}"
