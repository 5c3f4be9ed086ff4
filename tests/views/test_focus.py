"""Usage as FOCUS 1.2: every mandatory column, and values that its rules allow."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime

import pytest

from gateway.stores.books.books import UsageRow
from gateway.views import focus
from tests.builders import TODAY

_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_NAME = re.compile(r"(x_)?[A-Z][A-Za-z0-9]{0,47}")


def number(cell: str) -> bool:
    return bool(_NUMBER.fullmatch(cell))


def moment(cell: str) -> bool:
    return bool(_MOMENT.fullmatch(cell)) and bool(datetime.fromisoformat(cell))


def words(cell: str) -> bool:
    return bool(cell.strip())


def one_of(*allowed: str) -> Callable[[str], bool]:
    return lambda cell: cell in allowed


def or_null(rule: Callable[[str], bool]) -> Callable[[str], bool]:
    return lambda cell: not cell or rule(cell)


MANDATORY: Mapping[str, Callable[[str], bool]] = {
    "BilledCost": number,
    "BillingAccountId": words,
    "BillingAccountName": or_null(words),
    "BillingCurrency": lambda cell: bool(re.fullmatch("[A-Z]{3}", cell)),
    "BillingPeriodEnd": moment,
    "BillingPeriodStart": moment,
    "ChargeCategory": one_of("Usage", "Purchase", "Tax", "Credit", "Adjustment"),
    "ChargeClass": or_null(one_of("Correction")),
    "ChargeDescription": or_null(words),
    "ChargePeriodEnd": moment,
    "ChargePeriodStart": moment,
    "ContractedCost": number,
    "EffectiveCost": number,
    "InvoiceIssuerName": words,
    "ListCost": number,
    "PricingQuantity": or_null(number),
    "PricingUnit": or_null(one_of("Tokens", "Requests")),
    "ProviderName": words,
    "PublisherName": words,
    "ServiceCategory": one_of("AI and Machine Learning"),
    "ServiceName": words,
}
"""The 21 columns that every FOCUS 1.2 dataset has."""

CONDITIONAL: Mapping[str, Callable[[str], bool]] = {
    "ChargeFrequency": one_of("One-Time", "Recurring", "Usage-Based"),
    "ConsumedQuantity": number,
    "ConsumedUnit": words,
    "PricingCategory": one_of("Standard", "Dynamic", "Committed", "Other"),
    "RegionId": or_null(words),
    "RegionName": or_null(words),
    "ServiceSubcategory": one_of("Generative AI"),
    "SubAccountId": words,
    "SubAccountName": words,
    "SubAccountType": words,
}


def broken(charge: Mapping[str, str]) -> list[str]:
    """The rules that a charge breaks, by column."""
    faults = [column for column, rule in {**MANDATORY, **CONDITIONAL}.items() if not rule(charge[column])]
    usage = charge["ChargeCategory"] == "Usage" and not charge["ChargeClass"]
    together = {
        "PricingQuantity": usage and not charge["PricingQuantity"],
        "PricingUnit": bool(charge["PricingQuantity"]) != bool(charge["PricingUnit"]),
        "ConsumedUnit": bool(charge["ConsumedQuantity"]) != bool(charge["ConsumedUnit"]),
        "RegionName": bool(charge["RegionId"]) != bool(charge["RegionName"]),
        "BillingPeriodEnd": charge["BillingPeriodStart"] >= charge["BillingPeriodEnd"],
        "ChargePeriodStart": charge["ChargePeriodStart"] < charge["BillingPeriodStart"],
        "ChargePeriodEnd": charge["ChargePeriodEnd"] > charge["BillingPeriodEnd"],
    }
    return faults + [column for column, fault in together.items() if fault]


def a_row(cost: int = 1_040_000, usage: Mapping[str, int] | None = None, **changed: str) -> UsageRow:
    group = {
        "day": "2026-11-24",
        "organisation": "acme",
        "team": "research",
        "key": "key_1",
        "model": "small",
        "provider": "alpha",
        "route": "alpha/small",
        "region": "declared:SE",
        "policy": "open",
        "currency": "USD",
        "outcome": "served",
        **changed,
    }
    used = {"input": 1_000, "output": 20} if usage is None else usage
    return UsageRow(tuple(group[name] for name in focus.GROUPED), 3, used, cost)


def charge_of(row: UsageRow, today: date = TODAY) -> dict[str, str]:
    (cells,) = focus.charges([row], today)
    return dict(zip(focus.COLUMNS, map(str, cells), strict=True))


def test_every_mandatory_column_is_there_once_and_others_are_marked_as_our_own() -> None:
    assert set(MANDATORY) <= set(focus.COLUMNS)
    assert len(set(focus.COLUMNS)) == len(focus.COLUMNS)
    assert all(_NAME.fullmatch(column) for column in focus.COLUMNS)
    own = {column for column in focus.COLUMNS if column.startswith("x_")}
    assert set(focus.COLUMNS) - own == {*MANDATORY, *CONDITIONAL}
    assert {"x_CacheWrite5MTokens", "x_InputTokens", "x_ServerToolCalls"} <= own


@pytest.mark.parametrize(
    "row",
    [
        a_row(),
        a_row(region="eu-north-1"),
        a_row(usage={}),
        a_row(provider="", route="", region="", usage={}),
        a_row(cost=1, usage={"server_tool_calls": 2}),
        a_row(cost=-5),
        a_row(cost=-5, usage={}, day="2026-01-31", outcome="corrected"),
        a_row(cost=9_007_199_254_740_993_000_000_000),
        a_row(day="2026-12-31"),
        a_row(day="2028-02-29"),
    ],
)
def test_charges_keep_the_rules(row: UsageRow) -> None:
    assert broken(charge_of(row)) == []


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("BilledCost", "1e+3"),
        ("ListCost", ""),
        ("ProviderName", " "),
        ("BillingCurrency", "usd"),
        ("ChargePeriodStart", "2026-11-24"),
        ("ChargePeriodEnd", "2027-01-01T00:00:00Z"),
        ("PricingUnit", ""),
        ("PricingQuantity", ""),
        ("ChargeClass", "None"),
    ],
)
def test_the_rules_notice_a_wrong_cell(column: str, cell: str) -> None:
    assert column in broken({**charge_of(a_row()), column: cell})


def test_a_charge_is_a_days_cost_of_one_group_in_its_month() -> None:
    charge = charge_of(a_row(day="2026-12-31", region="eu-north-1"))
    assert (charge["ChargePeriodStart"], charge["ChargePeriodEnd"]) == ("2026-12-31T00:00:00Z", "2027-01-01T00:00:00Z")
    assert (charge["BillingPeriodStart"], charge["BillingPeriodEnd"]) == (
        "2026-12-01T00:00:00Z",
        "2027-01-01T00:00:00Z",
    )
    assert {charge[c] for c in ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost")} == {"0.00104"}
    assert (charge["PricingQuantity"], charge["PricingUnit"], charge["x_InputTokens"]) == ("1020", "Tokens", "1000")
    assert (charge["ProviderName"], charge["SubAccountId"], charge["RegionId"]) == ("alpha", "research", "eu-north-1")


@pytest.mark.parametrize(
    ("outcome", "today", "charge_class"),
    [
        ("corrected", date(2026, 11, 30), ""),
        ("corrected", date(2026, 12, 1), "Correction"),
        ("corrected", date(2027, 1, 1), "Correction"),
        ("served", date(2026, 12, 1), ""),
    ],
)
def test_a_correcting_entry_for_an_earlier_month_is_a_correction(outcome: str, today: date, charge_class: str) -> None:
    charge = charge_of(a_row(day="2026-11-30", cost=-5, usage={}, outcome=outcome), today)
    assert (charge["ChargeClass"], charge["x_Outcome"]) == (charge_class, outcome)


def test_a_declared_region_is_no_region_that_was_seen() -> None:
    charge = charge_of(a_row())
    assert (charge["RegionId"], charge["x_Region"]) == ("", "declared:SE")


def test_where_no_tokens_are_known_requests_are_the_quantity() -> None:
    charge = charge_of(a_row(usage={"server_tool_calls": 2}))
    assert (charge["PricingQuantity"], charge["PricingUnit"], charge["x_ServerToolCalls"]) == ("3", "Requests", "2")


def test_what_neither_used_nor_cost_anything_is_no_charge() -> None:
    assert list(focus.charges([a_row(cost=0, usage={})], TODAY)) == []
    assert len(list(focus.charges([a_row(cost=0)], TODAY))) == 1  # free, and used


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        ("BilledCost", "amount"),
        ("PricingQuantity", "amount"),
        ("ChargePeriodEnd", "moment"),
        ("RegionId", "text"),
        ("x_Requests", "count"),
        ("x_InputTokens", "count"),
        ("x_ServerToolCalls", "count"),
        ("x_Key", "text"),
    ],
)
def test_a_column_has_the_kind_that_its_rule_wants(column: str, kind: str) -> None:
    assert focus.kind(column) == kind
