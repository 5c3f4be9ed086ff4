"""Every SDK under a limit: it finds what is left in the headers of its family, and knows a refusal for what it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pytest

from tests.sdk.faults import class_of, refusal
from tests.sdk.gateway import Running, limited_key, model_of
from tests.sdk.stage import CLIENTS, DIALECT_OF, Stage

TOLD: Final[Mapping[str, tuple[str, Any]]] = {
    "openai_chat": ("x-ratelimit-remaining-requests", "rate_limited"),
    "openai_responses": ("x-ratelimit-remaining-requests", "rate_limited"),
    "anthropic_messages": ("anthropic-ratelimit-requests-remaining", "rate_limit_error"),
    "google_generate": ("", "RESOURCE_EXHAUSTED"),
}
"""By the client's dialect: the header that says what remains, and the word for a refusal."""


@pytest.mark.parametrize("client", CLIENTS)
def test_an_sdk_reads_what_remains_and_knows_the_refusal(stage: Stage, gateway: Running, client: str) -> None:
    header, word = TOLD[DIALECT_OF[client]]
    where = {"base_url": gateway.base_url, "key": limited_key(client)}
    first = stage.plays(client, "plain", model_of("openai_chat"), **where)
    assert first.error is None
    assert first.headers.get(header) == ("0" if header else None)
    second = stage.plays(client, "plain", model_of("openai_chat"), **where)
    assert refusal(second) == (class_of(client, 429), 429, word)
    assert stage.asked == [], "no provider was asked a second time"
