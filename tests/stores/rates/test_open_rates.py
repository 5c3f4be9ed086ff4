from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from gateway.stores.errors import StoreRefused
from gateway.stores.journal.journal import Journal
from gateway.stores.rates.open_rates import Lease, open_rates
from gateway.stores.rates.rates import LocalRates
from gateway.stores.rates.redis_rates import RedisRates
from tests.exchange.desk import StillClock
from tests.stores.servers import a_server


def told(reason: str, admitted: int) -> None:
    raise AssertionError((reason, admitted))


@pytest.fixture
def lease(tmp_path: Path) -> Iterator[Lease]:
    with closing(Journal.open(tmp_path / "state", "process")) as journal:
        yield Lease(60, journal)


def test_without_an_address_one_process_counts_alone(lease: Lease) -> None:
    with open_rates("", "acme", StillClock(), lease, told) as rates:
        assert isinstance(rates, LocalRates)


def test_with_an_address_rates_are_shared(lease: Lease) -> None:
    with a_server() as server, open_rates(server.url, "acme", StillClock(), lease, told) as rates:
        assert isinstance(rates, RedisRates)


def test_a_redis_that_is_not_there_is_no_reason_not_to_start(tmp_path: Path, lease: Lease) -> None:
    with open_rates(f"unix://{tmp_path}/nobody", "acme", StillClock(), lease, told) as rates:
        assert isinstance(rates, RedisRates)


def test_an_address_of_no_known_form_is(lease: Lease) -> None:
    with pytest.raises(StoreRefused), open_rates("http://127.0.0.1", "acme", StillClock(), lease, told):
        pass
