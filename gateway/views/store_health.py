"""State of the stores of a gateway, as words and marks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gateway.core.errors import Json
from gateway.core.frozen import frozen

_MB: Final = 1024 * 1024
_WORDS: Final[Mapping[str, str]] = {
    "": "In order",
    "journal_unavailable": "The journal cannot be written",
    "counters_unavailable": "The shared counters cannot be reached",
    "disk_reserve": "The disk is nearly full: no request is admitted",
    "keys_unavailable": "The shared keys cannot be reached",
    "books_unavailable": "It cannot be read",
}


@frozen
class StoreNames:
    """Names of the stores, with the server that holds each."""

    books: str = "Books and journal"
    keys: str = "Keys"
    ledger: str = "Ledger"


def store_names(*, redis: bool, postgres: bool) -> StoreNames:
    """`redis`: counters are shared. `postgres`: keys and ledger are shared."""
    plain, there = StoreNames(), " in PostgreSQL" if postgres else ""
    books = f"{plain.books}, counters in Redis" if redis else plain.books
    return StoreNames(books, plain.keys + there, plain.ledger + there)


def store_row(name: str, obstacle: str) -> dict[str, Json]:
    """`obstacle`: the reason, as a code, for which the store does not work; empty for none."""
    words = _WORDS.get(obstacle, obstacle.replace("_", " ").capitalize())
    return {"name": name, "mark": "poor" if obstacle else "good", "words": words}


def disk_row(free: int, low: bool) -> dict[str, Json]:
    """`free`: bytes; `low`: below the reserve."""
    return {
        "name": "Disk of the state directory",
        "mark": "poor" if low else "good",
        "words": f"{free // _MB:,} MB free",
    }
