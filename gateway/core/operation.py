"""The operations that a client can ask for, as values whose traits tell the rest of the gateway how to treat them.

A new operation is one value here and one line in the dialects that offer it.
"""

from __future__ import annotations

from typing import Final

from gateway.core.frozen import frozen

JSON: Final = "application/json"
EVENTS: Final = "text/event-stream"


@frozen
class Operation:
    """One kind of request. `name` is the word of receipts, reasons and log lines.

    `model_kind`: the kind of model that serves it. `streams`: the reply may be a stream. `generates`: the reply grows
    up to an output limit. `counts`: the reply is a number of tokens, which the gateway can estimate itself; a provider
    answers it in the client's own dialect only. `charged`: providers bill it. `feeds_health`: the outcome says how well
    a route serves. `body_type`, `reply_type`, `stream_type`: media types of the body, of a whole reply and of a stream.
    """

    name: str
    model_kind: str
    streams: bool = False
    generates: bool = False
    counts: bool = False
    charged: bool = True
    feeds_health: bool = True
    body_type: str = JSON
    reply_type: str = JSON
    stream_type: str = EVENTS

    @property
    def accepted_types(self) -> str:
        """The media types of a reply, with commas between them."""
        return f"{self.reply_type}, {self.stream_type}" if self.streams else self.reply_type


CHAT: Final = Operation("chat", "chat", streams=True, generates=True)
COMPLETIONS: Final = Operation("completions", "chat", streams=True, generates=True)
"""OpenAI's legacy text completions: a text goes on, without turns. Chat models serve them under another address."""
EMBEDDINGS: Final = Operation("embeddings", "embedding")
COUNT_TOKENS: Final = Operation("count_tokens", "chat", counts=True, charged=False, feeds_health=False)

OPERATIONS: Final = (CHAT, COMPLETIONS, EMBEDDINGS, COUNT_TOKENS)
