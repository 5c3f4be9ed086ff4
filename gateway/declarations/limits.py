"""`[[limits]]` and `[[key_limits]]`: how many requests and tokens per time, and how many exchanges at once."""

from __future__ import annotations

from typing import Final

from gateway.core.limits import MOST, PERIODS, Concurrent, Counted, Limit, Rate
from gateway.declarations.reader import Table

_WORDS: Final = {word: word for word in PERIODS}
_COUNTED: Final[tuple[Counted, ...]] = ("requests", "tokens")
_ONE: Final = 'write requests = 60 with per = "minute", tokens = 200000 with per = "minute", or concurrent = 8'


def read_limits(parent: Table, name: str) -> tuple[Limit, ...]:
    """The limits under that key, one of a kind: requests or tokens per each period, and exchanges at once."""
    limits: dict[tuple[str, str], Limit] = {}
    for table in parent.tables(name):
        limit = _limit(table)
        if limit is None:
            continue
        kind = (limit.counts, limit.per) if isinstance(limit, Rate) else ("concurrent", "")
        if kind in limits:
            what = " per ".join(filter(None, kind))
            table.fault(kind[0], f"there is a limit of {what} already", "keep one of them")
        else:
            limits[kind] = limit
    return tuple(limits.values())


def _limit(table: Table) -> Limit | None:
    amounts = {name: _amount(table, name) for name in (*_COUNTED, "concurrent") if table.raw(name) is not None}
    if len(amounts) != 1:
        words = " and ".join(amounts) or "nothing"
        table.fault("", f"an entry limits one thing, and this one limits {words}", _ONE)
        for name in ("per", "burst"):
            table.raw(name)
        return None
    ((name, amount),) = amounts.items()
    if name == "concurrent":
        return Concurrent(amount) if amount is not None else None
    table.require(per='per = "minute"')
    per, burst = table.choice("per", _WORDS), _amount(table, "burst")
    counts: Counted = "tokens" if name == "tokens" else "requests"
    return Rate(counts, amount, per, burst or amount) if amount is not None and per is not None else None


def _amount(table: Table, name: str) -> int | None:
    amount = table.whole(name, least=1)
    if amount is not None and amount > MOST:
        table.fault(name, f"{amount} is more than {MOST}", "leave the limit out")
        return None
    return amount
