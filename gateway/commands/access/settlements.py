"""Held costs settled at a provider's bill: which days and providers, and by which journals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from gateway.commands.access.each_journal import ask_each_journal
from gateway.commands.access.paging import pages
from gateway.commands.access.receipts_access import journals_of
from gateway.commands.access.running import running
from gateway.commands.terminal.context import CommandContext
from gateway.commands.terminal.stop import Stop
from gateway.core.cost import money
from gateway.core.drift import Amounts, Place, reached
from gateway.core.errors import Json
from gateway.core.receipt import Receipt, from_json
from gateway.core.settlement import (
    AttemptKey,
    HeldAttempt,
    Settlements,
    bills_from,
    held_attempts,
    note_settlement,
    place_of,
)

_PATIENCE_S: Final = 3600.0
"""For providers, which are asked one after another."""
_AT_ONCE: Final = 1_000
"""Bills of one request to a journal."""


@dataclass(frozen=True, slots=True)
class DaySpan:
    """Days of a provider's account in UTC, both included, and the provider records whose lines it has."""

    first: date
    last: date
    providers: frozenset[str]

    def includes(self, place: Place) -> bool:
        """Whether the account could have a line for this place."""
        return place.credential in self.providers and self.first <= place.day <= self.last

    def receipts(self, context: CommandContext) -> Iterator[Receipt]:
        """Every receipt that may have an attempt on these days: those of the evening before may have one too."""
        return map(from_json, pages(context, self.first - timedelta(days=1), self.last))


@dataclass(frozen=True, slots=True)
class SettledCosts:
    """Held attempts with a bill, the exchanges that got an entry, and the sum of the entries in nano-units."""

    attempts: int
    corrected: int
    difference: int
    currency: str
    dry: bool
    waiting: int = 0
    """Held attempts of days whose bill may not be complete."""

    def as_json(self) -> dict[str, Json]:
        amount = money(self.difference)
        counts: dict[str, Json] = {"attempts": self.attempts, "corrected": self.corrected, "difference": amount}
        return {"settled": {**counts, "waiting": self.waiting, "dry_run": self.dry}}

    def sentence(self) -> str:
        verb = "would be" if self.dry else "are"
        amount = f"{money(self.difference)} {self.currency}"
        settled = f"{self.attempts} held attempts have a bill; {self.corrected} exchanges {verb} settled, by {amount}."
        waiting = f" {self.waiting} wait until their day is over, or until --until names that day."
        return settled + waiting if self.waiting else settled


@dataclass(frozen=True, slots=True)
class ProviderAccount:
    """A provider's account: its lines by place, and the costs of generations that have a line of their own, in
    nano-units of `currency`."""

    lines: Mapping[Place, Amounts]
    generations: Mapping[str, int]
    currency: str


def settle(context: CommandContext, days: DaySpan, account: ProviderAccount) -> SettledCosts:
    """Settle the held attempts of these days: those with a line of their own at it, the others at what is left.

    Today's bill counts as incomplete unless `--until` names today.
    """
    held, ours = _held(context, days)
    own = {each.key: cost for each in held if (cost := account.generations.get(each.generation)) is not None}
    for each in held:
        if each.key in own:
            ours[each.at] += Amounts(cost=own[each.key] - each.cost)
    held = [each for each in held if each.key not in own]
    open_from = days.last + timedelta(days=1) if context.options.until else context.today
    waiting = sum([attempt.at.day >= open_from for attempt in held])
    answers = [*_sent(context, own, "generation")]
    answers += _sent(context, bills_from(held, ours, account.lines, open_from), "bill")
    attempts, corrected, difference = (_sum(answers, name) for name in ("attempts", "corrected", "difference"))
    return SettledCosts(attempts, corrected, difference, account.currency, context.options.dry_run, waiting)


def settle_generations(context: CommandContext) -> int:
    """Have the running gateway ask providers for their records of held generations. Stop where none runs."""
    answers = []
    for journal in journals_of(context):
        with running(journal.parent, _PATIENCE_S) as ask:
            if ask is None:
                do = "start it, or settle by a provider's export: reconcile FILE --settle"
                raise Stop(f"no gateway runs with {journal.parent}, and only one that runs asks providers", do)
            answers.append(ask("POST", "/settle/generations", {}))
    records, attempts, corrected = (_sum(answers, name) for name in ("records", "attempts", "corrected"))
    difference, currency = _sum(answers, "difference"), str(answers[0]["currency"])
    counts: dict[str, Json] = {"records": records, "attempts": attempts, "corrected": corrected}
    context.out.value({**counts, "difference": money(difference), "currency": currency})
    amount = f"{money(difference)} {currency}"
    context.out.line(f"Of {records} records {attempts} came; {corrected} exchanges are settled, by {amount}.")
    return 0


def _sent(context: CommandContext, costs: Mapping[AttemptKey, int], source: str) -> Iterator[dict[str, Json]]:
    """The answers of all journals."""
    lines: list[Json] = [[*key, cost] for key, cost in costs.items()]
    for first in range(0, len(lines), _AT_ONCE):
        body: dict[str, Json] = {"bills": lines[first : first + _AT_ONCE], "source": source}
        yield from ask_each_journal(context, "/settle", {**body, "dry_run": context.options.dry_run})


def _sum(answers: Iterable[Mapping[str, Json]], name: str) -> int:
    return sum([int(str(answer[name])) for answer in answers])


def _held(context: CommandContext, days: DaySpan) -> tuple[list[HeldAttempt], dict[Place, Amounts]]:
    """The held attempts, and the costs of all attempts by place."""
    settlements: Settlements = {}
    for receipt in days.receipts(context):
        note_settlement(settlements, receipt)
    held, costs = list[HeldAttempt](), dict[Place, Amounts]()
    for receipt in days.receipts(context):
        held += [each for each in held_attempts(receipt, settlements) if days.includes(each.at)]
        for attempt in receipt.attempts:
            place = place_of(receipt, attempt)
            if days.includes(place) and reached(attempt):
                costs[place] = costs.get(place, Amounts()) + Amounts(cost=attempt.cost)
    return held, costs
