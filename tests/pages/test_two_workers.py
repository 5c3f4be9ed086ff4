"""Pages of a gateway with two workers: either of them answers for both."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx

from tests.pages.conftest import FORM
from tests.processes import PATIENCE_S, Process
from tests.stores.servers import a_server
from tests.test_shared_workers import asked, only, two_workers


class Reader:
    """A browser whose every request is a new connection, which either worker may accept."""

    def __init__(self, gateway: Process) -> None:
        self.origin = gateway.url.removesuffix("/v1")
        entered = httpx.post(gateway.pages, headers=FORM, timeout=PATIENCE_S)
        found = re.match(r"sc=([^;]+)", entered.headers["set-cookie"])
        assert found is not None
        self.cookies = {"sc": found[1]}

    def page(self, path: str) -> Any:
        answer = httpx.get(f"{self.origin}{path}", cookies=self.cookies, timeout=PATIENCE_S)
        assert answer.status_code == 200, answer.text
        return answer.json()


def test_either_worker_knows_sessions_receipts_keys_and_outages_of_both(tmp_path: Path) -> None:
    with a_server() as server, two_workers(tmp_path / "state", server) as gateway:
        receipts = set()
        for number in (1, 2):
            with only(gateway, number):
                receipts.add(asked(gateway).headers["x-safeconduct-receipt"])
        reader = Reader(gateway)
        made = gateway.admin("POST", "/keys", {"team": "everyone", "policy": "unrestricted", "label": "late"}).json()
        for number in (1, 2):
            with only(gateway, number):
                listed = reader.page("/console/receipts?format=json")["data"]
                assert {row["id"] for row in listed} == receipts
                assert reader.page("/console/spend?format=json")["requests"] == 2
                assert reader.page("/console/places?format=json")["requests"] == 2
                assert made["id"] in {row["id"] for row in reader.page("/console/keys?format=json")["data"]}
        assert reader.page("/console/health?format=json")["workers"] == {"answered": 2, "of": 2}
