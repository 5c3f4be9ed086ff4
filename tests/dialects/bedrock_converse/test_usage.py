"""Usage of Converse in disjoint classes."""

from __future__ import annotations

import pytest

from gateway.core.usage import Usage, UsageSource
from gateway.dialects.bedrock_converse.usage import ConverseUsage, ServiceTier, metered
from gateway.dialects.usage_report import decoder

read = decoder(ConverseUsage)


@pytest.mark.parametrize(
    ("reported", "usage"),
    [
        (b'{"inputTokens":3,"outputTokens":5,"totalTokens":8}', Usage(input=3, output=5)),
        (
            b'{"inputTokens":3,"outputTokens":5,"cacheReadInputTokens":7,"cacheReadInputTokenCount":7,'
            b'"cacheWriteInputTokens":11,"cacheWriteInputTokenCount":11,'
            b'"cacheDetails":[{"ttl":"1h","inputTokens":4},{"ttl":"5m","inputTokens":7}]}',
            Usage(input=3, output=5, cache_read=7, cache_write_5m=7, cache_write_1h=4),
        ),
        (b'{"inputTokens":3,"outputTokens":5,"cacheReadInputTokenCount":7}', Usage(input=3, output=5, cache_read=7)),
        (b'{"inputTokens":3,"cacheDetails":[{"ttl":"9d","inputTokens":4},{}]}', Usage(input=3)),
    ],
)
def test_classes_are_disjoint_and_spellings_are_not_added(reported: bytes, usage: Usage) -> None:
    found = metered(read(reported))
    assert found is not None
    assert (found.usage, found.source, found.suspect) == (usage, UsageSource.PROVIDER, "")


def test_parts_beyond_their_total_are_suspect() -> None:
    found = metered(read(b'{"inputTokens":3,"outputTokens":5,"cacheDetails":[{"ttl":"1h","inputTokens":4}]}'))
    assert found is not None
    assert (found.usage, found.suspect) == (Usage(input=3, output=5), "parts_exceed_total")


def test_no_totals_are_no_report_and_the_tier_is_told() -> None:
    assert metered(read(b"{}")) is None
    found = metered(read(b'{"inputTokens":1,"outputTokens":1}'), ServiceTier("priority"))
    assert found is not None
    assert found.tier == "priority"
