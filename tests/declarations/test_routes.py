# ruff: noqa: E501  # a fault is pinned with its whole text, one line each
from __future__ import annotations

import pytest

from gateway.core.catalog import Abilities
from gateway.declarations.routes import DraftRoute, read_route
from tests.builders import a_connection, a_model, a_provider, some_abilities
from tests.declarations.papers import page, told

LINES = 'model = "small"\nupstream_model = "lab/Small"\n'


def route(text: str) -> tuple[DraftRoute, list[str]]:
    paper = page(text)
    found = read_route(paper.root, None)
    paper.close()
    return found, told(paper)


def test_a_route_states_itself_over_its_model() -> None:
    draft, faults = route(LINES + 'max_output = 8000\ninputs = ["text"]\nquantization = "fp8"\nnote = "n"\nweight = 3')
    made = draft.at(a_provider("evroc"), a_model("small"))
    assert made.id == "evroc/small"
    assert made.abilities == some_abilities(max_output=8000, inputs=frozenset({"text"}))
    assert (made.upstream_model, made.quantization, made.note, made.weight) == ("lab/Small", "fp8", "n", 3)
    assert faults == []


def test_a_route_states_its_fastest_rate() -> None:
    assert route(LINES + "tokens_per_s = 120.5")[0].tokens_per_s == 120.5
    assert route(LINES)[0].tokens_per_s is None


def test_a_variant_is_part_of_the_id() -> None:
    draft, _ = route(LINES + 'variant = "fp8-turbo"')
    assert (
        draft.id_at(a_provider("evroc"))
        == draft.at(a_provider("evroc"), a_model("small")).id
        == "evroc/small@fp8-turbo"
    )


@pytest.mark.parametrize(
    ("line", "speaks"),
    [
        ("", ["openai_chat", "openai_responses"]),  # as its connection
        ("also_speaks = []", ["openai_chat"]),
        ('also_speaks = ["anthropic_messages"]', ["openai_chat", "anthropic_messages"]),
    ],
)
def test_a_route_may_speak_less_or_more_than_its_connection(line: str, speaks: list[str]) -> None:
    draft, faults = route(LINES + line)
    made = draft.at(a_provider(connection=a_connection(also=("openai_responses",))), a_model("small"))
    dialects = ("openai_chat", "openai_responses", "anthropic_messages")
    assert [dialect for dialect in dialects if made.speaks(dialect)] == speaks
    assert faults == []


def test_what_is_not_stated_is_unknown() -> None:
    draft, _ = route(LINES)
    assert draft.abilities == Abilities()
    assert (draft.weight, draft.price.is_priced) == (1, False)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('upstream_model = "x"', 'model: is missing; add model = "an id of config/models"'),
        ('model = "small"', "upstream_model: is missing; add upstream_model = \"the provider's name\""),
        (LINES + 'variant = "a@b"', 'variant: "a@b" is not a name; write it with lower-case letters, digits, dots and hyphens'),
        (LINES + 'inputs = ["pictures"]', 'inputs: "pictures" is not a value of inputs; use one of'),
        (LINES + "max_output = 0", "max_output: 0 is not a whole number of at least 1;"),
        (LINES + 'also_speaks = ["none"]', 'also_speaks: "none" is not a value of also_speaks; use one of anthropic_messages, google_generate, openai_chat, openai_completions, openai_responses'),
        (LINES + "contxt = 5", "contxt: is not a key here; use one of also_speaks, context,"),
    ],
)  # fmt: skip
def test_a_faulty_route_is_reported(text: str, fault: str) -> None:
    _, faults = route(text)
    assert len(faults) == 1
    assert faults[0].startswith(f"paper.toml: {fault}")
