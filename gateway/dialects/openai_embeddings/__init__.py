"""OpenAI Embeddings, as clients write it and as most providers speak it.

Reference: the API's published reference and the types of the official Python SDK 3.54.0 (November 2026). The SDK asks
for base64 unless its user asks for numbers.
"""

from collections.abc import Mapping
from typing import Final

from gateway.core.operation import EMBEDDINGS, Operation
from gateway.dialects.dialect import Verb
from gateway.dialects.families import OPENAI, Family
from gateway.dialects.identifiers import Members
from gateway.dialects.openai.errors import error
from gateway.dialects.openai_embeddings.decode import conversation
from gateway.dialects.openai_embeddings.encode import written
from gateway.dialects.openai_embeddings.events import events
from gateway.dialects.openai_embeddings.reply import writer
from gateway.dialects.openai_embeddings.request import NAME, PATH, accept, passed
from gateway.dialects.openai_embeddings.stream import fitted, observe
from gateway.dialects.openai_embeddings.texts import texts

FAMILY: Final[Family] = OPENAI
PATHS: Final[Mapping[str, Operation]] = {PATH: EMBEDDINGS}
VERBS: Final[Mapping[str, Verb]] = {}
IDENTIFIERS: Final[Members] = (("user",),)
EMBEDS_AS: Final = ""

__all__ = [
    "EMBEDS_AS",
    "FAMILY",
    "IDENTIFIERS",
    "NAME",
    "PATHS",
    "VERBS",
    "accept",
    "conversation",
    "error",
    "events",
    "fitted",
    "observe",
    "passed",
    "texts",
    "writer",
    "written",
]
