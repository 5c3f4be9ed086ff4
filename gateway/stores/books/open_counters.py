"""Opens the counters that the settings name. On failure: the process does not start."""

from __future__ import annotations

from importlib.util import find_spec

from gateway.stores.books.counters import CountersListener, CounterStore, EmbeddedCounters
from gateway.stores.errors import StoreRefused
from gateway.stores.journal.journal import Journal


def open_counting(url: str, books: str, journal: Journal, tell: CountersListener) -> CounterStore:
    """Counters of this process alone if `url` is empty, otherwise those of all who share that Redis and `books`.

    StoreRefused if that Redis cannot keep them, or cannot be reached.
    """
    if not url:
        return EmbeddedCounters()
    if find_spec("redis") is None:
        raise StoreRefused("redis", "The client for Redis is not installed. Install safeconduct[redis].")
    from gateway.stores.books.redis_counters import RedisCounters  # a third of a second that one process can do without

    return RedisCounters.open(url, books, journal, tell)
