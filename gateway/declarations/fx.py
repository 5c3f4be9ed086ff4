"""`fx.toml`: the ledger's currency, and what one unit of each other currency is worth in it."""

from __future__ import annotations

from decimal import Decimal

from gateway.core.cost import Fx
from gateway.declarations.prices import is_currency, read_currency
from gateway.declarations.reader import Page


def read_fx(page: Page) -> Fx:
    root = page.root
    root.require(
        ledger='ledger = "USD"', dated="dated = 2026-11-23", source='source = "ECB reference rates"', rates="[rates]"
    )
    ledger = read_currency(root, "ledger") or "USD"
    rates: dict[str, Decimal] = {}
    table = root.table("rates")
    for code in table.names() if table else ():
        rate = table.amount(code) if table else None
        if table is None or rate is None:
            continue
        if not is_currency(code):
            table.fault(code, "is not a currency", "write its three capital letters, such as EUR")
        elif code == ledger and rate != 1:
            table.fault(code, "the ledger's own currency is worth 1 of itself", "remove it")
        elif not rate:
            table.fault(code, "a rate of 0 would make everything free", f"write what one {code} is worth in {ledger}")
        else:
            rates[code] = rate
    return Fx(ledger, rates, root.past_day("dated"), root.text("source"))
