"""Response headers of a reply: receipt, route, region, losses, output limit, budgets and cost."""

from __future__ import annotations

from gateway.core.cost import money
from gateway.core.receipt import Receipt
from gateway.exchange import record
from gateway.exchange.attempt import Attempt
from gateway.exchange.soft_budgets import budget_header


def reply_headers(facts: record.ExchangeRecord, answer: Attempt) -> dict[str, str]:
    """The headers of a reply. The cost is added where the reply begins after it is known."""
    headers = {
        "x-safeconduct-receipt": str(facts.id),
        "x-safeconduct-route": str(answer.route.id),
        "x-safeconduct-region": facts.region(answer),
    }
    if lost := answer.lost():
        headers["x-safeconduct-dropped"] = ", ".join(dict.fromkeys(lost))
    if answer.output_limit is not None:
        headers["x-safeconduct-output-limit"] = str(answer.output_limit)
    return headers | budget_header(answer.beyond)


def cost_header(receipt: Receipt) -> dict[str, str]:
    """The header with the cost of the exchange, in the ledger's currency."""
    return {"x-safeconduct-cost": f"{money(receipt.cost)} {receipt.currency}"}
