"""Events for a person: one line, the same facts."""

from __future__ import annotations

import io
import re

import pytest

from gateway.telemetry.events import (
    BooksRestored,
    ClockSkewed,
    CostsSettled,
    CountersAway,
    CountersFragile,
    CountersJoined,
    CredentialEnded,
    CredentialFailing,
    CredentialRenewed,
    DestinationsRead,
    DestinationsUnread,
    DiskFree,
    DiskLow,
    DocumentFaults,
    Event,
    ExchangeEnded,
    Fault,
    KeyCreated,
    KeyRevoked,
    KeyRotated,
    KeysAlone,
    KeysShared,
    LedgerAway,
    LedgerBack,
    LedgerConflict,
    LibraryNote,
    MemberForgotten,
    RatesAlone,
    RatesShared,
    Recovered,
    Reloaded,
    ReloadRefused,
    Repriced,
    RouteCooling,
    RouteLockedOut,
    RouteRecovered,
    SoftBudgetCrossed,
    SoftBudgetNear,
    Started,
    Stopping,
    WorkerDied,
)
from gateway.telemetry.faults import nameless
from gateway.telemetry.log import Log
from tests.builders import a_receipt, an_attempt

REFUSED = a_receipt(
    attempts=(), route="", region="", cost=0, outcome="refused", code="no_eligible_route", duration_ms=2
)
ESTIMATED = a_receipt(attempts=(an_attempt(usage_source="estimated", first_event_ms=-1),), outcome="client_left")


