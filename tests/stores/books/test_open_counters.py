from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gateway.stores.books.counters import EmbeddedCounters
from gateway.stores.books.open_counters import open_counting
from gateway.stores.books.redis_counters import RedisCounters
from gateway.stores.errors import StoreRefused
from gateway.stores.journal.journal import Journal
from tests.stores.books_in import Told
from tests.stores.servers import a_server


def test_without_an_address_one_process_counts_alone(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path, "process")
    assert isinstance(open_counting("", "acme", journal, Told()), EmbeddedCounters)
    journal.close()


def test_with_an_address_counters_are_shared(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path, "process")
    with a_server() as server:
        counting = open_counting(server.url, "acme", journal, Told())
        assert isinstance(counting, RedisCounters)
        counting.close()
    journal.close()


def test_a_redis_that_cannot_be_had_is_no_reason_to_count_alone(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path, "process")
    with pytest.raises(StoreRefused):
        open_counting(f"unix://{tmp_path}/nobody", "acme", journal, Told())
    journal.close()


def test_one_process_alone_does_not_load_the_client() -> None:
    asked = "import sys, gateway.compose; sys.exit('redis' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", asked], check=False).returncode == 0


def test_without_the_client_shared_counters_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "redis", None)
    journal = Journal.open(tmp_path, "process")
    with pytest.raises(StoreRefused, match="Install"):
        open_counting("redis://127.0.0.1", "acme", journal, Told())
    journal.close()
