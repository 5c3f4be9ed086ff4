from __future__ import annotations

import io
from pathlib import Path

import pytest

from gateway.compose.clock import SystemClock
from gateway.compose.documents import DocumentSet
from gateway.compose.providers import Access
from gateway.compose.services import open_services
from gateway.settings import read
from gateway.stores.errors import StoreRefused
from gateway.stores.journal.documents import Documents
from gateway.stores.journal.journal import Journal
from gateway.stores.keys.keys import digest_of
from gateway.telemetry.log import Log
from tests.builders import NOW, a_key
from tests.stores.books_in import run


def test_what_is_open_holds_the_journal_and_lets_it_go(tmp_path: Path) -> None:
    settings, log = read({"SAFECONDUCT_STATE": str(tmp_path), "SAFECONDUCT_SANDBOX": "true"}), Log(io.BytesIO())

    async def story() -> None:
        documented = DocumentSet(settings, lambda _: Access({}, {}), Documents(tmp_path), log)
        async with open_services(settings, tmp_path, documented, SystemClock(), log) as (services, keys, _):
            assert await keys.all() == ()
            await keys.create(a_key(digest=digest_of("a-secret")))
            assert services.callers.find("a-secret", NOW) is not None
            with pytest.raises(StoreRefused):
                Journal.open(tmp_path, "process")

    run(story)
    Journal.open(tmp_path, "process").close()
