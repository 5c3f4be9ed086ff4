"""Which rates this process asks. Failure rule: of `rates` and of `redis_rates`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from gateway.stores.journal.journal import Journal
from gateway.stores.rates.rates import Clock, LocalRates, Rates


@dataclass(frozen=True, slots=True)
class Lease:
    """For how long what this process has under way counts at most, in seconds; longer than any exchange lasts.
    `journal`: knows who this process is, also after it died and was started again."""

    seconds: int
    journal: Journal


@contextmanager
def open_rates(url: str, books: str, clock: Clock, lease: Lease, tell: Callable[[str, int], None]) -> Iterator[Rates]:
    """Rates of this process alone if `url` is empty, otherwise of all who share that Redis and `books`.

    `tell`: why they are not shared; or, with an empty reason, that they are
    again, and how many were admitted meanwhile. CountersRefused for an address of no known form.
    """
    if not url:
        yield LocalRates(clock)
        return
    from gateway.stores.books.redis_member import Keys, recall
    from gateway.stores.rates.redis_rates import Holder, RedisRates
    from gateway.stores.redis.pipeline import Line  # a third of a second that one process can do without

    keys, holder = Keys(books), Holder(lease.journal.write_now(recall).member, lease.seconds)
    rates = RedisRates(Line(url, keys("state")), keys, clock, holder, tell)
    try:
        yield rates
    finally:
        rates.close()
