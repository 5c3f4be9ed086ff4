"""Counting a prompt."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gateway.sandbox.fields import Wrong
from gateway.sandbox.tally import PromptCount
from gateway.sandbox.tokens import IMAGE, MESSAGE, count


def test_a_tally_adds_up_what_a_prompt_holds() -> None:
    tally = PromptCount()
    tally.message()
    tally.text("Hello, world!")
    tally.image()
    tally.json({"a": [1]})
    assert (tally.messages, tally.images, tally.tokens) == (1, 1, MESSAGE + 4 + IMAGE + count('{"a":[1]}'))


def test_every_call_has_its_result() -> None:
    tally = PromptCount()
    for call in ("a", "b", "a"):
        tally.called(call)
    for call in ("a", "a", "b"):
        tally.answered(call, "messages")
    tally.close("messages")


def unknown(tally: PromptCount) -> None:
    tally.answered("marker-2b7e", "messages")


def twice(tally: PromptCount) -> None:
    tally.called("marker-2b7e")
    tally.answered("marker-2b7e", "messages")
    tally.answered("marker-2b7e", "messages")


def never(tally: PromptCount) -> None:
    tally.called("marker-2b7e")
    tally.close("messages")


@pytest.mark.parametrize("prompt", [unknown, twice, never])
def test_a_call_and_its_result_that_do_not_belong_together_are_refused(prompt: Callable[[PromptCount], None]) -> None:
    with pytest.raises(Wrong) as refused:
        prompt(PromptCount())
    assert (refused.value.status, refused.value.param) == (400, "messages")
    assert "marker-2b7e" not in refused.value.message
