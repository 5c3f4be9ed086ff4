"""Spend: cost by day and any groups, in one currency."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Final

from gateway.core.errors import InvalidRequest, Json
from gateway.core.frozen import frozen
from gateway.reports.questions import known_members, members_for, selection_in, words_in
from gateway.reports.sight import Sight
from gateway.reports.time_spans import with_days
from gateway.stores.books.books import Ledger
from gateway.views.spend import SpendQuestion, spend_view

DIMENSIONS: Final = ("team", "key", "model", "provider", "route", "policy", "countries")
FILTERS: Final = ("team", "key", "model", "provider", "route", "policy")
MEMBERS: Final[tuple[str, ...]] = (*members_for(FILTERS), "since", "until", "by", "currency")


@frozen
class LedgerDay:
    """The day of a report, and the currency of the ledger on it."""

    today: date
    currency: str


def spend(
    ledger: Ledger, query: Mapping[str, str], sight: Sight, labels: Mapping[str, str], day: LedgerDay
) -> dict[str, Json]:
    """`by`: one or more of DIMENSIONS, with commas. A query may name a currency other than the ledger's."""
    members = known_members(query, MEMBERS)
    by = words_in(members, "by", "team" if sight.caller is None else "model", DIMENSIONS)
    within = sight.limit(with_days(selection_in(members, FILTERS), day.today))
    since, until = within.since, within.until
    assert since is not None  # `with_days` states both days
    assert until is not None
    every = ledger.usage(("currency", "day", *by), within)
    currencies = [*dict.fromkeys(row.group[0] for row in every)]
    currency = day.currency
    shown = members.get("currency") or (currency if currency in currencies or not currencies else currencies[0])
    if "currency" in members and shown not in (*currencies, currency):
        raise InvalidRequest(
            "`currency` must be one of the receipts’ currencies.", field="currency", known=[*currencies]
        )
    rows = [replace(row, group=row.group[1:]) for row in every if row.group[0] == shown]
    question = SpendQuestion(tuple(by), shown, since, until)
    view = spend_view(rows, question, labels)
    filters = {name: members[name] for name in MEMBERS if name in members}
    return {"filters": filters, "currencies": [*currencies], **view}
