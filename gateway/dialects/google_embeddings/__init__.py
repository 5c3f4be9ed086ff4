"""Google's embedContent and batchEmbedContents, as clients write them and as Gemini answers.

Reference: the Gemini API's published reference and the types of the official Python SDK 3.4.0 (November 2026). The SDK
sends a batch even for one content.
"""

from collections.abc import Mapping
from typing import Final

from gateway.core.operation import EMBEDDINGS, Operation
from gateway.dialects.dialect import Verb
from gateway.dialects.families import GOOGLE, Family
from gateway.dialects.google.errors import error
from gateway.dialects.google_embeddings.decode import conversation
from gateway.dialects.google_embeddings.encode import written
from gateway.dialects.google_embeddings.events import events
from gateway.dialects.google_embeddings.reply import writer
from gateway.dialects.google_embeddings.request import NAME, accept, passed
from gateway.dialects.google_embeddings.stream import fitted, observe
from gateway.dialects.google_embeddings.texts import texts
from gateway.dialects.identifiers import Members

FAMILY: Final[Family] = GOOGLE
PATHS: Final[Mapping[str, Operation]] = {}
VERBS: Final[Mapping[str, Verb]] = {"embedContent": Verb(EMBEDDINGS), "batchEmbedContents": Verb(EMBEDDINGS)}
IDENTIFIERS: Final[Members] = ()
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
