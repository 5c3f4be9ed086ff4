"""Embeddings requests, as clients write them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.core.demand import Demand
from gateway.core.errors import InvalidRequest
from gateway.core.operation import EMBEDDINGS
from gateway.dialects.dialect import RequestOverrides
from gateway.dialects.neutral import Embedding
from gateway.dialects.openai_embeddings.decode import conversation
from gateway.dialects.openai_embeddings.request import accept
from gateway.dialects.prompt import Prompt, PromptHead
from tests.builders import a_policy, a_snapshot

SNAPSHOT = a_snapshot(policies=(a_policy("strict"),), redirects={"embed-*": "small"})


PSEUDONYMS = RequestOverrides(pseudonym=lambda name: f"p-{name}")


def accepted(policy: str = "", **members: Any) -> tuple[Demand, Prompt]:
    body = {"model": "small", "input": "hello", **members}
    return accept(json.dumps(body).encode(), PromptHead(EMBEDDINGS, policy=policy), SNAPSHOT)


def read(**members: Any) -> Embedding:
    return conversation(accepted(**members)[1])


def fault(**members: Any) -> str:
    with pytest.raises(InvalidRequest) as refused:
        accepted(**members)
    assert "secret" not in refused.value.message
    return str(refused.value.details["field"])
