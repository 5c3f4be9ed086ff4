from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from time import perf_counter

from gateway.console.catalogue import Catalogue, viewer_of
from gateway.console.page import DocumentsInForce, Visit
from gateway.core.health import Health
from gateway.core.organisation import Budget
from gateway.core.policy import EvidenceRule
from gateway.identity.operators import local_operator
from gateway.identity.sessions import Visitor
from tests.builders import NOW, a_key, a_principal, a_route, a_snapshot, some_means
from tests.views.shipped import MEANS, shipped

SMALL = DocumentsInForce(a_snapshot(a_route()), some_means("alpha"), NOW, Health())


async def test_the_index_is_made_once_for_documents_and_day() -> None:
    catalogue, visit = Catalogue(), Visit(SMALL, NOW, "http://x")
    first = await catalogue.index(visit)
    assert await catalogue.index(visit) is first
    tomorrow = await catalogue.index(replace(visit, now=NOW + timedelta(days=1)))
    assert tomorrow is not first
    other = replace(visit, in_force=replace(SMALL, means=some_means("beta")))
    assert await catalogue.index(other) is not first
    await catalogue.under(first, EvidenceRule(max_age_days=1), visit)
    assert first.limit(EvidenceRule(max_age_days=1), "training", 2) in (0, 1)


async def test_others_run_while_the_whole_catalogue_is_made_ready() -> None:
    """The index of all shipped routes takes long, and no turn of it takes long."""
    visit = Visit(DocumentsInForce(shipped(with_sandbox=True), MEANS, NOW, Health()), NOW, "http://x")
    waits: list[float] = []

    async def others() -> None:
        while True:
            began = perf_counter()
            await asyncio.sleep(0)
            waits.append(perf_counter() - began)

    task = asyncio.ensure_future(others())
    await Catalogue().index(visit)
    task.cancel()
    waits.sort()
    assert len(waits) > 100
    assert waits[len(waits) // 2] < 0.002


def test_a_reader_is_the_key_the_organisation_or_nobody() -> None:
    visit = Visit(SMALL, NOW, "http://x")
    assert viewer_of(visit) is None
    person = a_principal(a_key(budgets=(Budget(10**9, "day"),)), SMALL.snapshot)
    viewer = viewer_of(replace(visit, visitor=Visitor(principal=person)))
    assert viewer is not None
    assert viewer.means.priced_only is True
    assert [layer.kind.label for layer in viewer.demanded.layers][:3] == ["organisation", "team", "key"]
    operator = viewer_of(replace(visit, visitor=Visitor(operator=local_operator(1))))
    assert operator is not None
    assert [layer.kind.label for layer in operator.demanded.layers] == ["organisation"]
