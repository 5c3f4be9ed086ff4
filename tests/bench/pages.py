"""The making of a page, in this process: all models without a filter, and the model page with the most routes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from gateway.console.catalogue import Catalogue
from gateway.console.model import model_page
from gateway.console.models import models_page
from gateway.console.page import ConsolePage, DocumentsInForce, Visit
from gateway.console.rendering import Templates, packed
from gateway.console.shell import shell_view
from gateway.core.health import Health
from gateway.identity.sessions import Visitor
from tests.builders import a_key, a_principal
from tests.views.shipped import DAY, MEANS, shipped

NOW = datetime(DAY.year, DAY.month, DAY.day, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class PageCost:
    """Milliseconds of CPU for one page with a reader, and its size in kilobytes, packed."""

    ms: list[float]
    kb: float


def cost_of_pages(rounds: int) -> tuple[PageCost, PageCost]:
    """All models, and the largest model page; what is made once per set of documents is made before."""
    return asyncio.run(_measured(rounds))


async def _measured(rounds: int) -> tuple[PageCost, PageCost]:
    snapshot, templates = shipped(with_sandbox=True), Templates()
    largest = max(snapshot.models, key=lambda name: len(snapshot.routes_of[name]))
    team = next(iter(snapshot.teams))
    reader = Visitor(a_principal(a_key(team=team, policy="unrestricted"), snapshot))
    in_force = DocumentsInForce(snapshot, MEANS, NOW, Health())

    async def cost(page: ConsolePage, path: str, **parts: str) -> PageCost:
        async def make() -> bytes:
            visit = Visit(in_force, NOW, "http://127.0.0.1:8080", path=path, visitor=reader, parts=parts)
            view = await page.show(visit)
            values = {"view": view, "shell": shell_view(visit, page, [page], "d")}
            return await packed(await templates.render(page.template, values, visit.turns), visit.turns)

        size = len(await make())
        return PageCost([await _ms(make) for _ in range(rounds)], size / 1000)

    listed = await cost(models_page(Catalogue()), "/console/models")
    return listed, await cost(model_page(), f"/console/models/{largest}", id=largest)


async def _ms(make: Callable[[], Awaitable[bytes]], times: int = 5) -> float:
    began = time.process_time()
    for _ in range(times):
        await make()
    return (time.process_time() - began) / times * 1000
