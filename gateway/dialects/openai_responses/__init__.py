"""OpenAI Responses, as clients write it and as providers speak it.

Reference: the API's published reference and the types of the official Python SDK 3.54.0 (November 2026).
A client's side: `request` and `content` judge what arrives, `decode`, `turns`, `parts` and `tools` read it, `writer`
and `output` write the reply, `resource`, `frames` and `errors` what surrounds it. A provider's side: `encode` and
`items` write the request, `reply` watches what is passed on, `reader` and `received` read what is translated.
"""

from typing import Final

from gateway.dialects.openai_responses.decode import conversation
from gateway.dialects.openai_responses.encode import written
from gateway.dialects.openai_responses.errors import error
from gateway.dialects.openai_responses.reader import events, reader
from gateway.dialects.openai_responses.reply import framing, observe, tally
from gateway.dialects.openai_responses.request import NAME, accept, passed
from gateway.dialects.openai_responses.usage import count, counted
from gateway.dialects.openai_responses.writer import writer

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
