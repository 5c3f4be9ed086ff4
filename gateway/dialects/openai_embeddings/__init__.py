"""OpenAI Embeddings, as clients write it and as most providers speak it.

Reference: the API's published reference and the types of the official Python SDK 3.54.0 (November 2026). The SDK asks
for base64 unless its user asks for numbers.
"""

from typing import Final

from gateway.dialects.openai.errors import error
from gateway.dialects.openai_embeddings.decode import conversation
from gateway.dialects.openai_embeddings.encode import written
from gateway.dialects.openai_embeddings.events import events
from gateway.dialects.openai_embeddings.reply import writer
from gateway.dialects.openai_embeddings.request import NAME, accept, passed
from gateway.dialects.openai_embeddings.stream import fitted, observe

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
