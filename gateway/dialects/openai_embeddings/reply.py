"""Vectors written for clients, in the form that they asked for."""

from __future__ import annotations

import orjson

from gateway.core.errors import Ended
from gateway.dialects.dialect import ReplyIdentity
from gateway.dialects.neutral import Reply, ReplyEvent, Vectors
from gateway.dialects.openai import errors
from gateway.dialects.openai_embeddings.content import inputs
from gateway.dialects.openai_embeddings.request import wants_base64
from gateway.dialects.prompt import Prompt
from gateway.dialects.vectors import one_for_each, packed


def writer(prompt: Prompt, head: ReplyIdentity) -> EmbeddingsWriter:
    """Writes the reply to `prompt`."""
    return EmbeddingsWriter(prompt, head)


class EmbeddingsWriter:
    """Writes one reply. There are no streams of vectors."""

    def __init__(self, prompt: Prompt, head: ReplyIdentity) -> None:
        self._head = head
        self._base64 = wants_base64(prompt)
        self._inputs = inputs(prompt)

    def write(self, event: ReplyEvent) -> bytes:  # noqa: ARG002
        return b""

    def keepalive(self) -> bytes:
        return b""

    def failure(self, ended: Ended) -> bytes:
        """The body of a refusal, since nothing can stand before it."""
        return errors.body(ended)

    def whole(self, reply: Reply | Vectors) -> bytes:
        """The list of vectors. Broken where one has no form in base64, or unless there is one for each input."""
        assert isinstance(reply, Vectors)
        one_for_each(self._inputs, len(reply.vectors), reply.metered)
        data = [
            {"object": "embedding", "index": index, "embedding": packed(vector) if self._base64 else vector}
            for index, vector in enumerate(reply.vectors)
        ]
        tokens = reply.metered.usage.context
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        return orjson.dumps({"object": "list", "data": data, "model": self._head.model, "usage": usage})
