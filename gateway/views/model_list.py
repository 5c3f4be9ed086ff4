"""Models as a list: best treatment of each, strictest policy that admits it, cheapest price, context."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from gateway.core.catalog import Model
from gateway.core.errors import Json
from gateway.core.policy import ANY_EVIDENCE
from gateway.core.posture import Training, word
from gateway.views.catalogue import price_view
from gateway.views.catalogue_index import CatalogueIndex, Mask, ViewerMasks
from gateway.views.dimensions import value_words
from gateway.views.limits import limits_query
from gateway.views.model_filters import FilterCounts, ModelFilters, query_with, query_without
from gateway.views.verdicts import verdict_of_masks

HOME: Final = "EU"
ROUTES_A_PAGE: Final = 200
_LAST: Final = float("inf")


class ModelList:
    """The list of one query. `viewer`: the routes of the reader; None for a reader who is not signed in."""

    def __init__(self, filters: ModelFilters, index: CatalogueIndex, viewer: ViewerMasks | None) -> None:
        self._filters, self._index, self._viewer = filters, index, viewer
        self._counts = FilterCounts(filters, index, viewer.usable if viewer else None)
        regions, everything = index.snapshot.regions, ANY_EVIDENCE
        self._home = index.limit(everything, "processed_in", regions[HOME]) if HOME in regions else 0
        self._unkept = index.limit(everything, "retention_days", 0)
        self._untrained = index.limit(everything, "training", Training.NO)
        self._ladder = sorted(index.policies.items(), key=lambda each: (each[1].bit_count(), each[0]))

    def summary(self) -> dict[str, Json]:
        """Everything but the rows: counts, filters, and the ways on."""
        counts, filters, regions = self._counts, self._filters, self._index.snapshot.regions
        remaining = counts.remaining
        return {
            "models": self._models_in(remaining),
            "of_models": len(self._index.models),
            "routes": remaining.bit_count(),
            "of_routes": len(self._index.routes),
            "usable": (remaining & self._viewer.usable).bit_count() if self._viewer else None,
            "policies": len(self._policies()),
            "words": filters.words,
            "mine": filters.mine,
            "view": filters.view,
            "sort": filters.sort,
            "limits": {name: filters.others[name][-1:] for name in ("max_input", "max_output", "context")},
            "controls": counts.controls(),
            "chips": [{"words": each.words, "without": query_without(filters.query, each)} for each in counts.clauses],
            "relax": self._relax() if not remaining else [],
            "draft": limits_query(filters.limits, regions) if filters.limits is not None else None,
            "sorts": {
                name: query_with(filters.query, sort=name)
                for name in ("name", "routes", "eu", "strict", "price", "context")
            },
            "views": {
                name: query_with(filters.query, view=name if name == "routes" else "") for name in ("models", "routes")
            },
        }

    def _policies(self) -> list[str]:
        """The policies that demand something: one that admits every route tells nothing of a model."""
        return [name for name, mask in self._ladder if mask != self._index.everything]

    def _relax(self) -> list[Json]:
        """Each limit, with what would remain without it; the largest gain first."""
        gains = [(self._counts.without(each).bit_count(), each) for each in self._counts.clauses]
        return [
            {"words": each.words, "routes": gain, "without": query_without(self._filters.query, each)}
            for gain, each in sorted(gains, key=lambda each: -each[0])
        ]

    def _models_in(self, mask: Mask) -> int:
        return sum(bool(mask & own) for own in self._index.models.values())

    def rows(self) -> Iterator[dict[str, Json]]:
        """One row per model that remains, unsorted: a step each."""
        for model_id, own in self._index.models.items():
            if own & self._counts.remaining:
                yield self._row(self._index.snapshot.models[model_id], own)

    def _row(self, model: Model, own: Mask) -> dict[str, Json]:
        remaining = own & self._counts.remaining
        usable = remaining & self._viewer.usable if self._viewer else 0
        return {
            "id": model.id,
            "name": model.name,
            "lab": model.lab,
            "kind": model.kind,
            "routes": remaining.bit_count(),
            "in_eu": (remaining & self._home).bit_count(),
            "not_kept": (remaining & self._unkept).bit_count(),
            "not_trained": (remaining & self._untrained).bit_count(),
            "strictest": self._strictest(own),
            "cheapest": self._cheapest(usable or remaining, usable=bool(usable)),
            "context": self._context(model, remaining),
            "usable": usable.bit_count() if self._viewer else None,
        }

    def _strictest(self, own: Mask) -> dict[str, Json] | None:
        for rank, (name, mask) in enumerate(self._ladder):
            if own & mask and mask != self._index.everything:
                return {"policy": name, "routes": (own & mask).bit_count(), "of": own.bit_count(), "rank": rank}
        return None

    def _cheapest(self, mask: Mask, *, usable: bool) -> dict[str, Json] | None:
        priced = [
            (sum(usd), bit) for bit, _ in self._index.routes_in(mask) if (usd := self._index.usd[bit]) is not None
        ]
        if not priced:
            return None
        _, bit = min(priced)
        price = self._index.routes[bit].price
        return {
            "input": format(price.rates.input or 0, "f"),
            "output": format(price.rates.output or 0, "f"),
            "currency": price.currency,
            "of": "usable" if usable else "listed",
        }

    def _context(self, model: Model, mask: Mask) -> int | None:
        known = [context for _, route in self._index.routes_in(mask) if (context := route.abilities.context)]
        return max(known, default=model.abilities.context)

    def sorted(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The rows in the order that the query names."""
        return sorted(rows, key=_ORDERS[self._filters.sort])

    def route_rows(self) -> tuple[list[dict[str, Json]], int]:
        """The rows of one page of routes, and the number of pages."""
        every = [bit for bit, _ in self._index.routes_in(self._counts.remaining)]
        pages = max(1, -(-len(every) // ROUTES_A_PAGE))
        at = (min(self._filters.page, pages) - 1) * ROUTES_A_PAGE
        return [self._route_row(bit) for bit in every[at : at + ROUTES_A_PAGE]], pages

    def _route_row(self, bit: int) -> dict[str, Json]:
        route, treated, regions = self._index.routes[bit], self._index.posture(bit), self._index.snapshot.regions
        values = dict(treated)
        return {
            "route": str(route.id),
            "model": route.model.id,
            "name": route.model.name,
            "provider": route.provider.name,
            "place": value_words("processed_in", word(values["processed_in"]), regions),
            "kept": value_words("retention_days", word(values["retention_days"]), regions),
            "trained": value_words("training", word(values["training"]), regions),
            "price": price_view(route.price),
            "verdict": verdict_of_masks(bit, self._viewer) if self._viewer else None,
        }


def _price_order(row: dict[str, Any]) -> tuple[float, str]:
    cheapest = row["cheapest"]
    return (float(cheapest["input"]) + float(cheapest["output"]) if cheapest else _LAST, row["name"].casefold())


_ORDERS: Final[dict[str, Callable[[dict[str, Any]], Any]]] = {
    "name": lambda row: row["name"].casefold(),
    "routes": lambda row: (-row["routes"], row["name"].casefold()),
    "eu": lambda row: (-row["in_eu"], row["name"].casefold()),
    "strict": lambda row: (row["strictest"]["rank"] if row["strictest"] else _LAST, row["name"].casefold()),
    "price": _price_order,
    "context": lambda row: (-(row["context"] or 0), row["name"].casefold()),
}
