from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from gateway.core.catalog import Billing
from gateway.core.cost import Price, Rates, Term, Tier
from gateway.declarations.prices import UNPRICED, in_force, read_price
from tests.builders import a_price
from tests.declarations.papers import page, told

HEAD = 'currency = "EUR"\nsource = "list"\nread_on = 2026-11-23\n'


def price(text: str, pinned: date | None = None) -> tuple[Price, list[str]]:
    paper = page(f"[price]\n{text}")
    found = read_price(paper.root.table("price"), pinned)
    paper.close()
    return found, told(paper)


def test_a_price_is_exact_and_keeps_what_is_not_stated_unstated() -> None:
    found, faults = price(HEAD + "input = 0.1\noutput = 0\nper_request = 0.005\nfree = true")
    expected = Price(
        "EUR",
        Rates(input=Decimal("0.1"), output=Decimal(0)),
        per_request=Decimal("0.005"),
        free=True,
        source="list",
        read_on=date(2026, 11, 23),
    )
    assert (found, faults) == (expected, [])


def test_tiers_state_what_changes() -> None:
    found, _ = price(HEAD + "tiers = [ { above = 272000, input = 5.0, cache_read = 0.5 } ]")
    assert found.tiers == (Tier(272_000, Rates(input=Decimal("5.0"), cache_read=Decimal("0.5"))),)


def test_a_term_is_a_factor_or_rates_of_its_own() -> None:
    found, faults = price(HEAD + "terms.flex.times = 0.5\nterms.priority = { input = 3, output = 5 }")
    rates = Rates(input=Decimal(3), output=Decimal(5))
    assert (found.terms, faults) == ((Term("flex", Decimal("0.5")), Term("priority", rates=rates)), [])


@pytest.mark.parametrize(
    "line", ["terms.dear.times = 2", "terms.flex.note = 1", "terms.flex = { times = 2, input = 3 }"]
)
def test_a_term_is_known_and_says_one_thing(line: str) -> None:
    assert len(price(HEAD + line)[1]) >= 1


def test_a_route_without_terms_has_those_of_its_record() -> None:
    billing = Billing(per_tool_call=Decimal("0.01"), terms=(Term("flex", Decimal("0.5")), Term("us", Decimal("1.1"))))
    own = a_price(terms=(Term("us", Decimal(2)),))
    found = in_force(own, billing)
    assert (found.per_tool_call, found.terms) == (Decimal("0.01"), (*own.terms, billing.terms[0]))
    assert in_force(a_price(per_tool_call=Decimal(0)), billing).per_tool_call == 0
    assert in_force(a_price("EUR"), billing).per_tool_call is None, "the record states US dollars"
    assert in_force(UNPRICED, billing) is UNPRICED


def test_no_table_is_no_price() -> None:
    assert read_price(None, None) is UNPRICED
    assert not UNPRICED.is_priced


def test_a_suspect_conversion_is_said_in_the_note() -> None:
    found, _ = price(HEAD + 'note = "Listed."\nfx_suspect = true')
    assert found.note == "Listed. The source may have converted this from another currency at an unknown rate."


def test_the_bundled_prices_were_read_today() -> None:
    found, faults = price('currency = "USD"\nsource = "s"', date(2026, 11, 24))
    assert (found.read_on, faults) == (date(2026, 11, 24), [])


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            HEAD.replace("EUR", "Euro"),
            'currency: "Euro" is not a currency; write the three capital letters, such as EUR',
        ),
        (HEAD + "input = -1", "input: -1 is not an amount of at least 0; write a plain number: input = 0.54"),
        (HEAD + "inputs = 1", "inputs: is not a key here; use one of audio_in, audio_out, cache_read"),
        (HEAD + "tiers = [ { input = 1 } ]", "tiers[#1].above: is missing; add above = 200000"),
        ('currency = "EUR"\nsource = "s"', "read_on: is missing; add read_on = 2026-11-23"),
        ('source = "s"\nread_on = 2026-11-23', 'currency: is missing; add currency = "USD"'),
    ],
)
def test_a_faulty_price_is_reported(text: str, fault: str) -> None:
    _, faults = price(text)
    assert len(faults) == 1
    assert faults[0].startswith(f"paper.toml: price.{fault}")
