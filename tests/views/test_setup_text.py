"""Plain text for coding agents."""

from __future__ import annotations

import re

from gateway.dialects.registry import REGISTRY
from gateway.views.clients import CLIENTS
from gateway.views.offers import ModelOffer
from gateway.views.setup_text import SetupReader, llms_text, setup_text
from gateway.views.snippets import SNIPPETS, filled
from tests.builders import a_model, a_route

ORIGIN = "https://llm.example.org"
READER = SetupReader(
    (
        ModelOffer("vectors", a_model("vectors", kind="embedding"), (a_route(),)),
        ModelOffer("small", a_model(), (a_route(),)),
        ModelOffer("alpha/small", a_model(), (a_route(),)),
    ),
    ("open", "eu"),
)


def test_without_a_key_it_says_how_to_send_one_and_lists_no_model() -> None:
    text = setup_text(ORIGIN, None)
    assert f'curl -sS {ORIGIN}/setup -H "Authorization: Bearer $LLM_KEY"' in text
    assert "Models of this key" not in text


def test_with_a_key_it_lists_its_models_and_fills_a_chat_model_in() -> None:
    text = setup_text(ORIGIN, READER)
    assert "- small: Small, lab, chat\n" in text
    assert "- vectors: Vectors, lab, embedding\n" in text
    assert "- alpha/small" not in text
    assert "Policies in force: open, eu." in text
    assert 'model="small"' in text
    assert "{{" not in text


def test_a_key_without_any_model_reads_so() -> None:
    assert "ask the operator" in setup_text(ORIGIN, SetupReader((), ("eu",)))


def test_every_client_and_every_dialect_is_in_it() -> None:
    text = setup_text(ORIGIN, READER)
    listed = [*SNIPPETS.values(), *((name, settings) for name, _, settings in CLIENTS)]
    for name, snippet in listed:
        assert f"### {name}\n" in text
        for line in filled(snippet, ORIGIN, "small").splitlines():
            assert line in text
    for path, (_, operation) in REGISTRY.paths.items():
        assert (f"POST /v1{path} (" in text) == operation.charged


def test_no_address_holds_a_key() -> None:
    for text in (setup_text(ORIGIN, READER), llms_text(ORIGIN)):
        assert "key=" not in re.sub(r"(?:api_key|apiKey)=", "", text)
        assert "sc_" not in text


def test_the_index_begins_with_a_title_and_a_summary() -> None:
    lines = llms_text(ORIGIN).splitlines()
    assert lines[0].startswith("# ")
    assert lines[2].startswith("> ")
    assert all(ORIGIN in line for line in lines if line.startswith("- ["))