def told(event: Event) -> str:
    stream = io.BytesIO()
    Log(stream, readable=True).emit(event)
    at, _, line = stream.getvalue().decode().rstrip("\n").partition(" ")
    assert re.fullmatch(r"\d\d:\d\d:\d\d", at)
    return line


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (
            ExchangeEnded.of(a_receipt()),
            "served  alpha/small  declared:SE  1000 in, 20 out  0.00104 USD  430 ms, first 180 ms  "
            "team research key key_1  receipt 01JDRECEIPT00000000000000A",
        ),
        (
            ExchangeEnded.of(REFUSED),
            "refused (no_eligible_route)  no route  0 in, 0 out  0 USD  2 ms  "
            "team research key key_1  receipt 01JDRECEIPT00000000000000A",
        ),
        (
            ExchangeEnded.of(ESTIMATED),
            "client_left  alpha/small  declared:SE  1000 in, 20 out [estimated]  0.00104 USD  430 ms  "
            "team research key key_1  receipt 01JDRECEIPT00000000000000A",
        ),
        (
            Started("0.1.0", "127.0.0.1:8080", "5" * 64, 1462, 177, ("evroc", "mistral"), sandbox=True, started_ms=400),
            "ready on 127.0.0.1:8080 with sandbox  1462 routes, 177 models, credentials for evroc, mistral  "
            "version 0.1.0  documents 555555555555  started in 400 ms",
        ),
        (
            Started("0.1.0", "127.0.0.1:8080", "5" * 64, 1, 1, (), sandbox=False, started_ms=1),
            "ready on 127.0.0.1:8080  1 routes, 1 models, credentials for none  version 0.1.0  "
            "documents 555555555555  started in 1 ms",
        ),
        (Stopping(2), "stopping: 2 exchanges are still to end"),
        (Reloaded("7" * 64, 1, "uid:0"), "reloaded: documents 777777777777 in force, 1 warnings  by uid:0"),
        (
            ReloadRefused("7" * 64, 2, ("a.toml:x", "b.toml"), (), "signal", DocumentFaults(("a.toml: x: no", "b"))),
            "ERROR reload refused: 2 faults (a.toml:x, b.toml), documents 777777777777 stay in force  by signal"
            "  | a.toml: x: no  | b",
        ),
        (
            ReloadRefused("7" * 64, 0, (), ("o.toml:id",), "uid:0"),
            "ERROR reload refused: restart needed for o.toml:id, documents 777777777777 stay in force  by uid:0",
        ),
        (MemberForgotten("5b20", "uid:0"), "WARNING member 5b20 struck off the shared budgets  by uid:0"),
        (
            KeyCreated("key_1", "research", "eu", "uid:0"),
            "key key_1 created for team research under policy eu  by uid:0",
        ),
        (KeyRotated("key_1", "research", "uid:0"), "key key_1 of team research has a new secret  by uid:0"),
        (KeyRevoked("key_1", "research", "uid:0"), "key key_1 of team research revoked  by uid:0"),
        (
            Repriced("2026-11-01", "2026-11-24", "", 5, 2, -2_080_000, "USD", "d" * 64, "uid:0"),
            "repriced 5 exchanges of 2026-11-01 to 2026-11-24 at every provider: 2 corrected, -0.00208 USD  by uid:0",
        ),
        (
            CostsSettled(2, -650_000, "USD", "bill", "uid:0"),
            "settled held costs of 2 exchanges by bill: -0.00065 USD  by uid:0",
        ),
        (
            BooksRestored("2026-11-24T12:00:00+00:00"),
            "ERROR books restored from a backup of 2026-11-24T12:00:00+00:00; hard budgets are closed",
        ),
        (Recovered(3), "WARNING recovered 3 interrupted exchanges; their holds stand"),
        (CountersJoined("5b20"), "shared counters joined as 5b20"),
        (CountersAway("OOM"), "WARNING shared counters are away, and nothing is admitted: OOM"),
        (
            CountersAway(waiting=2),
            "WARNING shared counters are away, and nothing is admitted: 2 processes have not said what they have spent",
        ),
        (
            CountersFragile(),
            "WARNING redis keeps no append-only file: a crash of it stops requests until all have rejoined",
        ),
        (RatesAlone("OOM"), "WARNING limits are counted by this process alone: redis cannot be asked (OOM)"),
        (RatesShared(7), "limits are shared again; 7 requests were admitted meanwhile"),
        (
            LedgerAway("57P01", since_s=61, waiting=12),
            "WARNING the ledger is away for 61 s (57P01); 12 receipts wait",
        ),
        (LedgerBack(12), "the ledger is back; 12 receipts shipped"),
        (KeysAlone("57P01", since_s=61), "WARNING keys of other gateways cannot be known for 61 s (57P01)"),
        (KeysShared(12), "keys of all gateways are known; 12 secrets"),
        (LedgerConflict(2), "ERROR the ledger knows 2 receipts with other contents"),
        (
            SoftBudgetNear("team/research", "month", "300", 80),
            "WARNING team/research has spent 80 % of its soft budget of 300 (month)",
        ),
        (
            SoftBudgetCrossed("team/research", "month", "300"),
            "WARNING team/research is beyond its soft budget of 300 (month)",
        ),
        (
            RouteCooling("alpha/small", "rate", 429, "2026-11-24T12:01:00Z"),
            "WARNING alpha/small is left alone until 2026-11-24T12:01:00Z: rate 429",
        ),
        (
            RouteLockedOut("alpha", "account", 402, "2026-11-24T12:15:00Z"),
            "ERROR alpha is locked out until 2026-11-24T12:15:00Z: account 402",
        ),
        (RouteRecovered("alpha", "account"), "alpha may serve again (account)"),
        (CredentialRenewed("cloud", "profile", 95), "the credential of cloud (profile) is renewed, usable for 95 s"),
        (CredentialRenewed("cloud", "static", -1), "the credential of cloud (static) is renewed, without an end"),
        (
            CredentialFailing("cloud", "static", "refused", 400, 7),
            "WARNING the credential of cloud (static) could not be renewed (refused 400); usable for 7 s",
        ),
        (
            CredentialEnded("cloud", "profile", "file", 0),
            "ERROR cloud has no credential: its profile source failed (file)",
        ),
        (DestinationsRead("cloud", 7, "none"), "cloud told the destinations of 7 profiles, retention mode none"),
        (DestinationsRead("cloud", 7, ""), "cloud told the destinations of 7 profiles"),
        (
            DestinationsUnread("cloud", "refused", 403),
            "WARNING cloud did not tell its destinations (refused 403); earlier statements stand",
        ),
        (ClockSkewed("cloud", -300), "WARNING the clock of cloud is -300 s ahead; signatures follow it"),
        (DiskLow(12), "ERROR nothing is admitted: 12 MB free where the state is kept"),
        (WorkerDied(2, -9, again_ms=0), "ERROR worker 2 died (-9); replaced in 0 ms"),
        (DiskFree(90), "90 MB free again where the state is kept"),
        (Fault(nameless("KeyError"), receipt="01J"), "ERROR fault in exchange: KeyError  receipt 01J"),
        (Fault(nameless("KeyError"), where="loop"), "ERROR fault in loop: KeyError"),
        (LibraryNote("httpx", "error", "httpx:3"), "WARNING httpx noted error at httpx:3"),
    ],
)
def test_a_line_says_what_happened(event: Event, line: str) -> None:
    assert told(event) == line
