"""Vectors written for clients, one alone or a batch as they asked."""

from __future__ import annotations

from typing import Any

import orjson

from gateway.core.errors import Ended
from gateway.core.usage import UsageSource
from gateway.dialects.dialect import ReplyIdentity
from gateway.dialects.google import errors
from gateway.dialects.google_embeddings.content import inputs, is_batch
from gateway.dialects.neutral import Reply, ReplyEvent, Vectors
from gateway.dialects.prompt import Prompt
from gateway.dialects.vectors import one_for_each


def writer(prompt: Prompt, head: ReplyIdentity) -> VectorsWriter:  # noqa: ARG001  # this dialect says nothing of the reply itself
    """Writes the reply to `prompt`."""
    return VectorsWriter(prompt)


class VectorsWriter:
    """Writes one reply. There are no streams of vectors."""

    def __init__(self, prompt: Prompt) -> None:
        self._batch = is_batch(prompt.head)
        self._inputs = inputs(prompt)

    def write(self, event: ReplyEvent) -> bytes:  # noqa: ARG002
        return b""

    def keepalive(self) -> bytes:
        return b""

    def failure(self, ended: Ended) -> bytes:
        """The body of a refusal, since nothing can stand before it."""
        return errors.body(ended)

    def whole(self, reply: Reply | Vectors) -> bytes:
        """Usage only where the provider counted: Gemini itself states none. Broken unless there is one vector for
        each content."""
        assert isinstance(reply, Vectors)
        rows: list[dict[str, Any]] = [{"values": vector} for vector in reply.vectors]
        one_for_each(self._inputs, len(rows), reply.metered)
        body: dict[str, Any] = {"embeddings": rows} if self._batch else {"embedding": rows[0]}
        if reply.metered.source is UsageSource.PROVIDER:
            tokens = reply.metered.usage.context
            body["usageMetadata"] = {"promptTokenCount": tokens, "totalTokenCount": tokens}
        return orjson.dumps(body)
