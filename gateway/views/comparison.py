"""Models or routes side by side: treatment, price, abilities, benchmarks, and the cost of one request."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Final

from gateway.core.catalog import BenchmarkScore, Model, Route, RouteId
from gateway.core.cost import cost, money, to_ledger
from gateway.core.errors import InvalidRequest, Json
from gateway.core.evaluation import treatment
from gateway.core.frozen import frozen
from gateway.core.posture import DIMENSIONS, Posture, Value, within
from gateway.core.snapshot import Snapshot
from gateway.core.usage import Usage
from gateway.views.benchmarks import group_of, score_view
from gateway.views.catalogue import Viewer
from gateway.views.dimensions import LABELS
from gateway.views.treatment_words import cell, mark_of
from gateway.views.verdicts import Verdict, verdict_of

MOST: Final = 5
_TOKENS_MOST: Final = 10_000_000
_SHARE: Final = re.compile(r"[0-9]?(?:\.[0-9]{1,4})?", re.ASCII)
_RANKS: Final = {"good": 0, "fair": 1, "none": 2, "poor": 2}
"""Marks from the most careful on: what is not stated counts as the worst."""


@frozen
class TypicalRequest:
    """The size of a request: tokens, and the share of the input that comes from a cache."""

    input: int = 2_000
    output: int = 500
    cached: Decimal = Decimal(0)

    @property
    def usage(self) -> Usage:
        """The same as usage, in disjoint classes."""
        cached = int(self.input * self.cached)
        return Usage(input=self.input - cached, cache_read=cached, output=self.output)


def typical_request(texts: tuple[str, str, str]) -> TypicalRequest:
    """From the texts of input, output and cached; an empty one keeps its default. InvalidRequest names the member."""
    plain = TypicalRequest()
    sizes = [_tokens(name, text) for name, text in zip(("input", "output"), texts, strict=False)]
    share = texts[2].strip()
    if share and (_SHARE.fullmatch(share) is None or Decimal(share) > 1):
        raise InvalidRequest("`cached` must be a share from 0 to 1.", field="cached")
    return TypicalRequest(
        plain.input if sizes[0] is None else sizes[0],
        plain.output if sizes[1] is None else sizes[1],
        Decimal(share) if share else plain.cached,
    )


def _tokens(name: str, text: str) -> int | None:
    text = text.strip()
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 9 and int(text) <= _TOKENS_MOST):
        raise InvalidRequest(f"`{name}` must be a number of tokens up to {_TOKENS_MOST:,}.", field=name)
    return int(text)


@frozen
class Column:
    """One column: a route with its model, its treatment, and the verdict for the reader."""

    route: Route
    treated: Posture
    verdict: Verdict | None


class ComparisonView:
    """Two to five columns. `viewer`: None for a reader who is not signed in."""

    def __init__(self, snapshot: Snapshot, viewer: Viewer | None, today: date, request: TypicalRequest) -> None:
        self._snapshot, self._viewer, self._today, self._request = snapshot, viewer, today, request
        self.columns: list[Column] = []

    def steps(self, models: Sequence[str], routes: Sequence[str]) -> Iterator[None]:
        """Choose the columns. InvalidRequest for a name that means nothing, and for too many names."""
        if len(models) + len(routes) > MOST:
            raise InvalidRequest(f"At most {MOST} models or routes stand side by side.", field="m")
        for name in models:
            if (model := self._snapshot.models.get(name)) is None:
                raise InvalidRequest("`m` must name models of this gateway.", field="m")
            own = []
            for route in self._snapshot.routes_of[model.id]:
                own.append(self._column(route))
                yield
            if own:
                self.columns.append(min(own, key=self._care))
        for name in routes:
            if (route_named := self._snapshot.routes.get(RouteId(name))) is None:
                raise InvalidRequest("`route` must name routes of this gateway.", field="route")
            self.columns.append(self._column(route_named))
            yield

    def _column(self, route: Route) -> Column:
        reasons = self._viewer.reasons(route, self._snapshot) if self._viewer else ()
        treated = treatment(route, frozenset(), self._snapshot, self._today)
        return Column(route, treated, verdict_of(reasons) if self._viewer else None)

    def _care(self, column: Column) -> tuple[object, ...]:
        """The most careful priced route of a model comes first: fewest dimensions without a good mark."""
        regions = self._snapshot.regions
        marks = [cell(name, value, regions)["mark"] for name, value in column.treated]
        price = column.route.price
        rates = float(price.rates.input or 0) + float(price.rates.output or 0)
        weights = sum(_RANKS[str(mark)] for mark in marks)
        return (not price.is_priced, weights, rates, column.route.id)

    def view(self) -> dict[str, Json]:
        """Every row with a cell per column, grouped."""
        columns = self.columns
        return {
            "columns": [self._head(column) for column in columns],
            "groups": [
                {"name": "Privacy", "rows": [self._posture_row(name) for name in DIMENSIONS if name != "stored_in"]},
                {"name": "Price", "rows": [*self._price_rows(), self._cost_row()]},
                {"name": "Abilities", "rows": self._ability_rows()},
                {"name": "Benchmarks", "rows": self._score_rows()},
            ],
            "request": {
                "input": self._request.input,
                "output": self._request.output,
                "cached": format(self._request.cached.normalize(), "f"),
            },
            "fx": {"currency": self._snapshot.fx.ledger, "dated": str(self._snapshot.fx.dated or "") or None},
        }

    def _head(self, column: Column) -> dict[str, Json]:
        route = column.route
        others = [
            {"route": str(each.id), "words": _place_words(each)} for each in self._snapshot.routes_of[route.model.id]
        ]
        return {
            "model": route.model.id,
            "name": route.model.name,
            "route": str(route.id),
            "provider": route.provider.name,
            "plan": route.provider.plan or None,
            "verdict": column.verdict.view if column.verdict else None,
            "routes": list(others),
        }

    def _posture_row(self, name: str) -> dict[str, Json]:
        """`worse`: less careful than another value of the row."""
        values = [getattr(column.treated, name) for column in self.columns]
        regions = self._snapshot.regions
        return {
            "label": LABELS[name],
            "cells": [
                {
                    **cell(name, value, regions),
                    "worse": self._is_worse(name, value, values),
                }
                for value in values
            ],
        }

    def _is_worse(self, name: str, value: Value, values: Sequence[Value]) -> bool:
        """Less careful than the best of the row. Sets of places are compared by their marks: France is as careful
        as Sweden."""
        if isinstance(value, frozenset):
            ranks = [_RANKS[mark_of(name, each, self._snapshot.regions)] for each in (value, *values)]
            return ranks[0] > min(ranks)
        return any(within(other, value) and not within(value, other) for other in values)

    def _price_rows(self) -> list[Json]:
        rows: list[Json] = []
        for side, label in (("input", "Input, per million"), ("output", "Output, per million")):
            cells: list[Json] = []
            for column in self.columns:
                price, rate = column.route.price, getattr(column.route.price.rates, side)
                known = price.is_priced and rate is not None
                cells.append({"price": format(rate, "f") if known else None, "currency": price.currency})
            rows.append({"label": label, "cells": cells})
        return rows

    def _cost_row(self) -> dict[str, Json]:
        """The cost of the typical request in the ledger's currency; the cheapest that the reader may use is marked."""
        amounts = [self._cost(column.route) for column in self.columns]
        allowed = [
            amount
            for amount, column in zip(amounts, self.columns, strict=True)
            if amount is not None and column.verdict in (None, Verdict.USABLE, Verdict.UNCONNECTED, Verdict.RESTING)
        ]
        least = min(allowed, default=None)
        cells: list[Json] = [
            {
                "amount": money(amount) if amount is not None else None,
                "cheapest": amount is not None and amount == least and column.verdict is not Verdict.REFUSED,
            }
            for amount, column in zip(amounts, self.columns, strict=True)
        ]
        return {"label": "Cost of the request", "cells": cells, "kind": "cost"}

    def _cost(self, route: Route) -> int | None:
        rate = self._snapshot.fx.rate(route.price.currency)
        if not route.price.is_priced or rate is None:
            return None
        return to_ledger(cost(self._request.usage, route.price), rate)

    def _ability_rows(self) -> list[Json]:
        def cells_of(words: Callable[[Route], str | None]) -> list[Json]:
            return [{"words": words(column.route)} for column in self.columns]

        yes = {True: "Yes", False: "No", None: None}
        rows: list[tuple[str, Callable[[Route], str | None]]] = [
            ("Context", lambda route: f"{route.abilities.context:,}" if route.abilities.context else None),
            ("Max output", lambda route: f"{route.abilities.max_output:,}" if route.abilities.max_output else None),
            ("Input", lambda route: ", ".join(sorted(route.abilities.inputs or ())) or None),
            ("Tools", lambda route: yes[route.abilities.tools]),
            ("Schemas", lambda route: yes[route.abilities.structured_output]),
            ("Reasoning", lambda route: yes[route.abilities.reasoning]),
        ]
        return [{"label": label, "cells": cells_of(words)} for label, words in rows]

    def _score_rows(self) -> list[Json]:
        """Benchmarks that at least two of the models have in one version and setting."""
        models = list(dict.fromkeys(column.route.model.id for column in self.columns))
        known = [_scores(self._snapshot.models[name]) for name in models]
        every = dict.fromkeys(key for scores in known for key in scores)
        shared = [key for key in every if sum(key in scores for scores in known) > 1]
        by_model = dict(zip(models, known, strict=True))
        return [
            {
                "label": key[0] + (f" ({key[1]})" if key[1] else ""),
                "cells": [
                    {"words": score_view(score)["words"] if score is not None else "not comparable"}
                    for column in self.columns
                    for score in [by_model[column.route.model.id].get(key)]
                ],
            }
            for key in shared
        ]


def _place_words(route: Route) -> str:
    return " · ".join(filter(None, (route.provider.name, route.provider.plan, route.variant)))


def _scores(model: Model) -> dict[tuple[str, str], BenchmarkScore]:
    """(benchmark, version) -> the result, for those that are measured; language tasks are too many to compare."""
    return {
        (each.benchmark, each.version): each
        for each in model.scores
        if each.score is not None and group_of(each.benchmark) != "Languages"
    }
