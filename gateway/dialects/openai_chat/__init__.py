"""OpenAI Chat Completions, as clients write it and as most providers speak it.

Reference: the API's published reference and the types of the official Python SDK 3.54.0 (November 2026).
`request` reads what clients send and passes it on; `reply` and `usage` watch what comes back; `errors` writes refusals.
"""

from gateway.dialects.openai_chat.errors import error
from gateway.dialects.openai_chat.reply import framing, noticed, tally
from gateway.dialects.openai_chat.request import NAME, accept, passed

__all__ = ["NAME", "accept", "error", "framing", "noticed", "passed", "tally"]
