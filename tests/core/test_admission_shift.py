"""Differences between two sets of documents."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from gateway.core.admission_shift import ABSENT, ComparedSide, admission_shift, deciding, traffic_shift
from gateway.core.catalog import Route
from gateway.core.evaluation import Kind, Reason
from gateway.core.policy import MaxPrice, Policy, RouteRules
from gateway.core.receipt import Receipt
from gateway.core.replay import demand_record
from gateway.core.snapshot import Snapshot
from tests.builders import TODAY, a_demand, a_policy, a_price, a_receipt, a_route, a_snapshot, some_means

CHEAP, DEAR = a_route("alpha", price=a_price(input="1", output="2")), a_route("beta", price=a_price(input="3"))
MEANS = some_means("alpha", "beta")


def reasons(route: Route, policy: Policy, snapshot: Snapshot) -> tuple[Reason, ...]:
    """A stand-in for a policy's judgement: `strict` refuses prices above 2."""
    assert snapshot.routes[route.id] is route
    dear = policy.name == "strict" and (route.price.rates.input or 0) > 2
    return (Reason(Kind.PRICE, "input"),) if dear else ()


def side(policy: str, *routes: Route) -> ComparedSide:
    snapshot = a_snapshot(*routes, policies=(a_policy(),))
    return ComparedSide(snapshot, snapshot.policies[policy])


def test_a_tighter_policy_loses_routes_and_says_by_which_dimension() -> None:
    shift = admission_shift(side("open", CHEAP, DEAR), side("strict", CHEAP, DEAR), reasons)
    assert (shift.before, shift.after, shift.routes, shift.models) == ("open", "strict", (2, 1), (1, 1))
    assert [(lost.route, lost.codes) for lost in shift.lost] == [("beta/small", ("price:input",))]
    assert (shift.gained, shift.models_lost, shift.is_empty) == ((), (), False)
    assert deciding(shift.lost) == {"price:input": 1}


def test_a_model_may_lose_its_last_route() -> None:
    shift = admission_shift(side("open", DEAR), side("strict", DEAR), reasons)
    assert shift.models_lost == ("small",)
    assert admission_shift(side("strict", DEAR), side("open", DEAR), reasons).models_gained == ("small",)


def test_a_route_that_one_side_does_not_declare_is_absent_there() -> None:
    shift = admission_shift(side("open", CHEAP), side("open", CHEAP, DEAR), reasons)
    assert [(gained.route, gained.codes) for gained in shift.gained] == [("beta/small", (ABSENT,))]


def test_equal_sides_do_not_differ() -> None:
    assert admission_shift(side("open", CHEAP), side("open", CHEAP), reasons).is_empty


def snapshot(most: str | None, *routes: Route) -> Snapshot:
    """Documents whose policy `open` takes at most that input price."""
    rules = RouteRules(max_price=MaxPrice(input=None if most is None else Decimal(most)))
    return a_snapshot(*(routes or (CHEAP, DEAR)), policies=(a_policy("open", rules=rules),))


def decided(**changed: Any) -> Receipt:
    demand = a_demand()
    values: dict[str, Any] = {
        "demand": demand_record(demand),
        "dialect": demand.dialect,
        "operation": demand.operation.name,
        "capabilities": "c",
        "day": TODAY.isoformat(),
        "policy": {"organisation": "open"},
        **changed,
    }
    return a_receipt(**values)


def test_exchanges_that_go_as_before_are_the_same() -> None:
    shift = traffic_shift([decided(), decided()], snapshot(None), snapshot(None), MEANS)
    assert (shift.exchanges, shift.same, shift.moved, shift.refused) == (2, 2, 0, 0)
    assert shift.cost == (2_080_000, 2_080_000)


def test_exchanges_move_where_their_first_route_is_gone() -> None:
    shift = traffic_shift([decided()], snapshot(None), snapshot(None, DEAR), MEANS)
    assert (shift.moved, shift.same) == (1, 0)
    assert shift.cost == (1_040_000, 3_040_000)


def test_exchanges_are_refused_where_no_route_is_left_and_served_the_other_way() -> None:
    shift = traffic_shift([decided()], snapshot(None), snapshot("0.5"), MEANS)
    assert (shift.refused, shift.refused_models, shift.cost) == (1, {"small": 1}, (0, 0))
    assert traffic_shift([decided()], snapshot("0.5"), snapshot(None), MEANS).served == 1
    assert traffic_shift([decided()], snapshot("0.5"), snapshot("0.5"), MEANS).same == 1


def test_a_receipt_that_cannot_be_decided_again_is_left_out() -> None:
    receipts = [decided(capabilities=""), decided(policy={"organisation": "gone"})]
    shift = traffic_shift(receipts, snapshot(None), snapshot(None), MEANS)
    assert (shift.exchanges, shift.left_out) == (0, 2)


def test_a_policy_of_one_side_alone_decides_nothing() -> None:
    one = snapshot(None)
    other = replace(one, policies={**one.policies, "new": a_policy("new")})
    assert traffic_shift([decided(policy={"organisation": "new"})], one, other, MEANS).left_out == 1
