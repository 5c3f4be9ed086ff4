from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from gateway.core.errors import InvalidRequest
from gateway.reports.sight import Sight
from gateway.reports.spend import LedgerDay, spend
from tests.builders import TODAY, a_principal, a_receipt, an_attempt
from tests.reports.ledgers import ledger_of

HELD = an_attempt(usage_source="held", cost=1_000_000)
KEPT = (
    a_receipt("A"),
    a_receipt("B", key="key_2", team="other", attempts=(HELD,), cost=1_000_000),
    a_receipt("C", currency="EUR"),
)

EVERYBODY = Sight()


def report(folder: Path, query: Mapping[str, str] | None = None, sight: Sight = EVERYBODY) -> dict[str, Any]:
    return dict(spend(ledger_of(folder, *KEPT), query or {}, sight, {"key_1": "laptop"}, LedgerDay(TODAY, "USD")))


def test_cost_is_summed_in_one_currency_and_the_others_are_named(tmp_path: Path) -> None:
    view = report(tmp_path)
    assert view["currencies"] == ["EUR", "USD"]
    assert (view["currency"], view["total"], view["unreported"]) == ("USD", "0.00204", "0.001")
    assert [(line["team"], line["cost"]) for line in view["data"]] == [("research", "0.00104"), ("other", "0.001")]
    assert report(tmp_path / "2", {"currency": "EUR"})["total"] == "0.00104"


def test_groups_may_be_several_and_a_key_sees_its_own(tmp_path: Path) -> None:
    assert [line["words"] for line in report(tmp_path, {"by": "team,key"})["data"]] == [
        "research, laptop",
        "other, key_2",
    ]
    own = report(tmp_path / "2", None, Sight(a_principal()))
    assert (own["by"], own["total"]) == (["model"], "0.00104")


@pytest.mark.parametrize("query", [{"by": "day"}, {"currency": "CHF"}, {"outcome": "served"}])
def test_an_unknown_question_is_refused(tmp_path: Path, query: dict[str, str]) -> None:
    with pytest.raises(InvalidRequest):
        report(tmp_path, query)
