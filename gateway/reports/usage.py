"""Usage over HTTP: sums over the receipts that a reader may see, by any groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gateway.core.cost import money
from gateway.core.errors import InvalidRequest, Json
from gateway.core.selection import Selection
from gateway.reports.questions import day_in, words_in
from gateway.reports.sight import Sight
from gateway.stores.books.books import Ledger
from gateway.stores.ledger.ledger import GROUPS

_DEFAULT: Final = "day"


def usage(ledger: Ledger, query: Mapping[str, str], sight: Sight, currency: str) -> dict[str, Json]:
    """Sums by the groups in `by`, over the days from `since` to `until`.

    `currency`: the ledger's as of now. That of the answer is the one of its receipts; null if each row names its own.
    """
    by = [*words_in(query, "by", _DEFAULT, GROUPS)]
    within = sight.limit(Selection(day_in(query, "since"), day_in(query, "until")))
    currencies = [row.group[0] for row in ledger.usage(("currency",), within)]
    if len(currencies) > 1 and "currency" not in by:
        raise InvalidRequest("These days have costs in several currencies: add `currency` to `by`.", field="by")
    rows = ledger.usage(by, within)
    return {
        "by": [*by],
        "currency": (currencies or [currency])[0] if len(currencies) < 2 else None,
        "data": [
            {
                **dict(zip(by, row.group, strict=True)),
                "exchanges": row.exchanges,
                "sent": row.sent,
                "usage": dict(row.usage),
                "cost": money(row.cost),
                "held": money(row.unreported),
            }
            for row in rows
        ],
    }
