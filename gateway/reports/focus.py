"""Charges as FOCUS: what cost tools import, for the days that a reader asks about."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from gateway.reports.questions import known_members, members_for, selection_in
from gateway.reports.sight import Sight
from gateway.reports.time_spans import with_days
from gateway.stores.books.books import Ledger
from gateway.views import focus
from gateway.views.focus import FocusCell

FILTERS: Final = ("team", "key", "model", "provider", "route", "policy")
MEMBERS: Final[tuple[str, ...]] = (*members_for(FILTERS), "since", "until")


def focus_rows(ledger: Ledger, query: Mapping[str, str], sight: Sight, today: date) -> list[tuple[FocusCell, ...]]:
    """The names of the columns, then every charge."""
    members = known_members(query, MEMBERS)
    within = sight.limit(with_days(selection_in(members, FILTERS), today))
    charges = focus.charges(ledger.usage(focus.GROUPED, within), today)
    return [focus.COLUMNS, *(tuple(charge) for charge in charges)]
