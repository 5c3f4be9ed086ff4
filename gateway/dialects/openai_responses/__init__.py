"""OpenAI Responses, as clients write it and as providers speak it.

Reference: the API's published reference and the types of the official Python SDK 3.54.0 (November 2026).
"""

from collections.abc import Mapping
from typing import Final

from gateway.core.operation import CHAT, COUNT_TOKENS, Operation
from gateway.dialects.dialect import Verb
from gateway.dialects.families import OPENAI, Family
from gateway.dialects.identifiers import Members
from gateway.dialects.openai.errors import error
from gateway.dialects.openai_responses.counting import count, counted
from gateway.dialects.openai_responses.decode import conversation
from gateway.dialects.openai_responses.encode import written
from gateway.dialects.openai_responses.events import events, reader
from gateway.dialects.openai_responses.reply import writer
from gateway.dialects.openai_responses.request import COUNTING_PATH, NAME, PATH, accept, passed
from gateway.dialects.openai_responses.stream import client_framing, observe, tally
from gateway.dialects.openai_responses.texts import texts

FAMILY: Final[Family] = OPENAI
PATHS: Final[Mapping[str, Operation]] = {PATH: CHAT, COUNTING_PATH: COUNT_TOKENS}
VERBS: Final[Mapping[str, Verb]] = {}
IDENTIFIERS: Final[Members] = (("safety_identifier",), ("user",))
EMBEDS_AS: Final = "openai_embeddings"

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
    "tally",
    "texts",
    "writer",
    "written",
]
