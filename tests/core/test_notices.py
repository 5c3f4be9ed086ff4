"""Notices about the records in use."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from gateway.core.catalog import Feature, Grant, Route, Status, TreatmentException
from gateway.core.notices import Notice, NoticeKind, notices
from gateway.core.policy import EvidenceRule
from gateway.core.posture import LocationGuarantee, Training
from tests.builders import TODAY, a_policy, a_posture, a_price, a_provider, a_route, a_snapshot, facts_of

DAY = timedelta(days=1)


def kinds(*routes: Route, providers: tuple[str, ...] = ("alpha",)) -> list[NoticeKind]:
    return [notice.kind for notice in notices(a_snapshot(*routes), providers, TODAY)]


@pytest.mark.parametrize(
    ("route", "expected"),
    [
        (a_route(), []),
        (a_route(retires_on=TODAY + 31 * DAY), []),
        (a_route(retires_on=TODAY + 30 * DAY), [NoticeKind.RETIRES_SOON]),
        (a_route(retires_on=TODAY), [NoticeKind.RETIRES_SOON]),
        (a_route(retires_on=TODAY - DAY), [NoticeKind.RETIRED]),
        (a_route(status=Status.RETIRED), [NoticeKind.RETIRED]),
        (a_route(upstream_assumed=True), [NoticeKind.ASSUMED_NAME]),
        (a_route(price=a_price(read_on=TODAY - 90 * DAY)), []),
        (a_route(price=a_price(read_on=TODAY - 91 * DAY)), [NoticeKind.OLD_PRICE]),
    ],
)
def test_a_record_in_use_gives_notice_of_what_ends_and_what_was_assumed(
    route: Route, expected: list[NoticeKind]
) -> None:
    assert kinds(route) == expected
    assert kinds(route, providers=()) == []


def test_places_that_nobody_guarantees_give_notice() -> None:
    listed = a_posture(processed_in=frozenset({"DE"}), location_guarantee=LocationGuarantee.NOT_GUARANTEED)
    assert kinds(a_route(a_provider(facts=facts_of(listed)))) == [NoticeKind.PLACES_WITHOUT_GUARANTEE]


def test_a_price_per_token_among_prices_per_million_gives_notice() -> None:
    routes = [a_route("alpha", price=a_price(input="0.000001")), a_route("beta"), a_route("gamma")]
    assert kinds(*routes) == [NoticeKind.PRICE_OUTLIER]
    assert kinds(a_route("alpha", price=a_price(input="0.02")), *routes[1:]) == []


def test_a_notice_names_the_earliest_day_and_every_successor() -> None:
    first = a_route(retires_on=TODAY + 9 * DAY, successor="next")
    second = a_route(variant="fast", retires_on=TODAY + 2 * DAY, successor="other")
    (notice,) = notices(a_snapshot(first, second), ("alpha",), TODAY)
    assert notice == Notice(NoticeKind.RETIRES_SOON, "alpha", (first.id, second.id), TODAY + 2 * DAY, ("next", "other"))


def a_grant(ends: date | None = None, *exceptions: str) -> Grant:
    facts = {name: facts_of(a_posture())[name] for name in ("retention_days", "training")}
    return Grant("alpha", facts, "contract", ends, frozenset(exceptions))


@pytest.mark.parametrize(
    ("ends", "expected"),
    [
        (None, []),
        (TODAY + 31 * DAY, []),
        (TODAY + 30 * DAY, [NoticeKind.GRANT_ENDS_SOON]),
        (TODAY, [NoticeKind.GRANT_ENDS_SOON]),
        (TODAY - DAY, []),
    ],
)
def test_a_grant_that_ends_gives_notice_also_without_a_credential(
    ends: date | None, expected: list[NoticeKind]
) -> None:
    snapshot = a_snapshot(a_route(), grants=(a_grant(ends),))
    assert [notice.kind for notice in notices(snapshot, (), TODAY)] == expected


def test_a_grant_names_the_exceptions_that_undo_it() -> None:
    worse = {"training": facts_of(a_posture(training=Training.YES))["training"]}
    exceptions = (
        TreatmentException("trial", worse),
        TreatmentException("search", worse, features=frozenset({Feature.WEB_SEARCH})),
        TreatmentException("same", {"training": facts_of(a_posture())["training"]}),
    )
    route = a_route(a_provider(exceptions=exceptions))

    def names(grant: Grant) -> list[tuple[str, ...]]:
        return [n.names for n in notices(a_snapshot(route, grants=(grant,)), (), TODAY)]

    assert names(a_grant()) == [("trial",)]
    assert names(a_grant(None, "trial")) == []


@pytest.mark.parametrize(("age", "day"), [(120, None), (30, TODAY + 21 * DAY), (5, TODAY - 4 * DAY)])
def test_evidence_that_ages_out_is_counted_for_routes_in_use(age: int, day: date | None) -> None:
    facts = facts_of(a_posture(), read_on=TODAY - 10 * DAY, verified_on=None)
    route = a_route(a_provider(facts=facts))
    policy = a_policy("young", evidence=EvidenceRule(max_age_days=age))
    snapshot = a_snapshot(route, policies=(policy,))
    expected = () if day is None else (Notice(NoticeKind.EVIDENCE_AGES, "alpha", (route.id,), day, (), ("young",)),)
    assert notices(snapshot, ("alpha",), TODAY) == expected
    assert notices(snapshot, (), TODAY) == ()
