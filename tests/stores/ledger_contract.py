"""What every ledger answers to the same receipts, whoever keeps them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from datetime import date
from typing import Protocol

import pytest

from gateway.core.receipt import Receipt, as_json
from gateway.core.selection import Selection, days
from gateway.stores.books.books import Ledger, UsageRow
from gateway.stores.ledger.ledger import PagedLedger, every_receipt
from tests.builders import a_receipt, an_attempt

USED = {"input": 1_000, "output": 20}
RECEIPTS = (
    a_receipt("A", cost=5),
    a_receipt(
        "B",
        cost=7,
        key="key_2",
        route="beta/small",
        region="eu-north-1",
        end_user="sc_1",
        began_at="2026-11-25T08:00:00.000Z",
    ),
    a_receipt(
        "C",
        cost=0,
        key="key_2",
        route="",
        region="",
        outcome="refused",
        attempts=(),
        began_at="2026-11-25T09:00:00.000Z",
    ),
)


class Read(Ledger, PagedLedger, Protocol):
    """Both ways to read one."""


class LedgerContract(ABC):
    """A test class of its own per kind of ledger."""

    @abstractmethod
    def ledger_of(self, *receipts: Receipt) -> Read:
        """The ledger of a gateway with the chain `one` that wrote these receipts."""

    def test_a_receipt_is_found_by_its_id(self) -> None:
        ledger = self.ledger_of(*RECEIPTS)
        found = ledger.receipt("B")
        assert found is not None
        assert found == as_json(replace(RECEIPTS[1], chain="one", sequence=2, previous=str(found["previous"])))
        assert ledger.receipt("Z") is None

    def test_the_newest_come_first(self) -> None:
        ledger = self.ledger_of(*RECEIPTS)
        assert [r["id"] for r in ledger.newest(2)] == ["C", "B"]
        assert [r["id"] for r in ledger.newest(10, Selection(where={"key": "key_1"}))] == ["A"]

    def test_each_place_that_content_went_to_has_its_share_and_the_exchange_counts_once(self) -> None:
        """A failure in the US and an answer in Germany: both are there."""
        broken = an_attempt(route="walk-us/small", region="US", status=500, outcome="failed", cost=3, usage={})
        answer = an_attempt(route="walk-de/small", region="DE", cost=4)
        served = {"route": "walk-de/small", "region": "declared:DE"}
        ledger = self.ledger_of(a_receipt("A", attempts=(broken, answer), cost=7, **served), a_receipt("B", cost=5))
        assert ledger.usage(("region",)) == [
            UsageRow(("declared:DE",), 1, USED, 4, 1),
            UsageRow(("declared:SE",), 1, USED, 5, 1),
            UsageRow(("declared:US",), 0, {}, 3, 1),
        ]
        assert [row.group for row in ledger.usage(("provider", "key"), Selection(where={"key": "key_1"}))] == [
            ("alpha", "key_1"),
            ("walk-de", "key_1"),
            ("walk-us", "key_1"),
        ]
        whole = UsageRow((), 2, {"input": 2_000, "output": 40}, 12, 3)
        assert ledger.usage(()) == [whole]

    def test_a_region_that_the_provider_reports_keeps_the_countries_that_its_record_declares(self) -> None:
        reported = an_attempt(region="DE+SE", observed={"region": "Sweden Central"})
        broken = an_attempt(route="beta/small", region="US", outcome="failed", cost=3, usage={}, usage_source="held")
        nobody_says = an_attempt(route="gamma/small", region="unknown", usage={}, cost=0)
        ledger = self.ledger_of(
            a_receipt("A", attempts=(broken, reported), region="Sweden Central", cost=1_040_003),
            a_receipt("B", attempts=(nobody_says,), route="gamma/small", region="declared:unknown", cost=0),
            a_receipt("C", attempts=(reported,), region="Sweden Central"),
            a_receipt("D", attempts=(), outcome="refused", route="", region="", cost=0),
        )
        rows = ledger.usage(("countries", "outcome"))
        assert [(row.group, row.exchanges, row.sent, row.unreported) for row in rows] == [
            (("", "refused"), 1, 0, 0),
            (("DE+SE", "served"), 2, 2, 0),
            (("US", "served"), 0, 1, 3),
            (("unknown", "served"), 1, 1, 0),
        ]
        within = Selection(where={"countries": "US"})
        assert [(row.group, row.sent) for row in ledger.usage(("provider",), within)] == [(("beta",), 1)]
        assert [receipt["id"] for receipt in ledger.newest(9, within)] == ["A"]

    def test_cost_that_no_provider_reported_stands_apart(self) -> None:
        held = an_attempt(usage_source="held", cost=9, usage={})
        estimated = an_attempt(usage_source="estimated", cost=2)
        ledger = self.ledger_of(
            a_receipt("A", attempts=(held, estimated), cost=11),
            a_receipt("B", attempts=(estimated,), cost=2),
            a_receipt("C", cost=7),
        )
        assert [(row.cost, row.unreported) for row in ledger.usage(())] == [(20, 13)]

    @pytest.mark.parametrize(
        ("within", "ids"),
        [
            (Selection(), ["C", "B", "A"]),
            (Selection(where={"team": "research", "model": "small"}), ["C", "B", "A"]),
            (Selection(where={"outcome": "refused"}), ["C"]),
            (Selection(where={"code": "no_eligible_route"}), ["C"]),
            (Selection(where={"provider": "beta"}), ["B"]),
            (Selection(where={"route": "alpha/small", "policy": "open"}), ["A"]),
            (Selection(where={"key": "key_2"}), ["C", "B"]),
            (Selection(where={"key": "key_1", "provider": "beta"}), []),
            (days(date(2026, 11, 25)), ["C", "B"]),
            (days(until=date(2026, 11, 24)), ["A"]),
            (Selection(date(2026, 11, 25), date(2026, 11, 25), {"key": "key_1"}), []),
        ],
    )
    def test_receipts_are_listed_by_what_they_say(self, within: Selection, ids: list[str]) -> None:
        ledger = self.ledger_of(*RECEIPTS[:2], replace(RECEIPTS[2], code="no_eligible_route"))
        assert [receipt["id"] for receipt in ledger.newest(9, within)] == ids

    def test_a_list_goes_on_below_the_last_id(self) -> None:
        ledger = self.ledger_of(*RECEIPTS)
        assert [r["id"] for r in ledger.newest(1, before="C")] == ["B"]
        assert [r["id"] for r in ledger.newest(9, Selection(where={"key": "key_2"}), before="C")] == ["B"]
        assert ledger.newest(9, before="A") == []

    def test_each_key_has_the_day_of_its_last_exchange(self) -> None:
        ledger = self.ledger_of(*RECEIPTS, a_receipt("D", key=""))
        assert ledger.last_days() == {"key_1": "2026-11-24", "key_2": "2026-11-25"}

    def test_receipts_are_listed_by_known_words_only(self) -> None:
        with pytest.raises(ValueError, match="key, team, model"):
            self.ledger_of().newest(5, Selection(where={"data": "x"}))

    def test_an_exchange_that_its_only_provider_refused_is_not_nowhere(self) -> None:
        refused = an_attempt(status=400, outcome="refused", cost=0, usage={})
        unsent = an_attempt(left=False, fault="connect", status=0, outcome="failed", cost=0, usage={})
        nobody = {"route": "", "region": "", "outcome": "failed", "cost": 0}
        ledger = self.ledger_of(
            a_receipt("A", attempts=(refused,), **nobody), a_receipt("B", attempts=(unsent,), **nobody)
        )
        assert ledger.usage(("region",)) == [
            UsageRow(("",), 1, {}, 0, 0),
            UsageRow(("declared:SE",), 1, {}, 0, 1),
        ]

    @pytest.mark.parametrize(
        ("by", "rows"),
        [
            ((), [UsageRow((), 3, {"input": 2_000, "output": 40}, 12, 2)]),
            (("day",), [UsageRow(("2026-11-24",), 1, USED, 5, 1), UsageRow(("2026-11-25",), 2, USED, 7, 1)]),
            (
                ("key", "provider"),
                [
                    UsageRow(("key_1", "alpha"), 1, USED, 5, 1),
                    UsageRow(("key_2", ""), 1, {}, 0, 0),
                    UsageRow(("key_2", "beta"), 1, USED, 7, 1),
                ],
            ),
            (
                ("policy", "team", "model"),
                [UsageRow(("open", "research", "small"), 3, {"input": 2_000, "output": 40}, 12, 2)],
            ),
            (("organisation", "currency"), [UsageRow(("acme", "USD"), 3, {"input": 2_000, "output": 40}, 12, 2)]),
            (
                ("region",),
                [
                    UsageRow(("",), 1, {}, 0, 0),
                    UsageRow(("declared:SE",), 1, USED, 5, 1),
                    UsageRow(("eu-north-1",), 1, USED, 7, 1),
                ],
            ),
            (
                ("key", "end_user"),
                [
                    UsageRow(("key_1", ""), 1, USED, 5, 1),
                    UsageRow(("key_2", ""), 1, {}, 0, 0),
                    UsageRow(("key_2", "sc_1"), 1, USED, 7, 1),
                ],
            ),
            (
                ("route",),
                [
                    UsageRow(("",), 1, {}, 0, 0),
                    UsageRow(("alpha/small",), 1, USED, 5, 1),
                    UsageRow(("beta/small",), 1, USED, 7, 1),
                ],
            ),
        ],
    )
    def test_usage_is_added_up_per_group(self, by: tuple[str, ...], rows: list[UsageRow]) -> None:
        assert self.ledger_of(*RECEIPTS).usage(by) == rows

    def test_usage_is_bounded_by_days_and_key(self) -> None:
        ledger = self.ledger_of(*RECEIPTS)
        assert [row.exchanges for row in ledger.usage((), days(date(2026, 11, 25)))] == [2]
        assert [row.exchanges for row in ledger.usage((), days(until=date(2026, 11, 24)))] == [1]
        assert [row.cost for row in ledger.usage((), Selection(where={"key": "key_1"}))] == [5]
        assert ledger.usage((), days(date(2027, 1, 1))) == []

    def test_receipts_of_some_days_come_page_by_page(self) -> None:
        ledger = self.ledger_of(*RECEIPTS)
        first, second = date(2026, 11, 24), date(2026, 11, 25)
        assert [r["id"] for r in ledger.between(first, second, limit=2)] == ["A", "B"]
        assert [r["id"] for r in ledger.between(first, second, after="B", limit=2)] == ["C"]
        assert [r["id"] for r in ledger.between(first, first)] == ["A"]
        assert [r["id"] for r in every_receipt(ledger, second, second)] == ["B", "C"]
        assert list(every_receipt(ledger, date(2027, 1, 1), date(2027, 2, 1))) == []

    def test_what_corrects_a_cost_is_no_exchange(self) -> None:
        attempt = an_attempt(outcome="corrected", usage={}, usage_source="", hold_id="", cost=-2, left=False)
        entry = a_receipt("D", outcome="corrected", attempts=(attempt,), cost=-2)
        rows = self.ledger_of(*RECEIPTS, entry).usage(("day",), days(until=date(2026, 11, 24)))
        assert rows == [UsageRow(("2026-11-24",), 1, USED, 3, 1)]

    def test_usage_is_grouped_by_known_words_only(self) -> None:
        with pytest.raises(ValueError, match="day, team, key"):
            self.ledger_of().usage(("data",))

    def test_failed_attempts_count_in_the_usage(self) -> None:
        twice = a_receipt(attempts=(an_attempt(outcome="failed", usage={"input": 5}), an_attempt(usage={"input": 7})))
        assert self.ledger_of(twice).usage(())[0].usage == {"input": 12}
