"""OpenAI Responses, as clients write it and as providers speak it.

Reference: the API's published reference and the types of the official Python SDK 3.54.0 (November 2026).
"""

from typing import Final

from gateway.dialects.openai.errors import error
from gateway.dialects.openai_responses.counting import count, counted
from gateway.dialects.openai_responses.decode import conversation
from gateway.dialects.openai_responses.encode import written
from gateway.dialects.openai_responses.events import events, reader
from gateway.dialects.openai_responses.reply import writer
from gateway.dialects.openai_responses.request import NAME, accept, passed
from gateway.dialects.openai_responses.stream import framing, observe, tally

EMBEDS_AS: Final = "openai_embeddings"

__all__ = [
    "EMBEDS_AS",
    "NAME",
    "accept",
    "conversation",
    "count",
    "counted",
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
