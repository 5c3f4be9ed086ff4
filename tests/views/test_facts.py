"""Facts, one line each."""

from __future__ import annotations

from gateway.core.posture import Training
from gateway.views.facts import fact_lines, fact_view
from tests.builders import TODAY, a_fact, a_provider, a_route, a_snapshot


def test_facts_stand_by_age_and_one_without_a_date_is_the_oldest() -> None:
    facts = {
        "training": a_fact(Training.NO, verified_on=None, read_on=TODAY.replace(year=2025), sources=()),
        "retention_days": a_fact(0),
        "logging": a_fact(1, verified_on=None, read_on=None, sources=()),
    }
    lines = fact_lines(a_snapshot(a_route(a_provider(facts=facts)), a_route("beta")), {"alpha"})
    alpha = [line for line in lines if line.provider == "alpha"]
    assert [line.dimension for line in alpha] == ["logging", "training", "retention_days"]
    assert [line.age_days(TODAY) for line in alpha] == [None, 365, 0]
    assert {line.routes for line in lines} == {0, 1}
    assert fact_view(alpha[1], TODAY)["value"] == "no"
