from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from gateway.core.cost import Price, Rates, Tier
from gateway.declarations.prices import UNPRICED, read_price
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
