"""Opens the rates that the settings name. On failure: as `rates` and `redis_rates` say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from gateway.stores.clock import Clock
from gateway.stores.journal.journal import Journal
from gateway.stores.journal.reading import process_name
from gateway.stores.rates.rates import LocalRates, RateLimits


@dataclass(frozen=True, slots=True)
class Lease:
    """For how long what this process has under way counts at most, in seconds; longer than any exchange lasts.
    `journal`: knows who this process is, also after it died and was started again."""

    seconds: int
    journal: Journal


@contextmanager
def open_rates(
    url: str, books: str, clock: Clock, lease: Lease, tell: Callable[[str, int], None]
) -> Iterator[RateLimits]:
    """Rate limits of this process alone if `url` is empty, otherwise of all who share that Redis and `books`.

    `tell`: why they are not shared; or, with an empty reason, that they are
    again, and how many were admitted meanwhile. StoreRefused for an address of no known form.
    """
    if not url:
        yield LocalRates(clock)
        return
    from gateway.stores.rates.redis_calls import RedisCalls  # a third of a second that one process can do without
    from gateway.stores.rates.redis_rates import RateHolder, RedisRates
    from gateway.stores.redis.key_space import KeySpace

    keys, holder = KeySpace(books), RateHolder(lease.journal.write_now(process_name), lease.seconds)
    rates = RedisRates(RedisCalls.open(url, keys("state")), keys, clock, holder, tell)
    try:
        yield rates
    finally:
        rates.close()
