"""Receipts: a list with filters, page by page below an id, and one receipt in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gateway.core.errors import Json, NotFound
from gateway.reports.questions import count_in, known_members, members_for, selection_in
from gateway.reports.sight import Sight
from gateway.stores.books.books import Ledger
from gateway.stores.ledger.ledger import LISTED
from gateway.views.receipts import ReceiptNames, receipt_line, receipt_view

PAGE: Final = 50
_MOST: Final = 200
MEMBERS: Final[tuple[str, ...]] = (*members_for(LISTED), "since", "until", "before", "limit")


def receipts(ledger: Ledger, query: Mapping[str, str], sight: Sight, names: ReceiptNames) -> dict[str, Json]:
    """The newest receipts first. `next`: the value of `before` for the page that follows; None on the last page."""
    members = known_members(query, MEMBERS)
    limit = count_in(members, "limit", PAGE, _MOST)
    rows = ledger.newest(limit + 1, sight.limit(selection_in(members, LISTED)), members.get("before", ""))
    shown = rows[:limit]
    return {
        "filters": {name: members[name] for name in MEMBERS if name in members},
        "data": [receipt_line(row, names) for row in shown],
        "next": str(shown[-1]["id"]) if len(rows) > limit else None,
    }


def record(ledger: Ledger, receipt_id: str, sight: Sight) -> dict[str, Json]:
    """The receipt itself. NotFound for an unknown id, and for one that may not be seen, alike."""
    row = ledger.receipt(receipt_id)
    if row is None or not sight.may_see(str(row.get("key", ""))):
        raise NotFound("Unknown receipt id, or one that you may not see.")
    return row


def receipt(ledger: Ledger, receipt_id: str, sight: Sight, names: ReceiptNames) -> dict[str, Json]:
    """One receipt in words. NotFound as `record`."""
    return receipt_view(record(ledger, receipt_id, sight), names)
