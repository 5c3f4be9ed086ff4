"""OpenAI Embeddings, as clients write it and as most providers speak it.

Reference: the API's published reference and the types of the official Python SDK 3.54.0 (November 2026), which asks for
base64 unless its user asks for numbers. `request` reads, passes on and writes what is asked; `reply` reads what comes
back, `writer` writes it; `vectors` knows the two forms of a vector. Refusals are those of Chat Completions.
"""

from typing import Final

from gateway.dialects.openai_chat.errors import error
from gateway.dialects.openai_embeddings.reply import events, fitted, observe
from gateway.dialects.openai_embeddings.request import NAME, accept, conversation, passed, written
from gateway.dialects.openai_embeddings.writer import writer

EMBEDS_AS: Final = ""

__all__ = [
    "EMBEDS_AS",
    "NAME",
    "accept",
    "conversation",
    "error",
    "events",
    "fitted",
    "observe",
    "passed",
    "writer",
    "written",
]
