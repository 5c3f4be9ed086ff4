"""What an exchange writes beside its link in the chain: its id, its hold, its receipt twice, its line in the log."""

from __future__ import annotations

import os
from itertools import count

from pytest_benchmark.fixture import BenchmarkFixture

from gateway.compose.clock import SystemClock
from gateway.core.operation import CHAT
from gateway.core.receipt import Receipt, ReceiptId
from gateway.exchange import record
from gateway.exchange.attempt import Attempt
from gateway.exchange.services import InForce
from gateway.stores.books.counters import Counters
from gateway.stores.holds import Hold
from gateway.telemetry.events import ExchangeEnded
from gateway.telemetry.log import Log
from tests.builders import (
    NOW,
    TODAY,
    WELL,
    a_demand,
    a_key,
    a_principal,
    a_receipt,
    a_route,
    a_snapshot,
    an_attempt,
    some_means,
)

ROUTE = a_route()
SNAPSHOT = a_snapshot(ROUTE)
ATTEMPTS = (an_attempt(),)


def test_an_id(benchmark: BenchmarkFixture) -> None:
    assert len(benchmark(SystemClock().ulid)) == 26


def test_a_hold_and_its_end(benchmark: BenchmarkFixture) -> None:
    counters, rows, accounts = Counters(), count(), ("organisation/acme", "team/research", "key/key_1")

    def held() -> None:
        row = next(rows)
        exchange = ReceiptId(str(row))
        hold = Hold("1", exchange, 1_000, accounts, 0, row)
        counters.hold(hold, ())
        counters.settle(exchange, ())

    benchmark(held)
    assert counters.standing()[1] == []


def test_the_draft_and_the_receipt(benchmark: BenchmarkFixture) -> None:
    in_force, caller, demand = InForce(SNAPSHOT, some_means(), {}), a_principal(a_key(), SNAPSHOT), a_demand()
    policy = in_force.plans.policy(caller.layers)
    decision = policy.decide(demand, in_force.means, WELL, TODAY)

    served = Attempt(decision.plan[0], "1", 0)

    def both() -> Receipt:
        everyone = (ReceiptId("A"), NOW, TODAY, caller, in_force, "openai_chat", CHAT)
        facts = record.DecidedRecord(*everyone, demand, policy, "", decision, in_force.means, WELL)
        record.receipt(facts, record.Ending("interrupted", "", 1), ATTEMPTS, None, ())
        return record.receipt(facts, record.Ending("served", "", 9), ATTEMPTS, served, ())

    assert benchmark(both).attempts == ATTEMPTS


def test_a_line_in_the_log(benchmark: BenchmarkFixture) -> None:
    receipt = a_receipt(attempts=ATTEMPTS)
    with open(os.devnull, "wb", buffering=0) as nowhere:
        log = Log(nowhere)
        benchmark(lambda: log.emit(ExchangeEnded.of(receipt)))
    assert log.lost == 0
