"""Writing a receipt into its chain: bytes, digest and row, in memory."""

from __future__ import annotations

import sqlite3
from itertools import count

from pytest_benchmark.fixture import BenchmarkFixture

from gateway.core.receipt import Link, drafted, genesis, linked
from gateway.stores.journal.chain import Chain
from gateway.stores.journal.encoding import encoded
from gateway.stores.journal.schema import migrate
from tests.builders import a_receipt, an_attempt


def test_the_bytes_of_an_intent(benchmark: BenchmarkFixture) -> None:
    receipt = a_receipt(attempts=(an_attempt(),))
    assert benchmark(drafted, receipt, encoded) == drafted(receipt)


def test_head_and_sections_of_a_receipt(benchmark: BenchmarkFixture) -> None:
    receipt, place, salts = a_receipt(attempts=(an_attempt(),)), Link("one", 1, genesis("one")), bytes(64)
    assert benchmark(linked, receipt, place, salts, encoded) == linked(receipt, place, salts)


def test_appending(benchmark: BenchmarkFixture) -> None:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection)
    chain, numbers, attempts = Chain("one"), count(), (an_attempt(),)
    connection.execute("BEGIN")
    benchmark(lambda: chain.append(connection, a_receipt(f"{next(numbers):026}", attempts=attempts), ()))
    written = connection.execute("SELECT COUNT(*) FROM receipts").fetchone()
    assert written == (next(numbers),)
    connection.close()
