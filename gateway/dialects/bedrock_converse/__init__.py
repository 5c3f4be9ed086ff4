"""Amazon Bedrock's Converse and ConverseStream, the provider's side alone.

Reference: the service model of bedrock-runtime (botocore 1.44, November 2026) and its published reference.
"""

from typing import Final

from gateway.core.operation import CHAT, Operation
from gateway.dialects.bedrock_converse.encode import written
from gateway.dialects.bedrock_converse.events import events, reader
from gateway.dialects.bedrock_converse.framing import reply_framing
from gateway.dialects.bedrock_converse.ids import NAME

OPERATION: Final[Operation] = CHAT
EMBEDS_AS: Final = ""

__all__ = ["EMBEDS_AS", "NAME", "OPERATION", "events", "reader", "reply_framing", "written"]
