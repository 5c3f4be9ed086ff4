"""Each member of each official SDK's request: carried, adapted, named, refused; nothing vanishes in silence."""

from __future__ import annotations

from pathlib import Path
from typing import get_type_hints

from anthropic.types.beta.message_create_params import MessageCreateParamsBase as BetaMessages
from anthropic.types.message_create_params import MessageCreateParamsBase as Messages
from google.genai.types import GenerateContentConfig, GenerationConfig
from openai.types.chat.completion_create_params import CompletionCreateParamsBase as Chat
from openai.types.responses.response_create_params import ResponseCreateParamsBase as Responses

from tests.dialects.sdk_members import BASES, SAMPLES, fate, page, wires

PAGE = Path(__file__).resolve().parents[2] / "docs/translation-members.md"

OF_THE_SDK = frozenset("automaticContinuation automaticFunctionCalling httpOptions shouldReturnHttpResponse".split())
"""Members of Google's configuration that the SDK obeys itself. `generationOutputConfig` is Vertex's, for files."""


def of_google() -> set[str]:
    """Members of Google's request: those of its `generationConfig` with their path."""
    inner = {field.alias or name for name, field in GenerationConfig.model_fields.items()}
    config = {field.alias or name for name, field in GenerateContentConfig.model_fields.items()} - OF_THE_SDK
    outer = {name for name in SAMPLES["google_generate"] if "." not in name}
    return {f"generationConfig.{name}" for name in (inner | config) - outer - {"generationOutputConfig"}}


def test_every_member_of_an_official_sdk_stands_in_a_row() -> None:
    of = {
        "openai_chat": {*get_type_hints(Chat)},
        "openai_responses": {*get_type_hints(Responses)},
        "anthropic_messages": {*get_type_hints(Messages), *get_type_hints(BetaMessages)},
        "google_generate": of_google(),
    }
    missing = {client: names - SAMPLES[client].keys() - BASES[client].keys() for client, names in of.items()}
    assert missing == {client: set() for client in of}


def test_the_page_is_current() -> None:
    assert PAGE.read_text() == page(), "run: python -m tests.dialects.sdk_members > docs/translation-members.md"


def test_nothing_vanishes_in_silence() -> None:
    """Only what means the same as nothing there, or is about the reply alone, is left out unnamed."""
    silent = {
        (client, member, wire)
        for client, members in SAMPLES.items()
        for member in members
        for wire in wires(client)
        if fate(client, member, wire) == "the default"
    }
    about_the_reply = {("openai_responses", "include", wire) for wire in wires("openai_responses")}
    assert silent - about_the_reply == {("anthropic_messages", "service_tier", "bedrock_converse")}
