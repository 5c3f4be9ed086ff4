from __future__ import annotations

from typing import Any

from gateway.core.health import Health
from gateway.views.catalogue_index import ViewerMasks
from gateway.views.model_filters import filters_in
from gateway.views.model_list import ROUTES_A_PAGE, ModelList
from tests.views.shipped import indexed, under


def viewer(policy: str) -> ViewerMasks:
    index, reader = indexed(), under(policy)
    for _ in index.viewer_steps(reader.demanded, reader.means):
        pass
    return index.viewer(reader.demanded, reader.means, Health())


def listed(masks: ViewerMasks | None = None, **query: str) -> ModelList:
    index = indexed()
    filters = filters_in({name: (value,) for name, value in query.items()}, index)
    return ModelList(filters, index, masks)


def test_a_row_has_the_best_of_its_routes() -> None:
    rows = {str(row["id"]): row for row in listed(viewer("unrestricted"), q="magistral small").rows()}
    row: Any = rows["magistral-small"]
    assert (row["routes"], row["usable"]) == (indexed().models["magistral-small"].bit_count(), 3)
    assert row["in_eu"] >= 2
    assert row["strictest"]["policy"] == "eu-sovereign"
    assert row["strictest"]["routes"] == 1
    assert row["cheapest"] == {"input": "0.06", "output": "0.20", "currency": "USD", "of": "usable"}
    assert row["context"] == 128_000


def test_a_stranger_sees_no_verdicts_and_the_cheapest_listed() -> None:
    made = listed(q="magistral small")
    row: Any = next(made.rows())
    assert (row["usable"], row["cheapest"]["of"], made.summary()["usable"]) == (None, "listed", None)


def test_counts_of_the_summary_are_those_of_the_rows() -> None:
    made = listed(viewer("eu"), processed_in="EU", retention_days="0")
    summary, rows = made.summary(), [*made.rows()]
    assert summary["models"] == len(rows)
    assert summary["routes"] == sum(int(str(row["routes"])) for row in rows)
    assert summary["draft"] == "processed_in=EU&retention_days=0"


def test_rows_come_in_the_order_of_the_query() -> None:
    for sort in ("routes", "context"):
        made = listed(sort=sort)
        figures = [row[sort] or 0 for row in made.sorted([*made.rows()])]
        assert figures == sorted(figures, reverse=True)
    priced: list[Any] = listed(sort="price").sorted([*listed().rows()])
    costs = [float(r["cheapest"]["input"]) + float(r["cheapest"]["output"]) for r in priced if r["cheapest"]]
    assert costs == sorted(costs)
    assert [row["cheapest"] for row in priced if not row["cheapest"]] == [None] * sum(not r["cheapest"] for r in priced)
    strict: list[Any] = listed(sort="strict").sorted([*listed().rows()])
    assert strict[0]["strictest"]["policy"] == "eu-sovereign"


def test_where_nothing_remains_the_largest_gain_comes_first() -> None:
    summary: Any = listed(processed_in="SE", lab="OpenAI", q="magistral").summary()
    assert summary["routes"] == 0
    gains = [each["routes"] for each in summary["relax"]]
    assert gains == sorted(gains, reverse=True)
    assert len(gains) == 3


def test_routes_come_in_pages_with_a_verdict_for_the_reader() -> None:
    rows, pages = listed(viewer("eu-sovereign"), view="routes").route_rows()
    assert (len(rows), pages) == (ROUTES_A_PAGE, -(-len(indexed().routes) // ROUTES_A_PAGE))
    last, _ = listed(view="routes", page=str(pages + 5)).route_rows()
    assert 0 < len(last) <= ROUTES_A_PAGE
    assert {row["verdict"]["name"] for row in rows if isinstance(row["verdict"], dict)} <= {
        "usable",
        "unconnected",
        "refused",
    }
    stranger, _ = listed(view="routes", q="magistral small").route_rows()
    assert {row["verdict"] for row in stranger} == {None}
    home = next(row for row in stranger if row["route"] == "sandbox-se/magistral-small")
    assert (home["kept"], home["trained"]) == ("Not kept", "No")
