"""Cohere's v2 chat, as Cohere speaks it: no client of the gateway does.

Reference: Cohere's API reference and the types of the official Python SDK 7.3.1 (November 2026).
"""

from typing import Final

from gateway.core.operation import CHAT, Operation
from gateway.dialects.cohere_chat.encode import written
from gateway.dialects.cohere_chat.events import events, reader
from gateway.dialects.cohere_chat.messages import NAME

OPERATION: Final[Operation] = CHAT
EMBEDS_AS: Final = "cohere_embeddings"

__all__ = ["EMBEDS_AS", "NAME", "OPERATION", "events", "reader", "written"]
