"""The catalogue's index for pages, made once per set of documents and day; and the routes of a reader."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace

from gateway.console.page import Visit
from gateway.core.policy import EvidenceRule, Layer, LayerKind, combine
from gateway.views.catalogue import Viewer
from gateway.views.catalogue_index import CatalogueIndex, ViewerMasks


class Catalogue:
    """Makes the index in short turns, and keeps it while its documents, capabilities and day stand."""

    def __init__(self) -> None:
        self._kept: tuple[tuple[Hashable, ...], CatalogueIndex] | None = None

    async def index(self, visit: Visit) -> CatalogueIndex:
        """The index of what is in force now. Of two first visits at once, each makes its own."""
        now = visit.in_force
        key = (now.snapshot.digest, now.means.credentials, tuple(now.means.unset.items()), visit.now.date())
        if self._kept is None or self._kept[0] != key:
            index = CatalogueIndex(now.snapshot, now.means, visit.now.date())
            for _ in index.steps():
                await visit.turns.take()
            self._kept = (key, index)
        return self._kept[1]

    async def under(self, index: CatalogueIndex, evidence: EvidenceRule, visit: Visit) -> None:
        """Make the index ready for a demand on evidence."""
        for _ in index.posture_steps(evidence):
            await visit.turns.take()

    async def viewer(self, index: CatalogueIndex, visit: Visit) -> ViewerMasks | None:
        """The routes of the reader; None for a reader who is not signed in."""
        viewer = viewer_of(visit)
        if viewer is None:
            return None
        for _ in index.viewer_steps(viewer.demanded, viewer.means):
            await visit.turns.take()
        return index.viewer(viewer.demanded, viewer.means, viewer.health)


def viewer_of(visit: Visit) -> Viewer | None:
    """The reader as the catalogue sees it: the layers of the key with its default class, or the organisation's policy
    for an operator without a key; None for a reader who is not signed in."""
    snapshot, means = visit.in_force.snapshot, visit.in_force.means
    person = visit.visitor.principal
    if person is not None:
        own = person.class_layer(None, snapshot)
        layers: tuple[Layer, ...] = (*person.layers, *((own,) if own else ()))
        means = replace(means, priced_only=bool(person.bill("", None).budgets))
    elif visit.visitor.operator is not None:
        layers = (Layer(LayerKind.ORGANISATION, snapshot.policies[snapshot.organisation.policy]),)
    else:
        return None
    return Viewer(combine(layers), means, visit.now.date(), visit.in_force.health)
