"""Lasting settings say what a launch says, and documents and pages show them."""

from __future__ import annotations

import json
import shlex
import tomllib
from typing import Any

from gateway.views.agent_launch import fill
from gateway.views.clients import CLIENTS, client_settings
from gateway.views.launches import AGENTS, CODEX, OPENCODE
from gateway.views.snippets import filled
from tests.views.test_snippets import CLIENTS as PAGE

VALUES = {"origin": "http://h:1", "model": "m-1"}


def made() -> dict[str, str]:
    """The text of each agent's settings."""
    rows: Any = client_settings("http://h:1", "m-1")
    return {row["name"]: row["text"] for row in rows}


def test_an_agent_with_a_file_gets_the_values_that_its_launch_passes() -> None:
    words = [fill(word, VALUES) for part in (CODEX.always, CODEX.model) for word in part.arguments if word != "-c"]
    assert tomllib.loads(made()["Codex"]) == tomllib.loads("\n".join(words))
    passed = fill(OPENCODE.model.variables["OPENCODE_CONFIG_CONTENT"], VALUES)
    assert json.loads(made()["opencode"]) == json.loads(passed)


def test_an_agent_without_one_gets_its_variables_its_key_and_its_arguments() -> None:
    for launch in AGENTS.values():
        if launch.file:
            continue
        *exports, command = made()[launch.name].splitlines()
        variables = dict(line.removeprefix("export ").split("=", 1) for line in exports)
        always, model = launch.always, launch.model
        launched = {name: fill(text, VALUES) for name, text in {**always.variables, **model.variables}.items()}
        keys = dict.fromkeys(launch.key_variables, "$LLM_KEY")
        assert variables == {n: text for n, text in launched.items() if "{{directory}}" not in text} | keys
        assert shlex.split(command) == [
            launch.program,
            *(fill(w, VALUES) for w in (*always.arguments, *model.arguments)),
        ]


def test_no_settings_hold_a_place_that_nobody_fills() -> None:
    assert [name for name, text in made().items() if "{{" in text] == []
    assert all("m-1" in text and "http://h:1" in text for text in made().values())


def test_the_page_of_clients_shows_the_same_settings() -> None:
    for name, _, text in CLIENTS:
        assert filled(text, "https://llm.example.org", "magistral-small") in PAGE, name
