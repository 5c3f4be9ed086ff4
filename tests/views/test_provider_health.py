from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from gateway.core.catalog import RouteId
from gateway.core.health import FaultScope, Health, Outage
from gateway.views.health import health_view
from gateway.views.provider_health import AttemptSums, WorkerOutages, attempt_sums, providers_view, sentence_on
from tests.builders import NOW, a_model, a_provider, a_receipt, a_route, a_snapshot, an_attempt

SNAPSHOT = a_snapshot(a_route(), a_route(model=a_model("large")), a_route(a_provider("beta")), a_route("gamma"))
HEALTH = Health(
    locked_out={"beta": Outage(FaultScope.CREDENTIAL, 160.0, 401, 40.0)},
    cooling={RouteId("alpha/small"): Outage(FaultScope.RATE, 107.5, 429, 99.0)},
)


def rows(health: Health = HEALTH, sums: dict[str, AttemptSums] | None = None) -> list[Any]:
    return over([worker(health)], sums or {})


def over(workers: list[WorkerOutages], sums: dict[str, AttemptSums]) -> list[Any]:
    return [*providers_view({"alpha", "beta", "gamma"}, SNAPSHOT, workers, sums)]


def worker(health: Health) -> WorkerOutages:
    return WorkerOutages([row for row in health_view(health, NOW, 100.0) if isinstance(row, dict)])


def test_providers_with_an_outage_come_first_with_why_and_until_when() -> None:
    alpha, beta, gamma = rows()
    assert (alpha["state"], alpha["words"]) == ("partly", "1 of 2 routes closed")
    assert (beta["state"], gamma["state"]) == ("closed", "serving")
    assert beta["outages"] == [
        {
            "place": "beta",
            "kind": "credential",
            "status": 401,
            "since": "2026-11-24T11:59:00Z",
            "until": "2026-11-24T12:01:00Z",
            "words": "The provider refused our credential (401). Renew SAFECONDUCT_PROVIDER_BETA_KEY, then reload.",
            "workers": 1,
            "of_workers": 1,
        }
    ]


def test_an_outage_that_one_worker_alone_knows_closes_a_part() -> None:
    later = Health(locked_out={"beta": Outage(FaultScope.CREDENTIAL, 170.0, 403, 60.0)})
    beta = over([worker(HEALTH), worker(Health())], {})[1]
    assert (beta["state"], beta["words"]) == ("partly", "1 of 1 routes closed at some workers")
    assert (beta["outages"][0]["workers"], beta["outages"][0]["of_workers"]) == (1, 2)
    both = next(row for row in over([worker(HEALTH), worker(later)], {}) if row["provider"] == "beta")
    assert both["state"] == "closed"
    (outage,) = both["outages"]
    assert (outage["since"], outage["until"]) == ("2026-11-24T11:59:00Z", "2026-11-24T12:01:10Z")


@pytest.mark.parametrize("scope", FaultScope)
def test_every_scope_has_words(scope: FaultScope) -> None:
    health = Health(cooling={RouteId("gamma/small"): Outage(scope, 107.0)})
    assert rows(health)[0]["outages"][0]["words"].endswith(".")


def test_figures_are_of_the_attempts_of_the_last_hour() -> None:
    failed = an_attempt(route="beta/small", outcome="failed", first_event_ms=-1)
    receipts = [
        a_receipt("A", attempts=(failed, an_attempt(first_event_ms=100))),
        *(a_receipt(f"B{ms}", attempts=(an_attempt(began_ms=10, first_event_ms=10 + ms),)) for ms in range(1, 100)),
        a_receipt("C", began_at="2026-11-24T10:00:00.000Z"),
    ]
    sums = attempt_sums(receipts, NOW - timedelta(hours=1))
    by_name = {row["provider"]: row for row in rows(Health(), sums)}
    alpha, beta = by_name["alpha"], by_name["beta"]
    assert (alpha["attempts"], alpha["failures"], alpha["first_p50_ms"], alpha["first_p95_ms"]) == (100, 0, 50, 95)
    assert (beta["attempts"], beta["failures"], beta["first_p50_ms"]) == (1, 1, None)
    assert by_name["gamma"]["attempts"] == 0
    assert (beta["failure_share"], by_name["gamma"]["failure_share"]) == (100, None)
    assert [(each["route"], each["attempts"]) for each in alpha["by_route"]] == [("alpha/small", 100)]


@pytest.mark.parametrize(
    ("health", "sentence"),
    [
        (Health(), "All 3 providers with a credential are serving."),
        (HEALTH, "1 of 3 providers is not serving; 1 has closed routes."),
    ],
)
def test_the_page_begins_with_a_sentence(health: Health, sentence: str) -> None:
    assert sentence_on(rows(health)) == sentence


def test_a_gateway_without_credentials_says_so() -> None:
    assert sentence_on([]) == "No provider has a credential."
    assert sentence_on(rows(Health())[:1]) == "The provider is serving."
