"""Cohere's v2 embeddings, as Cohere speaks them: no client of the gateway does.

Reference: Cohere's API reference and the types of the official Python SDK 7.3.1 (November 2026).
"""

from typing import Final

from gateway.core.operation import EMBEDDINGS, Operation
from gateway.dialects.cohere_embeddings.encode import NAME, written
from gateway.dialects.cohere_embeddings.events import events

OPERATION: Final[Operation] = EMBEDDINGS
EMBEDS_AS: Final = ""

__all__ = ["EMBEDS_AS", "NAME", "OPERATION", "events", "written"]
