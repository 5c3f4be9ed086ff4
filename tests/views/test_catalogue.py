"""The catalogue over HTTP: what there is, on which facts, and what this caller may use."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from gateway.core.catalog import BenchmarkScore, Status
from gateway.core.cost import Tier
from gateway.core.organisation import Budget
from gateway.core.posture import UNKNOWN, Posture, Training
from gateway.exchange.services import InForce
from gateway.views.catalogue import Viewer, model_page, plain_demand, price_view, route_view
from tests.asgi.gate import KEY, Door, a_door
from tests.builders import (
    NO_PRICE,
    TODAY,
    a_fact,
    a_model,
    a_policy,
    a_posture,
    a_price,
    a_provider,
    a_route,
    a_snapshot,
    an_exception,
    demanded_by,
    facts_of,
    some_facts,
    some_means,
    some_rates,
)
from tests.exchange.test_lifecycle import GOOD
from tests.scripted import Provider

TRAINS = a_provider("beta", facts=facts_of(a_posture(training=Training.YES)))
LARGE = a_model("large", aliases=("big",))
SNAPSHOT = a_snapshot(
    a_route("alpha"),
    a_route(TRAINS),
    a_route(TRAINS, LARGE),
    a_route("gamma", LARGE, variant="fast"),
    aliases={"big": "large"},
)
NO_TRAINING = demanded_by(a_policy("no-training", bound=Posture(training=Training.NO)))


def a_viewer(*providers: str, **changed: Any) -> Viewer:
    return Viewer(changed.get("demanded", NO_TRAINING), some_means(*providers), TODAY)


@pytest.mark.parametrize(
    ("kind", "dialect", "endpoint"),
    [
        ("chat", "openai_chat", "chat"),
        ("embedding", "openai_embeddings", "embeddings"),
        ("transcription", "openai_chat", "chat"),
    ],
)
def test_a_plain_demand_asks_for_what_the_model_is_for(kind: str, dialect: str, endpoint: str) -> None:
    demand = plain_demand(a_model(kind=kind))
    assert (demand.dialect, demand.operation.name, demand.model) == (dialect, endpoint, "small")
    assert (demand.needs, demand.features) == (frozenset(), frozenset())


def test_a_route_shows_posture_evidence_and_why_not() -> None:
    disputed = a_fact(
        Training.YES, read_on=date(2026, 1, 2), verified_on=None, disputed=(Training.NO,), note="two pages disagree"
    )
    provider = a_provider(
        "beta",
        plan="pay-as-you-go",
        facts={**facts_of(a_posture(processed_in=UNKNOWN)), "training": disputed},
        exceptions=(an_exception("files", facts=some_facts(retention_days=30), note="Files are kept."),),
    )
    route = a_route(provider, quantization="fp8", status=Status.DEPRECATED)
    view: Any = route_view(route, a_viewer(), a_snapshot(route))
    assert (view["route"], view["provider"], view["plan"]) == ("beta/small", "beta", "pay-as-you-go")
    assert (view["quantization"], view["status"], view["variant"]) == ("fp8", "deprecated", None)
    assert view["posture"]["training"] == "yes"
    assert view["posture"]["processed_in"] == "unknown", "never an empty list"
    assert view["evidence"]["training"] == {
        "value": "yes",
        "read_on": "2026-01-02",
        "verified_on": None,
        "verified_by": None,
        "sources": [{"url": "https://provider.example/terms", "dated": None}],
        "disputed": ["no"],
        "note": "two pages disagree",
    }
    assert view["evidence"]["dpa"]["verified_on"] == "2026-11-24"
    assert view["exceptions"] == [{"id": "files", "note": "Files are kept."}]
    assert view["eligible"] is False
    (reason,) = view["reasons"]
    assert (reason["kind"], reason["dimension"]) == ("posture", "training")
    assert (reason["offered"], reason["demanded"], reason["policy"]) == ("yes", "no", "no-training")


def test_an_exception_of_the_model_is_in_the_posture() -> None:
    provider = a_provider(exceptions=(an_exception(facts=some_facts(retention_days=30), models=frozenset({"small"})),))
    route = a_route(provider)
    view: Any = route_view(route, a_viewer(), a_snapshot(route))
    assert view["posture"]["retention_days"] == 30


def test_prices_are_exact_strings_and_unpriced_is_not_zero() -> None:
    tier = Tier(above=272_000, rates=some_rates(input="5.00", output="22.5"))
    price: Any = price_view(a_price("EUR", input="0.10", cache_read="0.000000001", tiers=(tier,), note="net"))
    assert price["per_million"] == {"input": "0.10", "output": "2", "cache_read": "0.000000001"}
    assert price["tiers"] == [{"above_input_tokens": 272_000, "per_million": {"input": "5.00", "output": "22.5"}}]
    assert (price["currency"], price["source"], price["read_on"], price["note"]) == (
        "EUR",
        "price list",
        "2026-11-24",
        "net",
    )
    assert price_view(NO_PRICE) is None
    assert price_view(a_price(input="0", output="0")) is None
    free: Any = price_view(a_price(input="0", output="0", free=True))
    assert (free["free"], free["per_million"]["input"]) == (True, "0")


def test_a_benchmark_without_a_score_is_shown_without_one() -> None:
    scores = (
        BenchmarkScore("MMLU", 71.5, "accuracy", "https://lab.example"),
        BenchmarkScore("Profit", 14502.375, "USD", "https://shop.example"),
        BenchmarkScore("Arena", None, "Elo", "https://arena.example"),
    )
    model = a_model(scores=scores)
    route = a_route(model=model)
    page: Any = model_page(model, a_viewer(), a_snapshot(route))
    assert [(s["benchmark"], s["score"]) for s in page["benchmarks"]] == [
        ("MMLU", "71.5"),
        ("Profit", "14502.375"),
        ("Arena", None),
    ]


# --- over HTTP -------------------------------------------------------------------------------------------------------


async def shown(door: Door) -> Door:
    now = door.desk.in_force
    door.desk.in_force = InForce(
        a_snapshot(*SNAPSHOT.routes.values(), policies=(a_policy("no-training", bound=Posture(training=Training.NO)),)),
        some_means(),
        now.targets,
    )
    return door


async def test_each_caller_sees_its_own_eligibility(tmp_path: Path) -> None:
    async with Provider(GOOD) as alpha, a_door(tmp_path, alpha) as door:
        await shown(door)
        strict = await door.key("sc_strict", policy="no-training")
        for headers, usable in ((KEY, {"small": 2, "large": 2}), (strict, {"small": 1, "large": 1})):
            listed = (await door.get("/v1/catalog/models", headers)).json()
            assert listed["snapshot"] == "5" * 64
            assert {m["id"]: m["routes"] for m in listed["data"]} == {"small": 2, "large": 2}
            assert {m["id"]: m["routes_you_may_use"] for m in listed["data"]} == usable
            page = (await door.get("/v1/catalog/models/small", headers)).json()
            assert sum(r["eligible"] for r in page["routes"]) == usable["small"]
            why = (await door.get("/v1/explain?model=small", headers)).json()
            assert why == {"model": "small", "routes": page["routes"]}
        assert len((await door.get("/v1/models")).json()["data"]) == 6
        assert len((await door.get("/v1/models", strict)).json()["data"]) == 4


@pytest.mark.parametrize(
    "name", ["small", "alpha/small", "alpha%2Fsmall", "big", "gamma/large@fast", "gamma%2Flarge%40fast"]
)
async def test_a_model_is_found_by_every_name_a_request_may_use(tmp_path: Path, name: str) -> None:
    async with Provider(GOOD) as alpha, a_door(tmp_path, alpha) as door:
        await shown(door)
        door.desk.in_force.snapshot.aliases["big"] = "large"  # type: ignore[index]
        model = (await door.get(f"/v1/models/{name}")).json()
        plain = name.replace("%2F", "/").replace("%40", "@")
        assert (model["id"], model["object"], model["created"], model["owned_by"]) == (plain, "model", 0, "lab")
        page = (await door.get(f"/v1/catalog/models/{name}")).json()
        assert page["id"] == ("small" if "small" in name else "large")


async def test_an_explanation_of_a_pinned_model_is_of_that_route(tmp_path: Path) -> None:
    async with Provider(GOOD) as alpha, a_door(tmp_path, alpha) as door:
        await shown(door)
        for name, routes in (
            ("beta/small", ["beta/small"]),
            ("gamma/large@fast", ["gamma/large@fast"]),
            ("large", ["beta/large", "gamma/large@fast"]),
        ):
            answer = await door.get(f"/v1/explain?model={name}")
            assert [r["route"] for r in answer.json()["routes"]] == routes
        missing = await door.get("/v1/explain")
        assert (missing.status_code, missing.json()["error"]["param"]) == (400, "model")


async def test_a_new_snapshot_and_another_caller_are_seen_at_once(tmp_path: Path) -> None:
    """What is listed may be remembered, but never for somebody or something else."""

    async with Provider(GOOD) as alpha, a_door(tmp_path, alpha) as door:
        first = await door.get("/v1/models")
        assert (await door.get("/v1/models")).content == first.content
        await shown(door)
        assert (await door.get("/v1/models")).content != first.content
        strict = await door.key("sc_strict", policy="no-training")
        listed = [len((await door.get("/v1/models", h)).json()["data"]) for h in (KEY, strict, KEY, strict)]
        assert listed == [6, 4, 6, 4]


async def test_under_a_hard_budget_an_unpriced_route_is_not_eligible(tmp_path: Path) -> None:
    async with Provider(GOOD) as alpha, a_door(tmp_path, alpha, price=NO_PRICE) as door:
        assert len((await door.get("/v1/models")).json()["data"]) == 2
        limited = await door.key("sc_limited", budgets=(Budget(limit=10**9, window="day"),))
        assert (await door.get("/v1/models", limited)).json()["data"] == []
        (route,) = (await door.get("/v1/explain?model=small", limited)).json()["routes"]
        assert [r["kind"] for r in route["reasons"]] == ["unpriced"]
