"""Verdicts on a route for one reader: may be used, allowed and not connected, allowed and resting, or refused."""

from __future__ import annotations

from collections.abc import Collection
from enum import Enum
from typing import Final

from gateway.core.errors import Json
from gateway.core.evaluation import POLICY_KINDS, Kind, Reason
from gateway.views.catalogue_index import ViewerMasks


class Verdict(Enum):
    """The name of a verdict, its mark, and its words. The order is that of a list of routes."""

    USABLE = ("usable", "good", "You may use it")
    RESTING = ("resting", "fair", "Allowed, not answering now")
    UNCONNECTED = ("unconnected", "fair", "Allowed, not connected")
    ENDED = ("ended", "none", "No longer offered")
    REFUSED = ("refused", "poor", "Refused by policy")

    @property
    def view(self) -> dict[str, Json]:
        """The verdict as a page shows it."""
        name, mark, words = self.value
        return {"name": name, "mark": mark, "words": words}


ORDER: Final = tuple(Verdict)
_HEALTH: Final = frozenset({Kind.LOCKED_OUT, Kind.COOLING_DOWN})


def verdict_of(reasons: Collection[Reason]) -> Verdict:
    """The verdict that follows from every reason against a route."""
    kinds = {reason.kind for reason in reasons}
    if not kinds:
        return Verdict.USABLE
    if kinds & POLICY_KINDS:
        return Verdict.REFUSED
    if Kind.RETIRED in kinds:
        return Verdict.ENDED
    return Verdict.RESTING if kinds <= _HEALTH else Verdict.UNCONNECTED


def best_of(verdicts: Collection[Verdict]) -> Verdict | None:
    """The verdict on a model: that of its best route; None for a model without routes."""
    return min(verdicts, key=ORDER.index, default=None)


def verdict_of_masks(bit: int, viewer: ViewerMasks) -> dict[str, Json]:
    """The verdict on a route of a long list, without its reasons."""
    if viewer.usable >> bit & 1:
        return Verdict.USABLE.view
    return (Verdict.UNCONNECTED if viewer.admitted >> bit & 1 else Verdict.REFUSED).view
