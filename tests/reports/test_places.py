from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from gateway.core.errors import InvalidRequest
from gateway.reports.places import places
from gateway.reports.sight import Sight
from tests.builders import TODAY, a_principal, a_receipt, a_snapshot, an_attempt, an_organisation
from tests.reports.ledgers import ledger_of

FAILED = an_attempt(route="walk-us/small", region="US", status=500, outcome="failed", cost=0, usage={})
KEPT = (
    a_receipt("A", attempts=(FAILED, an_attempt())),
    a_receipt("B", key="key_2", team="other"),
    a_receipt("C", attempts=(), outcome="refused", route="", region="", cost=0),
    a_receipt("D", began_at="2026-09-01T00:00:00.000Z"),
)

EVERYBODY = Sight()


def report(folder: Path, query: Mapping[str, str] | None = None, sight: Sight = EVERYBODY) -> dict[str, Any]:
    return dict(places(ledger_of(folder, *KEPT), query or {}, sight, a_snapshot(), TODAY))


def test_what_left_is_reported_with_what_failed_and_what_was_refused_is_not(tmp_path: Path) -> None:
    view = report(tmp_path)
    assert (view["requests"], view["failed"], view["sides"]["outside"]) == (3, 1, 1)
    assert [(line["value"], line["requests"], line["failed"]) for line in view["places"]] == [
        ("SE", 2, 0),
        ("US", 1, 1),
    ]
    assert (view["since"], view["until"]) == ("2026-10-26", "2026-11-24")


def test_a_report_is_narrowed_by_filters_and_by_who_asks(tmp_path: Path) -> None:
    assert report(tmp_path, {"team": "other"})["requests"] == 1
    assert report(tmp_path / "2", None, Sight(a_principal()))["requests"] == 2
    assert report(tmp_path / "3", {"provider": "walk-us"})["requests"] == 1
    assert report(tmp_path / "4", {"since": "2026-09-01"})["requests"] == 4


def test_the_organisation_says_what_counts_as_inside(tmp_path: Path) -> None:
    regions = {"EU": frozenset({"SE"}), "US": frozenset({"US"})}
    snapshot = a_snapshot(regions=regions, organisation=an_organisation(home="US"))
    ledger = ledger_of(tmp_path, *KEPT)
    for query, outside in (({}, 2), ({"home": "EU"}, 1)):
        view: Any = places(ledger, query, EVERYBODY, snapshot, TODAY)
        assert view["sides"]["outside"] == outside


@pytest.mark.parametrize("query", [{"by": "money"}, {"home": "MOON"}, {"outcome": "served"}])
def test_an_unknown_question_is_refused(tmp_path: Path, query: dict[str, str]) -> None:
    with pytest.raises(InvalidRequest):
        report(tmp_path, query)
