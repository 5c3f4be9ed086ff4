"""Anthropic's Messages, as clients write it and as Anthropic (and who took it over) speaks it.

Reference: the API's published reference, versions 2023-06-01 and 2026-10-21, and the types of the official Python SDK
2.12.0 (November 2026).
Same dialect on both sides: `request` reads what clients send and passes it on (`survey`, `betas` and `thoughts` judge
it); `reply` and `usage` watch what comes back. Towards another: `decode` (with `parts`, `turns`, `tools`) reads a
request into the neutral form and `writer` (with `blocks`, `ids`) writes its reply; `encode` (with `messages`,
`effort`, `schemas`) writes a request from it and `reader` reads its reply. `errors` writes refusals, `counting` answers
counts.
"""

from typing import Final

from gateway.dialects.anthropic_messages.counting import count, counted
from gateway.dialects.anthropic_messages.decode import conversation
from gateway.dialects.anthropic_messages.encode import written
from gateway.dialects.anthropic_messages.errors import error
from gateway.dialects.anthropic_messages.reader import events, reader
from gateway.dialects.anthropic_messages.reply import framing, observe, tally
from gateway.dialects.anthropic_messages.request import NAME, accept, passed
from gateway.dialects.anthropic_messages.writer import writer

EMBEDS_AS: Final = ""

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
