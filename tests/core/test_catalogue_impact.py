"""Effects of a change of the catalogue."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from gateway.core.catalog import Route
from gateway.core.catalogue_impact import ChangeImpact, Step, Surroundings, impact, spend_by_team
from gateway.core.policy import Policy
from gateway.core.snapshot import Snapshot
from gateway.core.traffic import Traffic, traffic
from tests.builders import TODAY, a_policy, a_receipt, a_route, a_snapshot, an_attempt
from tests.core.proposing import a_change

SINCE = date(2026, 10, 25)
ATTEMPT = an_attempt(route="alpha/small", usage={"input": 1_000_000, "output": 0})
MONTH = traffic([a_receipt(team="research", attempts=(ATTEMPT,))], SINCE, TODAY)
QUIET = Traffic(SINCE, TODAY)


def judge(route: Route, policy: Policy, snapshot: Snapshot) -> bool:
    """A stand-in policy: `strict` takes routes of at most 2 per million of input that are not retired."""
    assert snapshot.routes[route.id] is route
    if policy.name == "open":
        return True
    return (route.price.rates.input or 0) <= 2 and not route.is_retired(TODAY)


def around(*routes: Route, month: Traffic = QUIET, usable: tuple[str, ...] = ("alpha", "beta")) -> Surroundings:
    snapshot = a_snapshot(*routes, policies=(a_policy(),))
    return Surroundings(snapshot, judge, month, usable, in_use={"small"})


def test_a_policy_may_lose_a_route_and_a_model_its_last_one() -> None:
    effects = impact(a_change(after=Decimal(3)), around(a_route()))
    assert (effects.gained, effects.lost, effects.last_route) == ((), ("strict",), ("strict",))


def test_a_sibling_that_can_be_called_keeps_the_model_served() -> None:
    both = a_route(), a_route("beta")
    assert impact(a_change(after=Decimal(3)), around(*both)).last_route == ()
    assert impact(a_change(after=Decimal(3)), around(*both, usable=("alpha",))).last_route == ("strict",)


def test_a_policy_may_gain_a_route() -> None:
    route = a_route(retires_on=date(2026, 11, 1))
    change = a_change("retires_on", date(2026, 12, 1), before=date(2026, 11, 1))
    assert impact(change, around(route)).gained == ("strict",)


def test_last_month_is_rated_at_both_prices_and_the_hold_grows() -> None:
    effects = impact(a_change(after=Decimal("1.5")), around(a_route(), month=MONTH))
    assert effects.cost == Step(1_000_000_000, 1_500_000_000)
    assert effects.hold is not None
    assert effects.hold.difference > 0


def test_a_change_without_effect_has_none() -> None:
    change = a_change("successor", "big", before=None)
    assert impact(change, around(a_route(), month=MONTH)) == ChangeImpact()


def test_teams_pay_for_all_changes_together() -> None:
    changes = [a_change(after=Decimal(3)), a_change("price.output", Decimal(4), before=Decimal(2))]
    assert spend_by_team(changes, around(a_route(), month=MONTH)) == {"research": Step(1_000_000_000, 3_000_000_000)}
