"""Changes and proposals for the builders' route."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from gateway.core.catalog import RouteId
from gateway.core.catalogue_changes import CatalogueChange
from gateway.core.catalogue_edits import Proposal
from gateway.core.feed_votes import Vote
from gateway.core.offers import FeedLabel, Figure

LABELS = tuple(FeedLabel(name, name, "1", date(2026, 11, 20), "0" * 64) for name in ("litellm", "genai-prices"))


def a_change(field: str = "price.input", after: Figure = Decimal(3), **changed: Any) -> CatalogueChange:
    """Proposed by two feeds unless changed; before: the builders' price."""
    votes = tuple(Vote(label, after, "https://list.example", frozenset({label.family})) for label in LABELS)
    change = CatalogueChange(RouteId("alpha/small"), field, Decimal(1), after, votes)
    return replace(change, **changed)


def a_proposal(*changes: CatalogueChange, **changed: Any) -> Proposal:
    proposal = Proposal("5" * 64, date(2026, 11, 24), LABELS, changes, {}, {}, (), {}, ())
    return replace(proposal, **changed)
