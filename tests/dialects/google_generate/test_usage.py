"""Usage: Google's classes taken apart, and put together for its clients."""

from __future__ import annotations

import json

from google.genai.types import GenerateContentResponseUsageMetadata
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.usage import Usage
from gateway.dialects.google_generate.usage import written
from tests.dialects.google.test_usage import read
from tests.dialects.google_generate.strategies import UNKEPT

counts = st.integers(0, 10_000)


@UNKEPT
@given(st.builds(Usage, counts, counts, output=counts, reasoning=st.integers(1, 9), audio_in=counts, image_out=counts))
def test_a_client_is_told_what_a_provider_would_say(usage: Usage) -> None:
    told = written(usage)
    GenerateContentResponseUsageMetadata.model_validate_json(json.dumps(told), strict=True)
    assert read(**told).usage == usage
    assert told["totalTokenCount"] == usage.context + usage.generated
    assert told["thoughtsTokenCount"] == usage.reasoning


def test_classes_that_do_not_occur_are_not_stated() -> None:
    assert written(Usage(input=3, output=4)) == {
        "promptTokenCount": 3,
        "candidatesTokenCount": 4,
        "totalTokenCount": 7,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 3}],
    }
