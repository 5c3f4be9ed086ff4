from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gateway.core.errors import InvalidRequest, NotAllowed, NotFound
from gateway.reports.receipts import receipt, receipts, record
from gateway.reports.sight import Sight
from gateway.views.receipts import ReceiptNames
from tests.builders import a_principal, a_receipt
from tests.reports.ledgers import ledger_of

NAMES = ReceiptNames({}, {})
OWN, OPERATOR = Sight(a_principal()), Sight()
KEPT = tuple(a_receipt(f"0{number}", key="key_1" if number % 2 else "key_2") for number in range(6))


def test_a_list_goes_on_page_by_page_and_ends(tmp_path: Path) -> None:
    ledger = ledger_of(tmp_path, *KEPT)
    seen: list[str] = []
    before: dict[str, str] = {}
    while True:
        page: dict[str, Any] = receipts(ledger, {"limit": "4", **before}, OPERATOR, NAMES)
        seen += [line["id"] for line in page["data"]]
        if page["next"] is None:
            break
        before = {"before": page["next"]}
    assert seen == ["05", "04", "03", "02", "01", "00"]
    whole: dict[str, Any] = receipts(ledger, {"limit": "6"}, OPERATOR, NAMES)
    assert (len(whole["data"]), whole["next"]) == (6, None)


def test_a_key_is_shown_its_own_receipts_alone(tmp_path: Path) -> None:
    ledger = ledger_of(tmp_path, *KEPT)
    page: dict[str, Any] = receipts(ledger, {}, OWN, NAMES)
    assert {line["key"] for line in page["data"]} == {"key_1"}
    with pytest.raises(NotAllowed):
        receipts(ledger, {"key_id": "key_2"}, OWN, NAMES)


def test_an_id_of_another_key_and_an_unknown_one_are_refused_alike(tmp_path: Path) -> None:
    ledger = ledger_of(tmp_path, *KEPT)
    messages = set()
    for name in ("00", "nobody"):
        with pytest.raises(NotFound) as refused:
            record(ledger, name, OWN)
        messages.add(refused.value.message)
        with pytest.raises(NotFound) as refused:
            receipt(ledger, name, OWN, NAMES)
        messages.add(refused.value.message)
    assert len(messages) == 1
    assert receipt(ledger, "01", OWN, NAMES)["id"] == record(ledger, "01", OWN)["id"] == "01"
    assert record(ledger, "00", OPERATOR)["key"] == "key_2"


@pytest.mark.parametrize("query", [{"MARKER": "x"}, {"limit": "0"}, {"since": "yesterday"}, {"limit": "1000"}])
def test_an_unknown_question_is_refused(tmp_path: Path, query: dict[str, str]) -> None:
    with pytest.raises(InvalidRequest):
        receipts(ledger_of(tmp_path), query, OPERATOR, NAMES)
