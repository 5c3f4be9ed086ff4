"""Health: providers with a credential, the stores of this process, and what ends soon."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from gateway.core.errors import Json
from gateway.core.notices import notices
from gateway.core.receipt import from_json
from gateway.core.selection import Selection
from gateway.core.snapshot import Snapshot
from gateway.reports.sight import Sight
from gateway.stores.books.books import Ledger
from gateway.views.notices import notice_view, notice_words
from gateway.views.provider_health import AttemptSums, attempt_sums

RECEIPTS_MOST: Final = 2_000
"""Receipts that the figures of the last hour are made from, at most: the newest."""
_HOUR: Final = timedelta(hours=1)


def last_hour(ledger: Ledger, sight: Sight, now: datetime) -> tuple[dict[str, AttemptSums], bool]:
    """Sums of the attempts by provider, and whether they are of every receipt of the hour."""
    since = now - _HOUR
    rows = ledger.newest(RECEIPTS_MOST, sight.limit(Selection(since=since.date())))
    complete = len(rows) < RECEIPTS_MOST or datetime.fromisoformat(str(rows[-1]["began_at"])) < since
    return attempt_sums(map(from_json, rows), since), complete


def ending_soon(snapshot: Snapshot, providers: Iterable[str], now: datetime) -> list[Json]:
    """Notices about the records in use, with words and a remedy."""
    rows: list[Json] = []
    for notice in notices(snapshot, frozenset(providers), now.date()):
        words, remedy = notice_words(notice)
        rows.append({**notice_view(notice), "words": words, "remedy": remedy})
    return rows
