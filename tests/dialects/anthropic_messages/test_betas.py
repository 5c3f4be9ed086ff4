"""Which tokens of `anthropic-beta` are known, and which travel."""

from __future__ import annotations

import pytest

from gateway.core.errors import InvalidRequest
from gateway.dialects.anthropic_messages.betas import HEADER, KNOWN, MOST, checked, forwarded, unlisted


@pytest.mark.parametrize("betas", [[f"beta-{n}" for n in range(MOST + 1)], ["a b"], ["a\r\nx-api-key: y"], ["é"], [""]])
def test_too_many_tokens_or_what_is_none_is_refused_without_repeating_it(betas: list[str]) -> None:
    with pytest.raises(InvalidRequest) as refused:
        checked(betas)
    assert refused.value.details == {"header": HEADER}


def test_what_agents_send_is_known() -> None:
    sent = ["claude-code-20250219", "interleaved-thinking-2025-05-14", "context-management-2025-06-27"]
    checked(sent)
    assert set(sent) <= KNOWN
    assert list(unlisted(sent, frozenset())) == []


def test_a_beta_that_no_table_lists_is_named_by_its_dated_name_alone() -> None:
    named = list(unlisted(["message-threads-2026-08-12", "MARKER", "hello"], frozenset({"hello"})))
    assert named == ["beta:message-threads-2026-08-12", "(a beta whose name is no plain word)"]


def test_betas_travel_once_and_without_those_of_the_clients_key() -> None:
    sent = ["oauth-2025-04-20", "b-2026-01-01", "a-2026-01-01", "b-2026-01-01"]
    assert list(unlisted(sent[:1], frozenset())) == []
    assert forwarded(sent) == ((HEADER, "b-2026-01-01,a-2026-01-01"),)
    assert forwarded(sent[:1]) == ()
