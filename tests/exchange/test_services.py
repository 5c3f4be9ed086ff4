"""What an exchange works with holds its secrets to itself."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import pytest

from gateway.dialects.prompt import PLAIN
from gateway.exchange.services import Arrival, Deadlines, InForce
from gateway.upstream.credentials import UnsignedRequest
from gateway.upstream.targets import static_credential, target
from tests.builders import a_connection, a_provider, a_snapshot, some_means

CREDENTIAL = "MARKER-credential"


def in_force() -> InForce:
    return InForce(
        a_snapshot(), some_means(), {"alpha": target(a_provider(), static_credential(a_connection(), CREDENTIAL), {})}
    )


def test_no_credential_shows_in_what_is_in_force() -> None:
    now = in_force()
    asked = UnsignedRequest("POST", "alpha.example", "/v1/chat/completions", (), b"{}")
    assert now.targets["alpha"].credential.headers(asked) == (("authorization", f"Bearer {CREDENTIAL}"),)
    for shown in (repr(now), str(now), format(now), repr(now.targets), f"{now.targets['alpha']!r}"):
        assert CREDENTIAL not in shown


def test_each_snapshot_has_its_own_memory_of_plans() -> None:
    first = in_force()
    again = replace(first)
    assert again.snapshot is first.snapshot
    assert again.plans is not first.plans, "what was remembered never outlives what it follows from"


def test_what_is_in_force_cannot_be_changed() -> None:
    now = in_force()
    with pytest.raises(FrozenInstanceError):
        now.snapshot = a_snapshot()  # type: ignore[misc]


def test_the_last_byte_waits_a_second_at_most() -> None:
    assert Deadlines(1, 2, 3, 4).commit_s == 1.0


def test_an_arrival_without_headers_states_nothing() -> None:
    arrival = Arrival("openai_chat")
    assert (arrival.head, arrival.data_class, arrival.idempotency_key) == (PLAIN, None, "")
    assert (PLAIN.policy, PLAIN.operation.name) == ("", "chat")
