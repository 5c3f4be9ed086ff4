from __future__ import annotations

from typing import Any

from gateway.core.catalog import RouteId
from gateway.core.health import FaultScope, Health, Outage
from gateway.core.policy import Layer, LayerKind
from gateway.core.posture import Posture, Training
from gateway.views.drafts import Judge
from gateway.views.explanations import explanation
from tests.builders import TODAY, a_policy, a_posture, a_provider, a_route, a_snapshot, facts_of, some_means

POLICY = a_policy("strict", bound=Posture(training=Training.NO, retention_days=0))
TRAINS = a_route(a_provider("beta", facts=facts_of(a_posture(training=Training.YES))))
ALSO = a_route(a_provider("gamma", facts=facts_of(a_posture(training=Training.YES))))
WORSE = a_route(
    a_provider("delta", facts=facts_of(a_posture(training=Training.YES, retention_days=3, stored_in=frozenset({"SE"}))))
)
FAR = a_route("far")
JUDGE = Judge(
    a_snapshot(a_route(), TRAINS, ALSO, WORSE, FAR, policies=(POLICY,)), some_means("alpha", "beta", "delta"), TODAY
)
LAYERS = (Layer(LayerKind.ORGANISATION, a_policy("open")), Layer(LayerKind.TEAM, POLICY))


def shown(health: Health | None = None) -> dict[str, Any]:
    return dict(explanation("small", LAYERS, JUDGE, health or Health()))


def test_every_route_has_a_verdict_and_every_reason_words() -> None:
    view = shown()
    assert view["layers"] == [{"layer": "organisation", "policy": "open"}, {"layer": "team", "policy": "strict"}]
    assert [(route["route"], route["verdict"]["words"]) for route in view["routes"]] == [
        ("alpha/small", "May serve, no. 1"),
        ("far/small", "Not connected"),
        ("beta/small", "Refused by policy"),
        ("gamma/small", "Refused by policy"),
        ("delta/small", "Refused by policy"),
    ]
    beta = view["routes"][2]
    assert beta["one_clause"] is True
    assert beta["reasons"][0]["words"] == "trains on content; policy strict (team) demands no training"


def test_a_single_relaxation_names_whom_it_would_admit_and_who_of_them_is_connected() -> None:
    (relaxation,) = shown()["closest"]
    assert relaxation["relax"]["dimension"] == "training"
    assert (relaxation["admits"], relaxation["connected"]) == (["beta/small", "gamma/small"], ["beta/small"])


def test_an_outage_of_the_moment_is_a_verdict() -> None:
    health = Health(cooling={RouteId("alpha/small"): Outage(FaultScope.ROUTE, 10.0)})
    verdicts = {route["route"]: route["verdict"]["words"] for route in shown(health)["routes"]}
    assert verdicts["alpha/small"] == "Not answering"
