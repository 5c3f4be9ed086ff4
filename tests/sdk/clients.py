"""The official Python SDKs, each asked the same scenarios and each giving the same kind of result.

A client is `ask(command) -> Result`; the Node clients (`*.mjs`) take and give the same as JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from tests.sdk.python_anthropic import anthropic_messages
from tests.sdk.python_google import google_generate
from tests.sdk.python_openai import openai_chat, openai_responses
from tests.sdk.results import Command, Result

ASK: Final[Mapping[str, Callable[[Command], Result]]] = {
    "python-openai-chat": openai_chat,
    "python-openai-responses": openai_responses,
    "python-anthropic": anthropic_messages,
    "python-google": google_generate,
}
