"""Usage as OpenAI's clients expect it: parts inside totals."""

from __future__ import annotations

import msgspec
from hypothesis import given, settings
from openai.types.completion_usage import CompletionUsage

from gateway.core.usage import Usage
from gateway.dialects.openai.usage import CompletionsUsage, metered
from gateway.dialects.openai_chat.usage import usage_object
from tests.dialects.openai_chat.strategies import usages


def test_parts_are_inside_totals() -> None:
    found = usage_object(
        Usage(
            input=100,
            cache_read=20,
            cache_write_5m=3,
            cache_write_1h=4,
            output=50,
            reasoning=30,
            audio_in=5,
            audio_out=6,
            image_in=7,
            server_tool_calls=9,
        )
    )
    assert found == {
        "prompt_tokens": 139,
        "completion_tokens": 86,
        "total_tokens": 225,
        "prompt_tokens_details": {
            "cached_tokens": 20,
            "cache_write_tokens": 7,
            "audio_tokens": 5,
            "image_tokens": 7,
        },
        "completion_tokens_details": {"reasoning_tokens": 30, "audio_tokens": 6},
    }


@given(usage=usages)
@settings(database=None)
def test_who_reads_it_counts_the_same(usage: Usage) -> None:
    found = usage_object(usage)
    CompletionUsage.model_validate(found, strict=True)
    read = metered(msgspec.convert(found, CompletionsUsage))
    assert read is not None
    assert (read.usage, read.suspect) == (usage, "")
