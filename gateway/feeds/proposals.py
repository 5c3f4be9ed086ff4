"""Proposals as JSON: written by `catalogue update`, read again by `review` and `accept`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from gateway.core.catalog import RouteId
from gateway.core.catalogue_changes import CatalogueChange
from gateway.core.catalogue_edits import Proposal
from gateway.core.cost import Rates, Tier
from gateway.core.errors import Json
from gateway.core.feed_votes import Doubt, Vote
from gateway.core.offers import FIELDS, PRICE, RATES, TIERS, FeedLabel, Figure, Flaw
from gateway.feeds.figures import DEAREST
from gateway.feeds.json_text import parsed
from gateway.feeds.refused import FeedRefused

SCHEMA: Final = 1
_AGAIN: Final = "make it again with `safeconduct catalogue update`"
_DAYS: Final = ("retires_on",)
_COUNTS: Final = ("context", "max_output")


def proposal_json(proposal: Proposal) -> dict[str, Json]:
    """The proposal with every figure as text, so that no reader rounds an amount."""
    return {
        "schema": SCHEMA,
        "documents": proposal.documents,
        "made_on": proposal.made_on.isoformat(),
        "feeds": [_label_json(feed) for feed in proposal.feeds],
        "changes": [change_json(change) for change in proposal.changes],
        "confirmed": {route: list(fields) for route, fields in proposal.confirmed.items()},
        "skipped": dict(proposal.skipped),
        "unlisted": list(proposal.unlisted),
        "new": {records: list(names) for records, names in proposal.new.items()},
        "flaws": [{"feed": flaw.feed, "entry": flaw.entry, "what": flaw.what} for flaw in proposal.flaws],
    }


def change_json(change: CatalogueChange) -> dict[str, Json]:
    """One change with every vote."""
    return {
        "id": change.id,
        "route": change.route,
        "field": change.field,
        "before": figure_json(change.before),
        "after": figure_json(change.after),
        "proposed": change.is_proposed,
        "doubts": [doubt.value for doubt in change.doubts],
        "votes": [
            {
                "feed": _label_json(vote.feed),
                "value": figure_json(vote.value),
                "cites": vote.cites or None,
                "lineage": sorted(vote.lineage),
            }
            for vote in change.votes
        ],
    }


def figure_json(figure: Figure) -> Json:
    """An amount or a day as text, a count as a number, tiers as objects."""
    if isinstance(figure, Decimal):
        return format(figure.normalize(), "f")
    if isinstance(figure, date):
        return figure.isoformat()
    if isinstance(figure, tuple):
        return [{"above": tier.above, **_rates_json(tier.rates)} for tier in figure]
    return figure


def proposal_from(content: bytes) -> Proposal:
    """The proposal of a file. FeedRefused for anything that `proposal_json` does not write."""
    document = parsed(content)
    try:
        if document["schema"] != SCHEMA:
            raise FeedRefused("is a proposal of another version", _AGAIN)
        return Proposal(
            documents=str(document["documents"]),
            made_on=date.fromisoformat(document["made_on"]),
            feeds=tuple(map(_label, document["feeds"])),
            changes=tuple(map(_change, document["changes"])),
            confirmed={route: tuple(fields) for route, fields in document["confirmed"].items()},
            skipped=dict(document["skipped"]),
            unlisted=tuple(document["unlisted"]),
            new={records: tuple(names) for records, names in document["new"].items()},
            flaws=tuple(Flaw(flaw["feed"], flaw["entry"], flaw["what"]) for flaw in document["flaws"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError, InvalidOperation):
        raise FeedRefused("is not a proposal", _AGAIN) from None


def _label_json(feed: FeedLabel) -> dict[str, Json]:
    return {
        "name": feed.name,
        "family": feed.family,
        "version": feed.version,
        "dated": feed.dated.isoformat(),
        "sha256": feed.sha256,
    }


def _rates_json(rates: Rates) -> dict[str, Json]:
    return {name: figure_json(rate) for name in RATES if (rate := getattr(rates, name)) is not None}


def _label(feed: Mapping[str, Any]) -> FeedLabel:
    words = {name: feed[name] for name in ("name", "family", "version", "sha256")}
    if not all(isinstance(word, str) for word in words.values()):
        raise TypeError
    return FeedLabel(dated=date.fromisoformat(feed["dated"]), **words)


def _change(document: Mapping[str, Any]) -> CatalogueChange:
    name = document["field"]
    if name not in FIELDS:
        raise ValueError
    after = _figure(name, document["after"])
    if after is None:
        raise ValueError
    return CatalogueChange(
        route=RouteId(document["route"]),
        field=name,
        before=_figure(name, document["before"]),
        after=after,
        votes=tuple(_vote(name, vote) for vote in document["votes"]),
        doubts=tuple(map(Doubt, document["doubts"])),
    )


def _vote(name: str, vote: Mapping[str, Any]) -> Vote:
    lineage = frozenset(map(str, vote["lineage"]))
    return Vote(_label(vote["feed"]), _figure(name, vote["value"]), str(vote["cites"] or ""), lineage)


def _figure(name: str, value: Any) -> Figure:
    if value is None:
        return None
    if name == TIERS:
        return tuple(_tier(tier) for tier in value)
    if name.startswith(PRICE):
        return _amount(value)
    if name in _DAYS:
        return date.fromisoformat(value)
    if not isinstance(value, int if name in _COUNTS else str) or isinstance(value, bool):
        raise TypeError
    if isinstance(value, int) and value <= 0:
        raise ValueError
    return value


def _tier(tier: Mapping[str, Any]) -> Tier:
    if isinstance(tier["above"], bool) or not isinstance(tier["above"], int) or tier["above"] < 0:
        raise TypeError
    return Tier(tier["above"], Rates(**{name: _amount(tier[name]) for name in RATES if name in tier}))


def _amount(value: Any) -> Decimal:
    amount = Decimal(value) if isinstance(value, str) else Decimal("NaN")
    if not amount.is_finite() or not 0 <= amount <= DEAREST:
        raise ValueError
    return amount
