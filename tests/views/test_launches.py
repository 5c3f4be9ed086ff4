"""Coding agents as `launch` starts them."""

from __future__ import annotations

import json
from typing import Any

import pytest
import tomli

from gateway.views.agent_launch import AgentLaunch, LaunchPart, fill
from gateway.views.launches import AGENTS, CODEX, OPENCODE

VALUES = {"origin": "https://llm.example.org", "model": "alpha/small", "policy": "strict", "directory": "/d"}


def parts_of(client: AgentLaunch) -> list[LaunchPart]:
    return [client.always, client.model, client.policy]


def texts_of(client: AgentLaunch) -> list[str]:
    parts = parts_of(client)
    listed = [text for part in parts for text in (*part.variables.values(), *part.arguments, *part.files.values())]
    return [fill(text, VALUES) for text in listed]


@pytest.mark.parametrize("agent", AGENTS.values(), ids=lambda agent: agent.program)
def test_an_agent_gets_address_model_and_policy(agent: AgentLaunch) -> None:
    texts = texts_of(agent)
    assert any("https://llm.example.org" in text for text in texts)
    assert any("alpha/small" in text for text in texts)
    assert any("strict" in text for text in texts)
    assert not any("{{" in text for text in texts)


@pytest.mark.parametrize("agent", AGENTS.values(), ids=lambda agent: agent.program)
def test_a_variable_that_is_set_is_never_cleared_but_for_the_policys(agent: AgentLaunch) -> None:
    always = {*agent.always.variables, *agent.model.variables, *agent.key_variables}
    assert not always & set(agent.cleared)


def test_codex_reads_its_provider_from_the_command_line() -> None:
    words = [fill(word, VALUES) for part in parts_of(CODEX) for word in part.arguments]
    assert words[::2] == ["-c"] * (len(words) // 2)
    provider: dict[str, Any] = tomli.loads("\n".join(words[1::2]))["model_providers"]["safeconduct"]
    assert provider == {
        "name": "Safeconduct",
        "base_url": "https://llm.example.org/v1",
        "env_key": "LLM_KEY",
        "wire_api": "responses",
        "http_headers": {"x-safeconduct-policy": "strict"},
    }


def test_opencode_reads_its_configuration_from_a_variable() -> None:
    config = json.loads(fill(OPENCODE.model.variables["OPENCODE_CONFIG_CONTENT"], VALUES))
    assert config["model"] == "safeconduct/alpha/small"
    assert config["enabled_providers"] == ["safeconduct"]
    assert config["share"] == "disabled"
