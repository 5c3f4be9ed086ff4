"""The contents of a request for vectors: one, or a batch."""

from __future__ import annotations

from typing import Final

from gateway.dialects.google.fields import GoogleObject, fault
from gateway.dialects.prompt import Prompt, PromptHead

BATCH: Final = "batchEmbedContents"


def is_batch(head: PromptHead) -> bool:
    """Whether the client sent several requests at once, and wants as many vectors."""
    return head.verb == BATCH


def inputs(prompt: Prompt) -> int:
    """The number of vectors that the client waits for."""
    return len(requests_of(GoogleObject(prompt.unseal().values), prompt.head))


def requests_of(body: GoogleObject, head: PromptHead) -> list[GoogleObject]:
    """The inputs to embed, each with its settings."""
    requests = list(body.each("requests")) if is_batch(head) else [body]
    if not requests:
        raise fault("requests", "must be a list of at least one request")
    for request in requests:
        if not request.inner("content").rows("parts"):
            raise fault(request.path("content"), "must have at least one part")
    return requests
