"""OpenAI Responses, as clients write it and as providers speak it.

Reference: the API's published reference and the types of the official Python SDK 3.54.0 (November 2026).
"""

from gateway.dialects.openai_responses.errors import error
from gateway.dialects.openai_responses.reply import framing, noticed, tally
from gateway.dialects.openai_responses.request import NAME, accept, passed
from gateway.dialects.openai_responses.usage import count, counted

__all__ = ["NAME", "accept", "count", "counted", "error", "framing", "noticed", "passed", "tally"]
