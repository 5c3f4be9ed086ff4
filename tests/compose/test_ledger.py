from __future__ import annotations

import io
from pathlib import Path

import anyio
import orjson

from gateway.compose.clock import SystemClock
from gateway.compose.ledger import ledger_of, ship_the_last
from gateway.settings import Settings, read
from gateway.stores.journal.files import JOURNAL_FILE
from gateway.stores.journal.journal import Journal
from gateway.stores.ledger.postgres_ledger import SharedLedger
from gateway.stores.ledger.shipping import Shipper
from gateway.stores.ledger.workers import WorkersLedger
from gateway.telemetry.log import Log
from tests.builders import a_receipt
from tests.processes import PATIENCE_S
from tests.stores.books_in import run
from tests.stores.postgres_server import fresh_database
from tests.stores.shipped import ids, written


def settings_at(state: Path, url: str = "") -> Settings:
    return read({"SAFECONDUCT_STATE": str(state), "SAFECONDUCT_LEDGER_URL": url})


def shipper_at(state: Path, url: str, log: Log) -> Shipper:
    ledger, shipper = ledger_of(settings_at(state, url), state, SystemClock(), log)
    assert isinstance(ledger, SharedLedger)
    assert shipper is not None
    return shipper


def test_a_gateway_alone_reports_from_its_own_journals(tmp_path: Path) -> None:
    ledger, shipper = ledger_of(settings_at(tmp_path), tmp_path, SystemClock(), Log(io.BytesIO()))
    assert (type(ledger), shipper) == (WorkersLedger, None)


def test_the_last_receipts_are_shipped_if_they_can_be(tmp_path: Path) -> None:
    written(tmp_path, a_receipt("A"))
    run(lambda: ship_the_last(shipper_at(tmp_path, f"postgresql:///none?host={tmp_path}", Log(io.BytesIO()))))
    url = fresh_database()
    run(lambda: ship_the_last(shipper_at(tmp_path, url, Log(io.BytesIO()))))
    assert ids(url) == ["A"]


async def test_what_shipping_notices_is_logged(tmp_path: Path) -> None:
    """Nobody is there: said once, and nobody who is served learns of it."""
    Journal.open(tmp_path, "process").close()
    assert (tmp_path / JOURNAL_FILE).exists()
    stream = Lines()
    log = Log(stream)

    with anyio.fail_after(PATIENCE_S):
        async with anyio.create_task_group() as group:
            group.start_soon(shipper_at(tmp_path, f"postgresql:///none?host={tmp_path}", log).run)
            await stream.said.wait()
            group.cancel_scope.cancel()
    assert orjson.loads(stream.getvalue().splitlines()[0])["event"] == "ledger_away"


class Lines(io.BytesIO):
    """A stream that says when something was written to it."""

    def __init__(self) -> None:
        super().__init__()
        self.said = anyio.Event()

    def write(self, data: object) -> int:
        self.said.set()
        return super().write(data)  # type: ignore[arg-type]
