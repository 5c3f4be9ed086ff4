"""Usage over HTTP: what a key has used, from the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from gateway.core.cost import money
from gateway.core.errors import InvalidRequest, Json
from gateway.core.principal import Principal
from gateway.core.selection import Selection
from gateway.stores.books.books import Ledger
from gateway.stores.ledger.ledger import GROUPS


def usage(ledger: Ledger, query: Mapping[str, str], caller: Principal, currency: str) -> dict[str, Json]:
    """`GET /v1/usage?by=day,model&since=2026-11-01&until=…`: sums over the caller's own receipts.

    `currency`: the ledger's as of now. That of the answer is the one of its receipts; null if each row names its own.
    """
    by = [name.strip() for name in query.get("by", "day").split(",") if name.strip()]
    if not by or any(name not in GROUPS for name in by):
        raise InvalidRequest("`by` must list groups to sum by.", field="by", known=list(GROUPS))
    within = Selection(_day(query, "since"), _day(query, "until"), {"key": caller.caller.id})
    found = [row.group[0] for row in ledger.usage(("currency",), within)]
    if len(found) > 1 and "currency" not in by:
        raise InvalidRequest("These days have costs in several currencies: add `currency` to `by`.", field="by")
    rows = ledger.usage(by, within)
    return {
        "by": by,
        "currency": (found or [currency])[0] if len(found) < 2 else None,
        "data": [
            {
                **dict(zip(by, row.group, strict=True)),
                "exchanges": row.exchanges,
                "sent": row.sent,
                "usage": dict(row.usage),
                "cost": money(row.cost),
            }
            for row in rows
        ],
    }


def _day(query: Mapping[str, str], name: str) -> date | None:
    stated = query.get(name)
    if not stated:
        return None
    try:
        return date.fromisoformat(stated)
    except ValueError:
        pass
    raise InvalidRequest(f"`{name}` must be a day such as 2026-11-24.", field=name)
