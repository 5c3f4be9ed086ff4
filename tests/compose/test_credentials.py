"""News of credentials become events and the health of one record."""

from __future__ import annotations

import io

import pytest

from gateway.compose.clock import SystemClock
from gateway.compose.credentials import event_of, news_of_credentials
from gateway.core.token_kinds import SourceSettings
from gateway.stores.health import RouteHealth
from gateway.telemetry.events import ClockSkewed, CredentialEnded, CredentialFailing, CredentialRenewed, Event
from gateway.telemetry.log import Log
from gateway.upstream.tokens.sources import TokenSpec
from gateway.upstream.tokens.token import CredentialChange

SPEC = TokenSpec("cloud", "aws", {}, SourceSettings("static", {}))


def test_a_record_is_locked_out_while_it_has_no_secret() -> None:
    health, output = RouteHealth(), io.BytesIO()
    tell = news_of_credentials(health, SystemClock(), Log(output))
    tell(SPEC, CredentialChange("ended", "refused", 400))
    assert set(health.view(SystemClock().monotonic()).locked_out) == {"cloud"}
    tell(SPEC, CredentialChange("renewed"))
    assert not health.view(SystemClock().monotonic()).locked_out
    assert b"credential_ended" in output.getvalue()


@pytest.mark.parametrize(
    ("change", "event"),
    [
        (CredentialChange("renewed", left_s=95.5), CredentialRenewed("cloud", "static", 95)),
        (CredentialChange("renewed"), CredentialRenewed("cloud", "static", -1)),
        (CredentialChange("failing", "refused", 400, 7.9), CredentialFailing("cloud", "static", "refused", 400, 7)),
        (CredentialChange("ended", "file"), CredentialEnded("cloud", "static", "file", 0)),
        (CredentialChange("skewed", skew_s=-299.6), ClockSkewed("cloud", -300)),
    ],
)
def test_a_change_is_an_event(change: CredentialChange, event: Event) -> None:
    assert event_of(SPEC, change) == event
