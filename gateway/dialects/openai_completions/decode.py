"""Text completions have no neutral form."""

from __future__ import annotations

from typing import NoReturn

from gateway.core.errors import InvalidRequest
from gateway.dialects.prompt import Prompt


def conversation(prompt: Prompt) -> NoReturn:  # noqa: ARG001  # no request of this dialect has one
    """InvalidRequest: a prompt without turns has no place in another dialect."""
    raise InvalidRequest(
        "No route of this model speaks legacy text completions. Send the prompt as a message to /v1/chat/completions; "
        "fill-in-the-middle has no counterpart there.",
        field="prompt",
    )
