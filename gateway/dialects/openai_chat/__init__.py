"""OpenAI Chat Completions, as clients write it and as most providers speak it.

Reference: the API's published reference and the types of the official Python SDK 3.54.0 (November 2026).
"""

from collections.abc import Mapping
from typing import Final

from gateway.core.operation import CHAT, Operation
from gateway.dialects.dialect import Verb
from gateway.dialects.families import OPENAI, Family
from gateway.dialects.identifiers import Members
from gateway.dialects.openai.errors import error
from gateway.dialects.openai.stream import client_framing, observe, tally
from gateway.dialects.openai_chat.decode import conversation
from gateway.dialects.openai_chat.encode import written
from gateway.dialects.openai_chat.events import events, reader
from gateway.dialects.openai_chat.reply import writer
from gateway.dialects.openai_chat.request import NAME, PATH, accept, passed
from gateway.dialects.openai_chat.texts import texts

FAMILY: Final[Family] = OPENAI
PATHS: Final[Mapping[str, Operation]] = {PATH: CHAT}
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
