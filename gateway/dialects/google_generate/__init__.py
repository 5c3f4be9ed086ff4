"""Google's generateContent, streamGenerateContent and countTokens, as clients write them and as Gemini answers.

Reference: the Gemini API's published reference and the types of the official Python SDK 3.4.0 (November 2026).
`request`, `survey` and `foreign` read what clients send and pass it on; `reply` and `usage` watch what comes back;
`framing` puts streams on the wire; `errors` writes refusals; `fields` reads Google's JSON, `signed` its signatures.
"""

from gateway.dialects.google_generate.counting import count, counted
from gateway.dialects.google_generate.errors import error
from gateway.dialects.google_generate.framing import framing
from gateway.dialects.google_generate.reply import noticed, tally
from gateway.dialects.google_generate.request import accept, passed
from gateway.dialects.google_generate.signed import NAME

__all__ = ["NAME", "accept", "count", "counted", "error", "framing", "noticed", "passed", "tally"]
