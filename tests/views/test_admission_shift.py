"""Differences between two sets of documents, as JSON and in words."""

from __future__ import annotations

from typing import Any

from gateway.core.admission_shift import AdmissionShift, ShiftedRoute, TrafficShift
from gateway.core.catalog import RouteId
from gateway.views.admission_shift import shift_view, traffic_words

LOST = ShiftedRoute(RouteId("beta/small"), "small", ("posture:training", "price:input"))
SHIFT = AdmissionShift("open", "strict", (2, 1), (1, 0), (), (LOST,), (), ("small",))


def test_json_has_every_route_with_its_reasons() -> None:
    view: Any = shift_view([SHIFT], TrafficShift(exchanges=3, refused=1, cost=(1, 2_000_000_000)), "USD")
    (policy,) = view["policies"]
    assert policy["lost"] == [{"route": "beta/small", "model": "small", "reasons": ["posture:training", "price:input"]}]
    assert policy["deciding"]["lost"] == {"posture:training": 1, "price:input": 1}
    assert view["traffic"]["cost"] == {"before": "0.000000001", "after": "2", "currency": "USD"}


def test_people_read_the_effect_on_past_exchanges() -> None:
    shift = TrafficShift(10, same=5, moved=2, refused=3, left_out=1, refused_models={"small": 3})
    words = " ".join(traffic_words(shift, "USD"))
    assert "Of 10 exchanges of the last thirty days 5 go as before, 2 to another route first." in words
    assert "3 would be refused (small: 3)" in words
    assert "1 receipts hold no comparable decision." in words


def test_without_receipts_that_is_said() -> None:
    assert traffic_words(TrafficShift(), "USD") == ["No receipt of the last thirty days holds a decision to compare."]
