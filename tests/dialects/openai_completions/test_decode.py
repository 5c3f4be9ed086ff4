"""No request is translated into another dialect."""

from __future__ import annotations

import pytest

from gateway.core.errors import InvalidRequest
from gateway.dialects.openai_completions.decode import conversation
from tests.dialects.openai_completions.requests import accepted


def test_a_prompt_without_turns_is_no_conversation() -> None:
    with pytest.raises(InvalidRequest) as refused:
        conversation(accepted()[1])
    assert "/v1/chat/completions" in refused.value.message
    assert refused.value.details == {"field": "prompt"}
