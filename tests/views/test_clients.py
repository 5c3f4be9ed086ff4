from __future__ import annotations

import json
import tomllib
from typing import Any

from gateway.views.clients import CLIENTS, client_settings
from gateway.views.snippets import filled
from tests.views.test_snippets import CLIENTS as PAGE


def test_settings_have_the_address_and_the_model_and_can_be_read() -> None:
    made: dict[str, Any] = {str(each["name"]): each for each in client_settings("http://h:1", "m-1")}  # type: ignore[index, call-overload]
    assert all("m-1" in each["text"] and "http://h:1" in each["text"] for each in made.values())
    assert tomllib.loads(made["Codex"]["text"])["model_providers"]["safeconduct"]["base_url"] == "http://h:1/v1"
    assert json.loads(made["opencode"]["text"])["provider"]["safeconduct"]["options"]["apiKey"] == "{env:LLM_KEY}"


def test_the_page_of_clients_shows_the_same_settings() -> None:
    for name, _, text in CLIENTS:
        assert filled(text, "https://llm.example.org", "magistral-small") in PAGE, name
