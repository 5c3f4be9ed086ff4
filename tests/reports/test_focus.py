from __future__ import annotations

from pathlib import Path

import pytest

from gateway.core.errors import InvalidRequest
from gateway.reports.focus import focus_rows
from gateway.reports.sight import Sight
from gateway.views.focus import COLUMNS
from tests.builders import TODAY, a_principal, a_receipt
from tests.reports.ledgers import ledger_of

KEPT = (a_receipt("A"), a_receipt("B", key="key_2", team="other"))


def test_charges_are_those_of_the_days_and_of_what_the_reader_may_see(tmp_path: Path) -> None:
    ledger = ledger_of(tmp_path, *KEPT)
    columns, *charges = focus_rows(ledger, {}, Sight(), TODAY)
    assert (columns, len(charges)) == (COLUMNS, 2)
    assert len(focus_rows(ledger, {}, Sight(a_principal()), TODAY)) == 2
    assert len(focus_rows(ledger, {"team": "other", "since": "2026-11-24"}, Sight(), TODAY)) == 2
    assert focus_rows(ledger, {"until": "2026-01-01"}, Sight(), TODAY) == [COLUMNS]
    with pytest.raises(InvalidRequest):
        focus_rows(ledger, {"by": "team"}, Sight(), TODAY)
