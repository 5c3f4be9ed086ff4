"""Google's generateContent, streamGenerateContent and countTokens, as clients write them and as Gemini answers.

Reference: the Gemini API's published reference and the types of the official Python SDK 3.4.0 (November 2026).
"""

from collections.abc import Mapping
from typing import Final

from gateway.core.operation import CHAT, COUNT_TOKENS, Operation
from gateway.dialects.dialect import Verb
from gateway.dialects.families import GOOGLE, Family
from gateway.dialects.google.errors import error
from gateway.dialects.google_generate.counting import count, counted
from gateway.dialects.google_generate.decode import conversation
from gateway.dialects.google_generate.encode import written
from gateway.dialects.google_generate.events import events, reader
from gateway.dialects.google_generate.frames import client_framing
from gateway.dialects.google_generate.framing import reply_framing
from gateway.dialects.google_generate.reply import writer
from gateway.dialects.google_generate.request import accept, passed
from gateway.dialects.google_generate.signatures import NAME
from gateway.dialects.google_generate.stream import observe, tally
from gateway.dialects.google_generate.texts import texts
from gateway.dialects.identifiers import Members

FAMILY: Final[Family] = GOOGLE
PATHS: Final[Mapping[str, Operation]] = {}
VERBS: Final[Mapping[str, Verb]] = {
    "generateContent": Verb(CHAT),
    "streamGenerateContent": Verb(CHAT, streaming=True),
    "countTokens": Verb(COUNT_TOKENS),
}
IDENTIFIERS: Final[Members] = ()
EMBEDS_AS: Final = "google_embeddings"

__all__ = [
    "EMBEDS_AS",
    "FAMILY",
    "IDENTIFIERS",
    "NAME",
    "PATHS",
    "VERBS",
    "accept",
    "client_framing",
    "conversation",
    "count",
    "counted",
    "error",
    "events",
    "observe",
    "passed",
    "reader",
    "reply_framing",
    "tally",
    "texts",
    "writer",
    "written",
]
