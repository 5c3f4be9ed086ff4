"""The Response object as we write it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.dialects.openai_responses.resource import begun
from tests.dialects.openai_responses.goldens import response

REQUIRED = (
    "id object created_at completed_at status error incomplete_details instructions model output parallel_tool_calls "
    "previous_response_id reasoning store temperature text tool_choice tools top_p truncation usage metadata "
    "presence_penalty frequency_penalty top_logprobs max_tool_calls safety_identifier prompt_cache_key service_tier "
    "background max_output_tokens"
).split()


def made(**values: Any) -> dict[str, Any]:
    return response(json.dumps(begun(values, "resp_1", "small", 7)).encode())


def test_every_required_member_is_there() -> None:
    assert set(REQUIRED) <= set(made())
    assert (made()["store"], made()["status"], made()["created_at"]) == (False, "in_progress", 7)


def test_what_the_client_asked_for_is_repeated() -> None:
    asked = {
        "instructions": "Be brief.",
        "temperature": 0.5,
        "top_p": 1,
        "tools": [{"type": "web_search"}],
        "tool_choice": {"type": "function", "name": "f"},
        "metadata": {"a": "b"},
        "max_output_tokens": 100,
        "parallel_tool_calls": False,
        "truncation": "auto",
        "user": "ada",
        "service_tier": "flex",
    }
    found = made(**asked)
    assert {name: found[name] for name in asked} == asked


def test_objects_are_completed() -> None:
    found = made(
        text={"verbosity": "low"},
        reasoning={"effort": "high"},
        tools=[{"type": "function", "name": "f"}, {"type": "local_shell"}],
    )
    assert found["text"] == {"format": {"type": "text"}, "verbosity": "low"}
    assert found["reasoning"] == {"effort": "high", "summary": None}
    assert found["tools"][0] == {
        "type": "function",
        "name": "f",
        "description": None,
        "parameters": None,
        "strict": None,
    }


@pytest.mark.parametrize("name", ["tools", "top_logprobs", "text", "metadata", "instructions", "max_output_tokens"])
@pytest.mark.parametrize("value", [True, None, 0.5])
def test_what_is_of_a_wrong_type_is_not_repeated(name: str, value: object) -> None:
    assert made(**{name: value})[name] == made()[name]
