from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.dialects.retry_delay import retry_delay_s

NOW = datetime(2026, 12, 1, tzinfo=UTC)
INFO = {"details": ["x", {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.5s"}]}


@pytest.mark.parametrize(
    ("headers", "error", "seconds"),
    [
        ({}, {}, None),
        ({"retry-after": "7"}, {}, 7.0),
        ({"retry-after": "2.5"}, {}, 2.5),
        ({"retry-after": "Tue, 01 Dec 2026 00:00:09 GMT"}, {}, 9.0),
        ({"retry-after": "Mon, 30 Nov 2026 00:00:09 GMT"}, {}, None),
        ({"retry-after": "nan"}, {}, None),
        ({"retry-after": "-1"}, {}, None),
        ({"retry-after": "0"}, {}, None),
        ({"retry-after": "1e12"}, {}, None),
        ({"retry-after": "soon"}, {}, None),
        ({"retry-after-ms": "250", "retry-after": "1"}, {}, 0.25),
        ({"retry-after-ms": "0", "retry-after": "1"}, {}, 1.0),
        ({"x-ms-retry-after-ms": "1500"}, {}, 1.5),
        ({"x-amz-retry-after": "3000"}, {}, 3.0),
        ({}, INFO, 34.5),
        ({}, {"details": [{"retryDelay": {"seconds": 34, "nanos": 500_000_000}}]}, 34.5),
        ({}, {"details": [{"retryDelay": "soon"}]}, None),
        ({}, {"details": "x"}, None),
        ({"x-ratelimit-reset-requests": "6m0s", "x-ratelimit-remaining-requests": "0"}, {}, 360.0),
        ({"x-ratelimit-reset-tokens": "120ms", "x-ratelimit-remaining-tokens": "0"}, {}, 0.12),
        ({"x-ratelimit-reset-tokens": "1h2m3s", "x-ratelimit-remaining-tokens": "0"}, {}, 3723.0),
        ({"x-ratelimit-reset-requests": "30", "x-ratelimit-remaining-requests": "0"}, {}, 30.0),
        ({"x-ratelimit-reset-requests": "1s", "x-ratelimit-remaining-requests": "5"}, {}, None),
        (
            {
                "anthropic-ratelimit-requests-remaining": "0",
                "anthropic-ratelimit-requests-reset": "2026-12-01T00:00:30Z",
                "anthropic-ratelimit-tokens-remaining": "9",
                "anthropic-ratelimit-tokens-reset": "2026-12-01T00:05:00Z",
            },
            {},
            30.0,
        ),
        ({"x-ratelimit-reset": str(int(NOW.timestamp() * 1000) + 4_000)}, {}, 4.0),
        ({"x-ratelimit-reset": str(int(NOW.timestamp()) + 4)}, {}, 4.0),
        ({"ratelimit-reset": "11"}, {}, 11.0),
    ],
)
def test_every_spelling(headers: dict[str, str], error: dict[str, Any], seconds: float | None) -> None:
    found = retry_delay_s(headers, error, NOW)
    assert found == (None if seconds is None else pytest.approx(seconds))


NAMES = ["retry-after", "retry-after-ms", "x-ratelimit-reset-tokens", "x-ratelimit-remaining-tokens", "other"]


@given(st.dictionaries(st.sampled_from(NAMES), st.text(max_size=12)), st.text(max_size=8))
def test_no_words_of_a_provider_are_a_fault_here(headers: dict[str, str], delay: str) -> None:
    found = retry_delay_s(headers, {"details": [{"retryDelay": delay}]}, NOW)
    assert found is None or 0 < found <= 31 * 86_400
