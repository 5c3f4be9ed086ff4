"""What a request takes from its caller's limits, and what it gives back, whichever way it ends."""

from __future__ import annotations

import pytest

from gateway.core.receipt import AttemptRecord
from gateway.dialects.prompt import PLAIN
from gateway.dialects.translation import Translation
from gateway.exchange.rate_permit import OUTPUT_AT_FIRST, tokens_at_first, tokens_used
from tests.builders import a_snapshot, an_attempt


def asked(body: bytes, dialect: str = "openai_chat") -> Translation:
    return Translation.accepted(dialect, body, PLAIN, a_snapshot())


@pytest.mark.parametrize(
    ("rest", "output"),
    [
        ("", OUTPUT_AT_FIRST),
        (',"max_tokens":50', 50),
        (',"max_tokens":64000', OUTPUT_AT_FIRST),
        (',"max_tokens":50,"n":3', 150),
        (',"max_tokens":64000,"n":3', 3 * OUTPUT_AT_FIRST),
    ],
)
def test_at_first_an_estimate_is_taken_that_agents_can_live_with(rest: str, output: int) -> None:
    request = asked(b'{"model":"small","messages":[{"role":"user","content":"%s"}]%s}' % (b"word " * 99, rest.encode()))
    assert tokens_at_first(request, 8_192) == request.estimate + output
    assert 99 <= request.estimate < request.demand.input_tokens / 3


def test_where_the_client_states_no_limit_the_default_counts_if_it_is_low() -> None:
    request = asked(b'{"model":"small","messages":[{"role":"user","content":"hello"}]}')
    assert tokens_at_first(request, 20) == request.estimate + 20


def test_vectors_have_no_output() -> None:
    request = asked(b'{"model":"small","input":"hello there"}', "openai_embeddings")
    assert tokens_at_first(request, 8_192) == request.estimate


SERVED = an_attempt(usage={"input": 10, "cache_write_5m": 5, "cache_read": 90_000, "output": 3, "reasoning": 2})
UNKNOWN = an_attempt(outcome="timeout", usage={}, usage_source="held")
FAILED = an_attempt(outcome="failed", usage={}, usage_source="")


@pytest.mark.parametrize(
    ("attempts", "used"),
    [
        ((), 0),
        ((FAILED,), 0),
        ((SERVED,), 20),
        ((SERVED, SERVED), 40),
        ((FAILED, SERVED), 20),
        ((UNKNOWN,), 500),
        ((UNKNOWN, SERVED), 500),
        ((an_attempt(usage={"input": 900, "server_tool_calls": 7}), UNKNOWN), 900),
    ],
)
def test_what_was_used_is_what_providers_report_but_for_their_caches(
    attempts: tuple[AttemptRecord, ...], used: int
) -> None:
    assert tokens_used(attempts, 500) == used
