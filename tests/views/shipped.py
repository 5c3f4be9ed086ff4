"""The shipped documents, loaded once for the tests that look at all of them."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from typing import Final

from gateway import sandbox
from gateway.core.evaluation import Capabilities
from gateway.core.policy import Layer, LayerKind, combine
from gateway.core.snapshot import Snapshot
from gateway.declarations.load import load
from gateway.dialects.registry import REGISTRY
from gateway.views.catalogue import Viewer
from gateway.views.catalogue_index import CatalogueIndex

ROOT: Final = Path(__file__).parents[2]
DAY: Final = date(2026, 11, 30)
MEANS: Final = Capabilities(frozenset(sandbox.PERSONAS), REGISTRY.names)


@cache
def shipped(*, with_sandbox: bool = False) -> Snapshot:
    extra = (sandbox.DOCUMENTS,) if with_sandbox else ()
    loaded = load(ROOT / "config", ROOT / "policies", extra=extra, today=DAY)
    assert loaded.snapshot is not None
    return loaded.snapshot


@cache
def indexed() -> CatalogueIndex:
    index = CatalogueIndex(shipped(with_sandbox=True), MEANS, DAY)
    for _ in index.steps():
        pass
    return index


def under(policy: str) -> Viewer:
    snapshot = shipped(with_sandbox=True)
    return Viewer(combine([Layer(LayerKind.KEY, snapshot.policies[policy])]), MEANS, DAY)
