"""A caller's own standing."""

from __future__ import annotations

from datetime import UTC, datetime

from gateway.core.errors import Json
from gateway.core.limits import Concurrent, Rate
from gateway.core.policy import LayerKind, combine
from gateway.core.posture import Posture, Training
from gateway.views.own_key import bound_view, own_key
from tests.builders import a_key, a_layer, a_policy, a_principal, a_route, a_snapshot, a_team, an_organisation

BUDGETS: dict[str, Json] = {"currency": "USD", "timezone": "UTC", "data": [{"account": "key/key_1"}]}


def test_a_key_reads_its_policies_limits_and_end() -> None:
    limits = (Rate("requests", 60, "minute", 10), Concurrent(4))
    team = a_team(limits=limits, classes=frozenset({"public"}))
    snapshot = a_snapshot(a_route(), organisation=an_organisation(), teams={"research": team})
    key = a_key(label="laptop", expires_at=datetime(2027, 1, 1, tzinfo=UTC))
    strict = a_policy("strict", purpose="Keeps nothing.", bound=Posture(training=Training.NO, retention_days=30))
    view = own_key(a_principal(key, snapshot), combine([a_layer(strict, LayerKind.TEAM)]), BUDGETS)
    assert view["policies"] == [{"layer": "team", "policy": "strict", "purpose": "Keeps nothing."}]
    assert view["bound"] == {"training": "no", "retention_days": 30}
    assert view["limits"] == [
        {"account": "team/research", "counts": "requests", "amount": 60, "per": "minute", "burst": 10},
        {"account": "team/research", "counts": "concurrent", "amount": 4},
    ]
    assert (view["label"], view["expires_at"]) == ("laptop", "2027-01-01T00:00:00+00:00")
    assert view["classes"] == ["public"]
    assert (view["currency"], view["budgets"]) == ("USD", BUDGETS["data"])


def test_no_digest_of_a_secret_is_shown() -> None:
    key = a_key(digest="d" * 64)
    view = own_key(a_principal(key), combine([a_layer()]), BUDGETS)
    assert "d" * 64 not in repr(view)


def test_a_bound_shows_the_dimensions_that_it_limits() -> None:
    assert bound_view(Posture()) == {}
    assert bound_view(Posture(processed_in=frozenset({"SE", "FI"}))) == {"processed_in": ["FI", "SE"]}
