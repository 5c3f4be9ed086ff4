"""Text completions, as clients write them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.core.demand import Demand
from gateway.core.errors import InvalidRequest
from gateway.core.operation import COMPLETIONS
from gateway.dialects.dialect import RequestOverrides
from gateway.dialects.openai_completions.request import accept
from gateway.dialects.prompt import Prompt, PromptHead
from tests.builders import a_policy, a_snapshot

SNAPSHOT = a_snapshot(policies=(a_policy("strict"),))
PSEUDONYMS = RequestOverrides(pseudonym=lambda name: f"p-{name}")


def accepted(policy: str = "", **members: Any) -> tuple[Demand, Prompt]:
    body = {"model": "small", "prompt": "hello", **members}
    return accept(json.dumps(body).encode(), PromptHead(COMPLETIONS, policy=policy), SNAPSHOT)


def fault(**members: Any) -> str:
    with pytest.raises(InvalidRequest) as refused:
        accepted(**members)
    assert "secret" not in refused.value.message
    return str(refused.value.details["field"])
