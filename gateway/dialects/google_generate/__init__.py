"""Google's generateContent, streamGenerateContent and countTokens, as clients write them and as Gemini answers.

Reference: the Gemini API's published reference and the types of the official Python SDK 3.4.0 (November 2026).
`request`, `survey` and `foreign` read what clients send and pass it on; `reply` and `usage` watch what comes back;
`framing` puts streams on the wire; `errors` writes refusals; `fields` reads Google's JSON, `signed` its signatures.
For other dialects, `decode` (with `turns`, `parts`, `tools` and `schema`) and `encode` (with `contents`) translate
requests, `reader` and `writer` replies.
"""

from typing import Final

from gateway.dialects.google_generate.counting import count, counted
from gateway.dialects.google_generate.decode import conversation
from gateway.dialects.google_generate.encode import written
from gateway.dialects.google_generate.errors import error
from gateway.dialects.google_generate.framing import framing
from gateway.dialects.google_generate.reader import events, reader
from gateway.dialects.google_generate.reply import observe, tally
from gateway.dialects.google_generate.request import accept, passed
from gateway.dialects.google_generate.signed import NAME
from gateway.dialects.google_generate.writer import writer

EMBEDS_AS: Final = "google_embeddings"

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
