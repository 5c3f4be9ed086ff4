from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from gateway.core.cost import Fx
from gateway.declarations.fx import read_fx
from tests.declarations.papers import page, told

HEAD = 'ledger = "USD"\ndated = 2026-11-23\nsource = "ECB"\n[rates]\n'


def test_rates_are_exact_and_dated() -> None:
    paper = page(HEAD + "EUR = 1.16\nUSD = 1")
    assert read_fx(paper) == Fx("USD", {"EUR": Decimal("1.16"), "USD": Decimal(1)}, date(2026, 11, 23), "ECB")
    assert told(paper) == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (HEAD + "euro = 1.16", "rates.euro: is not a currency; write its three capital letters, such as EUR"),
        (HEAD + "EUR = 0", "rates.EUR: a rate of 0 would make everything free; write what one EUR is worth in USD"),
        (HEAD + "USD = 1.1", "rates.USD: the ledger's own currency is worth 1 of itself; remove it"),
        (HEAD + "EUR = -1", "rates.EUR: -1 is not an amount of at least 0; write a plain number: EUR = 0.54"),
        (
            HEAD.replace("USD", "Dollar"),
            'ledger: "Dollar" is not a currency; write the three capital letters, such as EUR',
        ),
        (HEAD.replace("dated = 2026-11-23\n", ""), "dated: is missing; add dated = 2026-11-23"),
    ],
)
def test_a_faulty_rate_is_reported(text: str, fault: str) -> None:
    paper = page(text)
    read_fx(paper)
    paper.close()
    assert told(paper) == [f"paper.toml: {fault}"]
