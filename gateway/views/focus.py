"""Usage as FOCUS 1.2, the FinOps Foundation's columns for bills: what cost tools import."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from gateway.core.cost import money
from gateway.core.receipt import CORRECTED
from gateway.core.usage import CLASSES, TOKEN_CLASSES

if TYPE_CHECKING:
    from gateway.stores.books.books import UsageRow

FocusCell: TypeAlias = str | int
FocusKind: TypeAlias = Literal["amount", "count", "moment", "text"]
VERSION: Final = "1.2"
GROUPED: Final = (
    *("day", "organisation", "team", "key", "model", "provider", "route", "region", "policy", "currency", "outcome"),
)
"""One charge per group of these. A row without cost, usage and attempts, such as of refusals, is left out."""

_COUNTS: Final = {
    name: f"x_{name.title().replace('_', '')}" + ("Tokens" if name in TOKEN_CLASSES else "") for name in CLASSES
}

COLUMNS: Final = (
    "BilledCost",
    "BillingAccountId",
    "BillingAccountName",
    "BillingCurrency",
    "BillingPeriodEnd",
    "BillingPeriodStart",
    "ChargeCategory",
    "ChargeClass",
    "ChargeDescription",
    "ChargeFrequency",
    "ChargePeriodEnd",
    "ChargePeriodStart",
    "ConsumedQuantity",
    "ConsumedUnit",
    "ContractedCost",
    "EffectiveCost",
    "InvoiceIssuerName",
    "ListCost",
    "PricingCategory",
    "PricingQuantity",
    "PricingUnit",
    "ProviderName",
    "PublisherName",
    "RegionId",
    "RegionName",
    "ServiceCategory",
    "ServiceName",
    "ServiceSubcategory",
    "SubAccountId",
    "SubAccountName",
    "SubAccountType",
    "x_Key",
    "x_Model",
    "x_Outcome",
    "x_Policy",
    "x_Region",
    "x_Requests",
    "x_Route",
    "x_Sent",
    *_COUNTS.values(),
)

_AMOUNTS: Final = frozenset(
    {"BilledCost", "ConsumedQuantity", "ContractedCost", "EffectiveCost", "ListCost", "PricingQuantity"}
)
_MOMENTS: Final = frozenset({"BillingPeriodEnd", "BillingPeriodStart", "ChargePeriodEnd", "ChargePeriodStart"})

_GATEWAY: Final = "Safeconduct"
"""Stands for the provider of what was charged though no route answered: attempts whose bill is not known."""


def kind(column: str) -> FocusKind:
    """The type of a column's cells: decimals, whole numbers of ours, times in UTC, or text."""
    if column in _AMOUNTS:
        return "amount"
    if column in _MOMENTS:
        return "moment"
    return "count" if column in ("x_Requests", "x_Sent") or column in _COUNTS.values() else "text"


def charges(rows: Iterable[UsageRow], today: date) -> Iterator[tuple[FocusCell, ...]]:
    """`rows`: summed by GROUPED. A charge has a cell for each of COLUMNS; "" is null.

    `today`: a correcting entry for a month before it has the class `Correction`.
    """
    for row in rows:
        if row.cost or row.usage or row.sent:
            of = dict(zip(GROUPED, row.group, strict=True))
            charge = {**_charge(of, row), "ChargeClass": _class(of, today)}
            yield tuple(charge[column] for column in COLUMNS)


def _charge(of: Mapping[str, str], row: UsageRow) -> dict[str, FocusCell]:
    own: dict[str, FocusCell] = {
        "x_Key": of["key"],
        "x_Model": of["model"],
        "x_Outcome": of["outcome"],
        "x_Policy": of["policy"],
        "x_Region": of["region"],
        "x_Requests": row.exchanges,
        "x_Route": of["route"],
        "x_Sent": row.sent,
    }
    counts = {column: row.usage.get(name, 0) for name, column in _COUNTS.items()}
    return {**_whose(of), **_when(of["day"]), **_what(of, row), **own, **counts}


def _class(of: Mapping[str, str], today: date) -> str:
    """FOCUS calls a charge a correction only where it corrects a billing period that has been invoiced."""
    invoiced = date.fromisoformat(of["day"]) < today.replace(day=1)
    return "Correction" if of["outcome"] == CORRECTED and invoiced else ""


def _whose(of: Mapping[str, str]) -> dict[str, FocusCell]:
    provider = of["provider"] or _GATEWAY
    return {
        "BillingAccountId": of["organisation"],
        "BillingAccountName": of["organisation"],
        "InvoiceIssuerName": provider,
        "ProviderName": provider,
        "PublisherName": provider,
        "SubAccountId": of["team"],
        "SubAccountName": of["team"],
        "SubAccountType": "Team",
    }


def _when(text: str) -> dict[str, FocusCell]:
    """Days and months in UTC; an end is the first moment that is not part of it."""
    day = date.fromisoformat(text)
    month = day.replace(day=1)
    return {
        "BillingPeriodStart": _moment(month),
        "BillingPeriodEnd": _moment((month + timedelta(days=31)).replace(day=1)),
        "ChargePeriodStart": _moment(day),
        "ChargePeriodEnd": _moment(day + timedelta(days=1)),
    }


def _moment(day: date) -> str:
    return f"{day.isoformat()}T00:00:00Z"


def _what(of: Mapping[str, str], row: UsageRow) -> dict[str, FocusCell]:
    """All four costs are alike: what was charged is the contract's price as the catalogue has it.

    No unit price: a charge adds up classes of tokens that cost differently.
    """
    tokens = sum(row.usage.get(name, 0) for name in TOKEN_CLASSES)
    quantity, unit = (tokens, "Tokens") if tokens else (row.exchanges, "Requests")
    region = "" if of["region"].startswith("declared:") else of["region"]
    costs = dict.fromkeys(("BilledCost", "ContractedCost", "EffectiveCost", "ListCost"), money(row.cost))
    return {
        **costs,
        "BillingCurrency": of["currency"],
        "ChargeCategory": "Usage",
        "ChargeDescription": f"{of['model']} at {of['route'] or 'no route that answered'}",
        "ChargeFrequency": "Usage-Based",
        "ConsumedQuantity": quantity,
        "ConsumedUnit": unit,
        "PricingCategory": "Standard",
        "PricingQuantity": quantity,
        "PricingUnit": unit,
        "RegionId": region,
        "RegionName": region,
        "ServiceCategory": "AI and Machine Learning",
        "ServiceName": "Model inference",
        "ServiceSubcategory": "Generative AI",
    }
