"""Response headers of a reply: receipt, route, region, losses, output limit, budgets and cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gateway.core.cost import money
from gateway.core.errors import Json
from gateway.core.receipt import Receipt
from gateway.exchange import record
from gateway.exchange.attempt import Attempt
from gateway.exchange.attempts_report import attempts_report
from gateway.exchange.soft_budgets import budget_header


def reply_headers(facts: record.ExchangeRecord, attempts: Sequence[Attempt], answer: Attempt) -> dict[str, str]:
    """The headers of a reply. The cost is added where the reply begins after it is known."""
    headers = {
        "x-safeconduct-receipt": str(facts.id),
        "x-safeconduct-route": str(answer.route.id),
        "x-safeconduct-region": facts.region(answer),
    } | attempts_header(facts, attempts)
    if lost := answer.lost():
        headers["x-safeconduct-dropped"] = ", ".join(dict.fromkeys(lost))
    if answer.output_limit is not None:
        headers["x-safeconduct-output-limit"] = str(answer.output_limit)
    return headers | budget_header(answer.beyond)


def attempts_header(facts: record.ExchangeRecord, attempts: Sequence[Attempt]) -> dict[str, str]:
    """The header that lists every attempt in order. Nothing without one."""
    if not attempts:
        return {}
    return {"x-safeconduct-attempts": ", ".join(map(_as_item, attempts_report(facts, attempts)))}


def _as_item(report: Mapping[str, Json]) -> str:
    """One attempt as an item of the header, with what is known of it as parameters."""
    parts = [f"{report['route']};region={report['region']}"]
    if report["observed"]:
        parts.append(f'observed="{report["observed"]}"')
    parts += [f"{name}={report[name]}" for name in ("status", "fault") if report[name]]
    if not report["left"]:
        parts.append("left=no")
    return ";".join(parts)


def cost_header(receipt: Receipt) -> dict[str, str]:
    """The header with the cost of the exchange, in the ledger's currency."""
    return {"x-safeconduct-cost": f"{money(receipt.cost)} {receipt.currency}"}
