"""Health: providers with a credential over all workers, the attempts of the last hour, and records that end soon."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from gateway.core.errors import Json
from gateway.core.frozen import frozen
from gateway.core.notices import notices
from gateway.core.receipt import from_json
from gateway.core.selection import Selection
from gateway.core.snapshot import Snapshot
from gateway.reports.policies import PolicyCards
from gateway.reports.sight import Sight
from gateway.stores.books.books import Ledger
from gateway.views.notices import notice_view, notice_words
from gateway.views.provider_health import AttemptSums, WorkerOutages, attempt_sums, providers_view, sentence_on

RECEIPTS_MOST: Final = 2_000
"""Receipts that the figures of the last hour are made from, at most: the newest."""
_HOUR: Final = timedelta(hours=1)

OutageReader: TypeAlias = Callable[[], Awaitable["Sequence[WorkerOutages | None]"]]
"""The outages of every worker that runs; None for one that does not answer."""


@frozen
class SharedReports:
    """Shared by pages and API. `cards`: of the declared policies; `outages`: reads those of every worker."""

    cards: PolicyCards
    outages: OutageReader


@frozen
class LastHour:
    """Sums of the attempts by route. `complete`: they are of every receipt of the hour."""

    sums: Mapping[str, AttemptSums]
    complete: bool


def last_hour(ledger: Ledger, sight: Sight, now: datetime) -> LastHour:
    """The attempts of the last hour that the reader may see."""
    since = now - _HOUR
    rows = ledger.newest(RECEIPTS_MOST, sight.limit(Selection(since=since.date())))
    complete = len(rows) < RECEIPTS_MOST or datetime.fromisoformat(str(rows[-1]["began_at"])) < since
    return LastHour(attempt_sums(map(from_json, rows), since), complete)


def health_report(
    snapshot: Snapshot,
    credentials: Collection[str],
    workers: Sequence[WorkerOutages | None],
    hour: LastHour,
    now: datetime,
) -> dict[str, Json]:
    """The health of this moment, as page, API and command show it."""
    answered = [worker for worker in workers if worker is not None]
    rows = providers_view(credentials, snapshot, answered, hour.sums)
    return {
        "sentence": sentence_on([row for row in rows if isinstance(row, Mapping)]),
        "providers": rows,
        "workers": {"answered": len(answered), "of": len(workers)},
        "complete": hour.complete,
        "ending": ending_soon(snapshot, credentials, now),
    }


def ending_soon(snapshot: Snapshot, providers: Iterable[str], now: datetime) -> list[Json]:
    """Notices about the records in use, with words and a remedy."""
    rows: list[Json] = []
    for notice in notices(snapshot, frozenset(providers), now.date()):
        words, remedy = notice_words(notice)
        rows.append({**notice_view(notice), "words": words, "remedy": remedy})
    return rows
