"""Destinations of words: the report of attempts whose prompt left, by place, provider, policy and team."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from gateway.core.errors import InvalidRequest, Json
from gateway.core.snapshot import Snapshot
from gateway.reports.questions import known_members, members_for, selection_in
from gateway.reports.sight import Sight
from gateway.reports.time_spans import with_days
from gateway.stores.books.books import Ledger
from gateway.views.places import GROUPED, MEASURES, Home, places_view

FILTERS: Final = ("team", "key", "policy", "provider", "model")
MEMBERS: Final[tuple[str, ...]] = (*members_for(FILTERS), "since", "until", "by", "home")
_HOME: Final = "EU"


def places(ledger: Ledger, query: Mapping[str, str], sight: Sight, snapshot: Snapshot, today: date) -> dict[str, Json]:
    """`by`: `requests` or `tokens`; `home`: the region word that counts as inside, else that of the organisation.
    Without days: the last 30."""
    members = known_members(query, MEMBERS)
    measure, word = members.get("by", MEASURES[0]), members.get("home") or snapshot.organisation.home or _HOME
    if measure not in MEASURES:
        raise InvalidRequest(f"`by` must be one of {', '.join(MEASURES)}.", field="by", known=[*MEASURES])
    if word not in snapshot.regions:
        raise InvalidRequest("`home` must be a region word.", field="home", known=sorted(snapshot.regions))
    within = sight.limit(with_days(selection_in(members, FILTERS), today))
    home = Home(word, snapshot.regions[word], snapshot.regions)
    view = places_view(ledger.usage(GROUPED, within), home, measure)
    span = {"since": str(within.since), "until": str(within.until)}
    return {"filters": {name: members[name] for name in MEMBERS if name in members}, **span, **view}
