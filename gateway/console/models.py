"""Models: every model of the catalogue, with filters that are limits."""

from __future__ import annotations

from typing import Any

from gateway.console.catalogue import Catalogue
from gateway.console.page import Audience, ConsolePage, PageAnswer, Visit
from gateway.console.queries import without_empty
from gateway.views.model_filters import filters_in
from gateway.views.model_list import ModelList


def models_page(catalogue: Catalogue) -> ConsolePage:
    """`/console/models`."""

    async def show(visit: Visit) -> PageAnswer:
        tidy = without_empty(visit)
        if tidy is not None:
            return tidy
        index = await catalogue.index(visit)
        filters = filters_in(visit.query, index)
        await catalogue.under(index, filters.evidence, visit)
        models = ModelList(filters, index, await catalogue.viewer(index, visit))
        if filters.view == "routes":
            rows, pages = models.route_rows()
            return {**models.summary(), "rows": rows, "page": min(filters.page, pages), "pages": pages}
        made: list[dict[str, Any]] = []
        for row in models.rows():
            made.append(row)
            await visit.turns.take()
        return {**models.summary(), "rows": models.sorted(made), "page": 1, "pages": 1}

    return ConsolePage("/models", "models.html", show, Audience.CATALOGUE, label="Models", scripts=("filters.js",))
