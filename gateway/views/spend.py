"""Spend: sums of cost by day and group, with the cost that no provider reported apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from gateway.core.cost import money
from gateway.core.errors import Json
from gateway.core.frozen import frozen
from gateway.core.usage import Usage
from gateway.stores.books.books import UsageRow

SERIES_MOST: Final = 6
"""More groups than this are one series, `others`."""
OTHERS: Final = "others"
_NOBODY: Final = "none"


@frozen
class SpendQuestion:
    """`by`: the groups of the table, without `day` and `currency`; `currency` of the amounts; days, both included."""

    by: tuple[str, ...]
    currency: str
    since: date
    until: date


@dataclass(slots=True)
class SpendSum:
    """Sums of one group, in nano-units."""

    group: tuple[str, ...]
    cost: int = 0
    unreported: int = 0
    requests: int = 0
    used: Usage = field(default_factory=Usage)

    def add(self, row: UsageRow) -> None:
        self.cost += row.cost
        self.unreported += row.unreported
        self.requests += row.exchanges
        self.used = self.used + Usage(**row.usage)


def spend_view(rows: Sequence[UsageRow], question: SpendQuestion, labels: Mapping[str, str]) -> dict[str, Json]:
    """`rows` by `day` and then `question.by`. `labels`: of keys, by id."""
    sums: dict[tuple[str, ...], SpendSum] = {}
    for row in rows:
        group = row.group[1:]
        sums.setdefault(group, SpendSum(group)).add(row)
    ordered = sorted(sums.values(), key=lambda each: (-each.cost, each.group))
    total = sum(each.cost for each in ordered)
    names = {each.group: group_words(each.group, question.by, labels) for each in ordered}
    return {
        "by": list(question.by),
        "currency": question.currency,
        "since": question.since.isoformat(),
        "until": question.until.isoformat(),
        "total": money(total),
        "unreported": money(sum(each.unreported for each in ordered)),
        "requests": sum(each.requests for each in ordered),
        "data": [_line(each, names[each.group], total, question.by) for each in ordered],
        "series": _series(ordered, names),
        "days": _days(rows, [each.group for each in ordered[:SERIES_MOST]], question),
    }


def group_words(group: Sequence[str], by: Sequence[str], labels: Mapping[str, str]) -> str:
    """The group in one line: `research, magistral-small`."""
    words = [labels.get(value) or value if name == "key" else value for name, value in zip(by, group, strict=True)]
    return ", ".join(word or _NOBODY for word in words) or "all"


def _line(each: SpendSum, words: str, total: int, by: Sequence[str]) -> dict[str, Json]:
    return {
        **dict(zip(by, each.group, strict=True)),
        "words": words,
        "cost": money(each.cost),
        "unreported": money(each.unreported),
        "share": round(100 * each.cost / total) if total > 0 else 0,
        "requests": each.requests,
        "tokens_in": each.used.context,
        "tokens_out": each.used.generated,
    }


def _series(ordered: Sequence[SpendSum], names: Mapping[tuple[str, ...], str]) -> list[Json]:
    """Labels in the order of the stack: the largest first."""
    first: list[Json] = [names[each.group] for each in ordered[:SERIES_MOST]]
    return first + [OTHERS] * (len(ordered) > SERIES_MOST)


def _days(rows: Iterable[UsageRow], groups: Sequence[tuple[str, ...]], question: SpendQuestion) -> list[Json]:
    """Every day of the time, with the amount of each series; None for a day without any receipt: a gap, not a 0."""
    places = {group: place for place, group in enumerate(groups)}
    sums: dict[str, Counter[int]] = {}
    for row in rows:
        sums.setdefault(row.group[0], Counter())[places.get(row.group[1:], SERIES_MOST)] += row.cost
    width = max((max(day) + 1 for day in sums.values() if day), default=0)
    return [
        {
            "day": day.isoformat(),
            "costs": [money(of_day[place]) for place in range(width)]
            if (of_day := sums.get(day.isoformat()))
            else None,
        }
        for day in _every_day(question.since, question.until)
    ]


def _every_day(since: date, until: date) -> Iterable[date]:
    return (since + timedelta(days=number) for number in range((until - since).days + 1))
