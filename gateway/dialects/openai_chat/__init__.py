"""OpenAI Chat Completions, as clients write it and as most providers speak it.

Reference: the API's published reference and the types of the official Python SDK 3.54.0 (November 2026).
"""

from typing import Final

from gateway.dialects.openai.errors import error
from gateway.dialects.openai_chat.decode import conversation
from gateway.dialects.openai_chat.encode import written
from gateway.dialects.openai_chat.events import events, reader
from gateway.dialects.openai_chat.reply import writer
from gateway.dialects.openai_chat.request import NAME, accept, passed
from gateway.dialects.openai_chat.stream import framing, observe, tally

EMBEDS_AS: Final = "openai_embeddings"

__all__ = [
    "EMBEDS_AS",
    "NAME",
    "accept",
    "conversation",
    "error",
    "events",
    "framing",
    "observe",
    "passed",
    "reader",
    "tally",
    "writer",
    "written",
]
