"""Members that only steer sampling or the form of an answer."""

from __future__ import annotations

import pytest

from gateway.dialects.sampling import SAMPLING
from gateway.dialects.shapes import record, surveyed

REQUEST = record("", SAMPLING)


@pytest.mark.parametrize(
    "members",
    [
        {"top_k": 40, "min_p": 0.1, "repetition_penalty": 1.1, "stop_token_ids": [1], "guided_json": {}},  # vLLM
        {
            "mirostat": 2,
            "dry_multiplier": 0.8,
            "xtc_probability": 0.5,
            "samplers": ["top_k"],
            "grammar": "x",
        },  # llama.cpp
        {"regex": "a", "ebnf": "b", "no_stop_trim": True, "separate_reasoning": True},  # SGLang
        {"options": {"num_ctx": 4096, "stop": ["x"]}, "keep_alive": "5m", "think": True},  # Ollama
        {
            "top_a": 0.2,
            "transforms": ["middle-out"],
            "usage": {"include": True},
            "include_reasoning": True,
        },  # OpenRouter
        {"thinking": {"type": "enabled"}, "random_seed": 1, "safe_prompt": False, "prompt_mode": "reasoning"},
    ],
)
def test_common_members_of_compatible_servers_are_harmless(members: dict[str, object]) -> None:
    assert not surveyed(REQUEST, members, frozenset()).features


@pytest.mark.parametrize("name", ["cache_slot", "id_slot", "session_params", "lora", "models", "plugins", "request_id"])
def test_members_that_name_state_or_others_are_not_in_it(name: str) -> None:
    assert list(surveyed(REQUEST, {name: "x"}, frozenset()).unlisted) == [name]
