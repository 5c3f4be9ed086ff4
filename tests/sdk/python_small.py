"""What the Python SDKs ask beside conversations: which models there are, how long a prompt is, vectors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import anthropic
import openai
from google import genai
from google.genai import types

from tests.sdk.results import PATIENCE_S, Command
from tests.sdk.scenarios import ASKED

QUESTION: Final = str(ASKED["scenarios"]["plain"]["question"])
TEXTS: Final[list[str]] = ASKED["texts"]


def _openai(command: Command) -> Any:
    base_url = f"{command.base_url}/v1"
    with openai.OpenAI(base_url=base_url, api_key=command.key, max_retries=0, timeout=PATIENCE_S) as client:
        if command.scenario == "models":
            return [model.id for model in client.models.list()]
        if command.scenario == "model":
            return client.models.retrieve(command.model).id
        if command.scenario == "count":
            return client.responses.input_tokens.count(model=command.model, input=QUESTION).input_tokens
        return [data.embedding for data in client.embeddings.create(model=command.model, input=TEXTS).data]


def _anthropic(command: Command) -> Any:
    where: dict[str, Any] = {"base_url": command.base_url, "api_key": command.key, "auth_token": None}
    with anthropic.Anthropic(**where, max_retries=0, timeout=PATIENCE_S) as client:
        if command.scenario == "models":
            return [model.id for model in client.models.list()]
        if command.scenario == "model":
            return client.models.retrieve(command.model).id
        turns: Any = [{"role": "user", "content": QUESTION}]
        return client.messages.count_tokens(model=command.model, messages=turns).input_tokens


def _google(command: Command) -> Any:
    options = types.HttpOptions(base_url=command.base_url, timeout=int(PATIENCE_S * 1000))
    with genai.Client(api_key=command.key, http_options=options) as client:
        if command.scenario == "models":
            return [str(model.name) for model in client.models.list()]
        if command.scenario == "model":
            return client.models.get(model=command.model).name
        if command.scenario == "count":
            return client.models.count_tokens(model=command.model, contents=QUESTION).total_tokens
        contents: Any = TEXTS
        found = client.models.embed_content(model=command.model, contents=contents)
        return [embedding.values for embedding in found.embeddings or ()]


SMALL: Final[Mapping[str, Callable[[Command], Any]]] = {
    "python-openai-small": _openai,
    "python-anthropic-small": _anthropic,
    "python-google-small": _google,
}
"""Each answers `command.scenario`: models, model, count, embeddings (Anthropic has none)."""
