"""From a demand to the routes that may serve it, and to the accounts that pay."""

from __future__ import annotations

from dataclasses import replace

from gateway.core.errors import NoEligibleRoute, Unsupported
from gateway.core.organisation import Budget
from gateway.core.policy import RouteRules
from gateway.exchange.decide import decide, no_route
from tests.builders import NO_PRICE, WELL, a_policy, a_route, a_snapshot, an_organisation, some_abilities, some_health
from tests.exchange.test_stages import accepted, decided, identified


def test_a_reload_does_not_change_an_exchange_that_has_begun() -> None:
    before = accepted()
    replace(before.identified.in_force, snapshot=a_snapshot(digest="6" * 64))
    assert [eligible.route.id for eligible in decide(before, WELL).plan] == ["alpha/small"]


def test_a_caller_with_a_budget_gets_priced_routes_alone() -> None:
    unpriced = a_route("alpha", price=NO_PRICE)
    budgets = an_organisation(budgets=(Budget(10**9, "month"),))
    stage = decided(identified(a_snapshot(unpriced, organisation=budgets)))
    assert stage.capabilities.priced_only
    assert stage.bill.budgets
    assert stage.plan == ()
    assert [eligible.route.id for eligible in decided(identified(a_snapshot(unpriced))).plan] == ["alpha/small"]


def test_the_plan_follows_from_the_health_of_the_moment() -> None:
    sick = some_health(locked_out=frozenset({"alpha"}))
    stage = decide(accepted(), sick)
    assert (stage.plan, stage.health) == ((), sick)


def test_a_request_without_a_route_is_refused_for_policy_or_for_lack_of_ability() -> None:
    closed = a_snapshot(a_route("alpha"), policies=(a_policy("open", rules=RouteRules(only_providers=frozenset())),))
    assert isinstance(no_route(decided(identified(closed)), 0.0), NoEligibleRoute)
    unable = identified(a_snapshot(a_route("alpha", abilities=some_abilities(tools=False))))
    tools = [{"type": "function", "function": {"name": "f"}}]
    assert isinstance(no_route(decided(unable, tools=tools), 0.0), Unsupported)
