from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from gateway.core.errors import InvalidRequest
from gateway.views.comparison import ComparisonView, TypicalRequest, typical_request
from tests.views.shipped import DAY, shipped, under


def compared(*models: str, routes: tuple[str, ...] = (), policy: str = "", request: Any = None) -> dict[str, Any]:
    viewer = under(policy) if policy else None
    made = ComparisonView(shipped(with_sandbox=True), viewer, DAY, request or TypicalRequest())
    for _ in made.steps(models, routes):
        pass
    return dict(made.view())


def row(page: dict[str, Any], group: str, label: str) -> list[Any]:
    rows = next(each["rows"] for each in page["groups"] if each["name"] == group)
    return list(next(each["cells"] for each in rows if each["label"] == label))


ROUTES = ("sandbox-se/magistral-small", "sandbox-fr/magistral-small", "sandbox-us/magistral-small")


def test_what_is_less_careful_than_the_best_of_its_row_is_marked() -> None:
    page = compared(routes=ROUTES)
    assert [cell["worse"] for cell in row(page, "Privacy", "Kept at most")] == [False, True, True]
    assert [cell["worse"] for cell in row(page, "Privacy", "Processed in")] == [False, False, True]
    assert [cell["worse"] for cell in row(page, "Privacy", "Trained on")] == [False, False, False]
    assert [cell["words"] for cell in row(page, "Privacy", "Processed in")] == ["Sweden", "France", "United States"]


def test_a_model_stands_with_its_most_careful_priced_route() -> None:
    page = compared("magistral-small", "gpt-oss-120b")
    assert page["columns"][0]["route"] == "sandbox-se/magistral-small"
    assert len(page["columns"][1]["routes"]) > 10
    assert page["columns"][0]["verdict"] is None


def test_the_cheapest_allowed_is_marked_and_not_the_cheapest_of_all() -> None:
    page = compared(routes=ROUTES, policy="eu", request=TypicalRequest(1_000_000, 0))
    costs = row(page, "Price", "Cost of the request")
    assert [cell["amount"] for cell in costs] == ["0.2", "0.12", "0.06"]
    assert [cell["cheapest"] for cell in costs] == [False, True, False]
    assert [column["verdict"]["name"] for column in page["columns"]] == ["usable", "usable", "refused"]
    assert [cell["price"] for cell in row(page, "Price", "Input, per million")] == ["0.20", "0.12", "0.06"]


def test_a_cached_share_is_charged_as_read_from_a_cache() -> None:
    usage = typical_request(("1000", "10", "0.25")).usage
    assert (usage.input, usage.cache_read, usage.output) == (750, 250, 10)
    assert typical_request(("", "", "")) == TypicalRequest()
    assert typical_request(("0", "0", "1")).cached == Decimal(1)


WRONG = ["-1||", "1e3||", "99999999||", "|x|", "||1.1", "||nan", "||."]


@pytest.mark.parametrize("text", WRONG)
def test_sizes_that_are_no_numbers_are_named(text: str) -> None:
    input, output, cached = text.split("|")
    with pytest.raises(InvalidRequest):
        typical_request((input, output, cached))


def test_unknown_names_and_too_many_are_refused() -> None:
    for models, routes in ((("no-such",), ()), ((), ("no/such",)), (("magistral-small",) * 6, ())):
        with pytest.raises(InvalidRequest):
            compared(*models, routes=routes)


def test_benchmarks_stand_side_by_side_in_one_version_alone() -> None:
    scored = [model for model in shipped().models.values() if any(s.benchmark == "SWE-Bench Pro" for s in model.scores)]
    one, other = scored[0].id, scored[1].id
    page = compared(one, other)
    rows = next(each["rows"] for each in page["groups"] if each["name"] == "Benchmarks")
    assert all(len(each["cells"]) == 2 for each in rows)
    alone = compared(one, "magistral-small")
    assert next(each["rows"] for each in alone["groups"] if each["name"] == "Benchmarks") == []
    assert row(page, "Abilities", "Tools")[0]["words"] in ("Yes", "No", None)
