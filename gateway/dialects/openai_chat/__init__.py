"""OpenAI Chat Completions, as clients write it and as most providers speak it.

Reference: the API's published reference and the types of the official Python SDK 3.54.0 (November 2026).
Same dialect on both sides: `request` (with `foreign`) reads what clients send and passes it on; `reply` and `usage`
watch what comes back. Towards another: `decode` (with `parts`, `turns`, `tools`) reads a request into the neutral form
and `writer` (with `leaves`, `usage_out`) writes its reply; `encode` (with `messages`) writes a request from it and
`reader` (with `chunks`, `calls`) reads its reply. `errors` writes refusals.
"""

from typing import Final

from gateway.dialects.openai_chat.decode import conversation
from gateway.dialects.openai_chat.encode import written
from gateway.dialects.openai_chat.errors import error
from gateway.dialects.openai_chat.reader import events, reader
from gateway.dialects.openai_chat.reply import framing, observe, tally
from gateway.dialects.openai_chat.request import NAME, accept, passed
from gateway.dialects.openai_chat.writer import writer

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
