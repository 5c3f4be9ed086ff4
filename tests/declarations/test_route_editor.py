"""Edits of routes in a provider's document."""

from __future__ import annotations

import tomllib
from datetime import date
from decimal import Decimal

import pytest

from gateway.core.cost import Rates, Tier
from gateway.core.offers import Figure
from gateway.declarations.editor import CannotEdit
from gateway.declarations.route_editor import RouteEdit, with_routes

DOCUMENT = """\
# the record
id = "alpha"

[[routes]]
model = "a"
upstream_model = "lab/a"  # as they call it
context = 5  # by the lab
[routes.price]
currency = "USD"
input = 1
output = 2  # two
source = "x"
read_on = 2026-11-01

# about b
[[routes]]
model = "b"
variant = "fast"
upstream_model = "lab/b"
price = { currency = "USD", input = 1, output = 2, source = "x", read_on = 2026-11-01 }
"""


def edited(*edits: RouteEdit) -> str:
    return with_routes(DOCUMENT.encode(), edits).decode()


def test_values_change_in_their_lines_and_everything_else_stays() -> None:
    figures: dict[str, Figure] = {"price.output": Decimal("2.50"), "context": 9}
    text = edited(RouteEdit("a", "", figures, source="y", read_on=date(2026, 11, 20)))
    expected = (
        DOCUMENT.replace("output = 2  # two", "output = 2.5  # two")
        .replace("context = 5  # by", "context = 9  # by")
        .replace('source = "x"\nread_on = 2026-11-01\n', 'source = "y"\nread_on = 2026-11-20\n', 1)
    )
    assert text == expected


def test_new_values_stand_beside_their_kind_with_their_origin() -> None:
    tiers = (Tier(1000, Rates(input=Decimal(3), output=Decimal("4.5"))),)
    figures: dict[str, Figure] = {
        "price.cache_read": Decimal("0.1"),
        "price.tiers": tiers,
        "retires_on": date(2026, 12, 1),
    }
    text = edited(RouteEdit("a", "", figures, comment="litellm 1"))
    assert 'upstream_model = "lab/a"  # as they call it\nretires_on = 2026-12-01  # litellm 1\ncontext' in text
    lines = "output = 2  # two\ncache_read = 0.1\ntiers = [{ above = 1000, input = 3, output = 4.5 }]\nsource"
    assert lines in text
    assert len(text.splitlines()) == len(DOCUMENT.splitlines()) + 3


def test_a_variant_and_an_inline_price_are_edited_too() -> None:
    text = edited(RouteEdit("b", "fast", {"price.cache_read": Decimal("0.5"), "successor": 'a "quoted" name'}))
    (_, route) = tomllib.loads(text)["routes"]
    assert route["price"]["cache_read"] == 0.5
    assert route["successor"] == 'a "quoted" name'


@pytest.mark.parametrize("amount", ["0.000000000000000001", "10", "1000"])
def test_amounts_are_written_without_an_exponent(amount: str) -> None:
    assert f"input = {amount}\n" in edited(RouteEdit("a", "", {"price.input": Decimal(amount)}))


@pytest.mark.parametrize(
    ("edit", "what"),
    [
        (RouteEdit("b", "", {"context": 1}), "has no route for b"),
        (RouteEdit("c", "x", {"context": 1}), "has no route for c@x"),
        (RouteEdit("a", "", {"context": None}), "keeps every value"),
    ],
)
def test_what_is_not_there_cannot_be_edited(edit: RouteEdit, what: str) -> None:
    with pytest.raises(CannotEdit, match=what):
        edited(edit)


def test_an_unpriced_route_gets_no_price() -> None:
    document = '[[routes]]\nmodel = "a"\n'
    with pytest.raises(CannotEdit, match="a person states the currency"):
        with_routes(document.encode(), [RouteEdit("a", "", {"price.input": Decimal(1)})])


def test_anything_but_toml_is_refused() -> None:
    with pytest.raises(CannotEdit):
        with_routes(b"[[", [])
