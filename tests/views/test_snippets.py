"""Snippets are what pages and docs/clients.md show; tests/pages runs them as shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gateway.views.snippets import KEY_VARIABLE, SNIPPETS, agent_prompt, call_snippets, filled

CLIENTS = (Path(__file__).parents[2] / "docs/clients.md").read_text()


def test_a_snippet_has_the_address_the_model_and_the_name_of_a_variable() -> None:
    for snippet in call_snippets("https://llm.example.org", "magistral-small", "chat"):
        each: Any = snippet
        assert "{{" not in each["text"]
        assert "https://llm.example.org" in each["text"]
        assert "magistral-small" in each["text"]
        assert KEY_VARIABLE in each["text"]
        assert "sc_" not in each["text"]


def test_only_models_that_can_be_called_have_snippets() -> None:
    names: list[Any] = call_snippets("http://x", "bge", "embedding")
    assert [each["name"] for each in names] == ["openai-python", "curl"]
    assert call_snippets("http://x", "whisper", "transcription") == []


def test_a_hostile_name_reaches_no_snippet() -> None:
    for name in ('x"; import os', "a b", "`id`", "$(id)", "a\nb", ""):
        assert call_snippets("http://x", name, "chat") == []
        assert agent_prompt("http://x", name) is None


def test_the_page_of_clients_shows_the_same_snippets() -> None:
    for title, text in SNIPPETS.values():
        assert filled(text, "https://llm.example.org", "magistral-small") in CLIENTS, title
