"""The names under which each family of SDKs finds where its rates stand."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.core.limits import Standing
from gateway.dialects.rate_headers import duration, openai_headers
from gateway.dialects.registry import REGISTRY
from tests.builders import NOW

STANDINGS = (
    Standing("requests", 60, 59, 1_000_000, NOW),
    Standing("tokens", 200_000, 0, 83_000_001, NOW),
)
OPENAI = {
    "x-ratelimit-limit-requests": "60",
    "x-ratelimit-remaining-requests": "59",
    "x-ratelimit-reset-requests": "1s",
    "x-ratelimit-limit-tokens": "200000",
    "x-ratelimit-remaining-tokens": "0",
    "x-ratelimit-reset-tokens": "1m23.001s",
}
ANTHROPIC = {
    "anthropic-ratelimit-requests-limit": "60",
    "anthropic-ratelimit-requests-remaining": "59",
    "anthropic-ratelimit-requests-reset": "2026-11-24T12:00:01Z",
    "anthropic-ratelimit-tokens-limit": "200000",
    "anthropic-ratelimit-tokens-remaining": "0",
    "anthropic-ratelimit-tokens-reset": "2026-11-24T12:01:24Z",
}
FAMILIES = {
    "openai_chat": OPENAI,
    "openai_responses": OPENAI,
    "openai_completions": OPENAI,
    "openai_embeddings": OPENAI,
    "anthropic_messages": ANTHROPIC,
    "google_generate": {},
    "google_embeddings": {},
}


def test_every_dialect_has_its_names() -> None:
    assert {name: REGISTRY[name].FAMILY.rate_headers(STANDINGS, NOW) for name in REGISTRY} == FAMILIES


def test_where_nothing_is_limited_nothing_is_said() -> None:
    assert openai_headers((), NOW) == {}


def test_a_reset_is_as_far_away_as_it_is_when_it_is_said() -> None:
    later = openai_headers(STANDINGS, NOW + timedelta(milliseconds=900))
    assert later["x-ratelimit-reset-requests"] == "100ms"
    much_later = openai_headers(STANDINGS, NOW + timedelta(seconds=9))
    assert much_later["x-ratelimit-reset-requests"] == "0s"


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (timedelta(0), "0s"),
        (timedelta(microseconds=1), "1ms"),
        (timedelta(milliseconds=120), "120ms"),
        (timedelta(seconds=1.5), "1.5s"),
        (timedelta(minutes=6), "6m0s"),
        (timedelta(hours=1), "1h0m0s"),
        (timedelta(days=1, microseconds=-1), "24h0m0s"),
        (timedelta(seconds=-3), "0s"),
    ],
)
def test_a_duration_is_written_as_go_writes_it(span: timedelta, said: str) -> None:
    assert duration(span) == said
