"""Thoughts that Anthropic did not sign are kept from it."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.dialects.anthropic_messages.signatures import are_unproved, own
from gateway.dialects.signatures import enveloped

SAID = {"type": "text", "text": "hi"}
OWN = {"type": "thinking", "thinking": "hm", "signature": "EqQB"}
SEALED = {"type": "redacted_thinking", "data": "EmwK"}
UNSIGNED = {"type": "thinking", "thinking": "hm", "signature": ""}
FOREIGN = {"type": "thinking", "thinking": "hm", "signature": enveloped("x", "google_generate")}
FOREIGN_SEALED = {"type": "redacted_thinking", "data": enveloped("x", "openai_responses")}


def history(*blocks: Any) -> list[Any]:
    return [{"role": "user", "content": "q"}, {"role": "assistant", "content": list(blocks)}]


def test_a_history_of_its_own_thoughts_stays_as_it_is() -> None:
    assert own(history(OWN, SEALED, SAID)) is None
    assert own(history(SAID)) is None


@pytest.mark.parametrize("foreign", [UNSIGNED, FOREIGN, FOREIGN_SEALED, {"type": "thinking"}])
def test_thoughts_of_others_are_left_out(foreign: Any) -> None:
    assert own(history(foreign, OWN, SAID)) == history(OWN, SAID)


CALL = {"type": "tool_use", "id": "t", "name": "f", "input": {}}


@pytest.mark.parametrize(
    ("blocks", "unproved"),
    [
        ([CALL], True),
        ([SAID, CALL], True),
        ([OWN, CALL], False),
        ([SEALED, SAID, CALL], False),
        ([SAID], False),
        ([], False),
    ],
)
def test_an_answer_that_called_tools_is_proved_by_the_thought_it_begins_with(blocks: list[Any], unproved: bool) -> None:
    result = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t"}]}
    assert are_unproved([*history(CALL), result, *history(*blocks), result]) is unproved
    assert not are_unproved(history()[:1])
    assert not are_unproved([{"role": "assistant", "content": "said"}])


def test_a_message_of_nothing_else_is_left_out_whole() -> None:
    assert own([*history(FOREIGN), *history(SAID)]) == [history()[0], *history(SAID)]
