"""Which rates this process asks. Failure rule: of `rates` and of `redis_rates`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from gateway.stores.rates import Clock, LocalRates, Rates


@contextmanager
def open_rates(url: str, books: str, clock: Clock, lease_s: int, tell: Callable[[str, int], None]) -> Iterator[Rates]:
    """Rates of this process alone if `url` is empty, otherwise of all who share that Redis and `books`.

    `lease_s`: longer than any exchange lasts. `tell`: why they are not shared; or, with an empty reason, that they are
    again, and how many were admitted meanwhile. CountersRefused for an address of no known form.
    """
    if not url:
        yield LocalRates(clock)
        return
    from gateway.stores.redis_line import Line  # a third of a second that one process can do without
    from gateway.stores.redis_member import Keys
    from gateway.stores.redis_rates import RedisRates

    keys = Keys(books)
    rates = RedisRates(Line(url, keys("state")), keys, clock, lease_s, tell)
    try:
        yield rates
    finally:
        rates.close()
