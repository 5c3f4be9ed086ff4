"""Requests for vectors, as clients write them."""

from __future__ import annotations

import json
from typing import Any

from gateway.core.demand import Demand
from gateway.core.operation import EMBEDDINGS
from gateway.dialects.google_embeddings.request import accept
from gateway.dialects.prompt import Prompt, PromptHead
from tests.builders import a_policy, a_snapshot

SNAPSHOT = a_snapshot(policies=(a_policy("strict"),))


ONE = PromptHead(operation=EMBEDDINGS, model="small", verb="embedContent")


BATCH = PromptHead(operation=EMBEDDINGS, model="models/small", verb="batchEmbedContents", policy="strict")


HELLO: dict[str, Any] = {"parts": [{"text": "hello"}]}


PICTURE = {"inlineData": {"mimeType": "image/png", "data": "AA=="}}


def accepted(asked: PromptHead = ONE, /, **body: Any) -> tuple[Demand, Prompt]:
    return accept(json.dumps(body).encode(), asked, SNAPSHOT)


def one(**members: Any) -> tuple[Demand, Prompt]:
    return accepted(ONE, content=HELLO, **members)


def batch(*requests: Any, **members: Any) -> tuple[Demand, Prompt]:
    return accepted(BATCH, requests=list(requests), **members)
