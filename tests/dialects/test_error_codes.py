"""The tables of providers' codes agree with each other and speak in closed vocabularies."""

from __future__ import annotations

from itertools import combinations

from gateway.core.health import FaultScope
from gateway.dialects.error_codes import (
    ANTHROPIC,
    AZURE,
    BEDROCK,
    CODES,
    GOOGLE,
    LENGTH_WORDS,
    OPENAI,
    OTHERS,
    STATUSES,
    TYPES,
    WITHDRAWN_WORDS,
    WORDS,
)

TABLES = (OPENAI, ANTHROPIC, GOOGLE, BEDROCK, AZURE, OTHERS)


def test_a_code_has_one_scope_whoever_sends_it() -> None:
    for one, other in combinations(TABLES, 2):
        assert not one.keys() & other.keys()
    assert len(CODES) == sum(map(len, TABLES))


def test_words_are_compared_in_lower_case() -> None:
    words = [*LENGTH_WORDS, *WITHDRAWN_WORDS, *(begin for begin, _ in WORDS)]
    assert all(each == each.lower() for each in words)


def test_a_status_alone_never_locks_out_but_for_a_refused_credential_and_a_missing_payment() -> None:
    assert {status for status, scope in STATUSES.items() if scope.locks_out} == {401, 402}
    assert STATUSES[403] is FaultScope.ATTEMPT, "what one caller sends never closes a route for another"


def test_kinds_of_errors_stand_for_statuses_of_errors() -> None:
    assert all(400 <= status < 600 for status in TYPES.values())
