"""What the sandbox keeps of a request: its shape."""

from __future__ import annotations

import pytest

from gateway.sandbox.fields import Wrong
from gateway.sandbox.reply_request import DeclaredFunction, ReplyRequest, counted, first, known
from gateway.sandbox.tally import PromptCount
from gateway.sandbox.tokens import IMAGE, MESSAGE

MARKER = "marker-2b7e"
TOOLS = {"time": DeclaredFunction("time", {}), "weather": DeclaredFunction("weather", {"type": "object"})}


def test_no_word_of_a_request_is_in_its_repr() -> None:
    asked = ReplyRequest(1, 4, stop=(MARKER,), call=DeclaredFunction(MARKER, {MARKER: MARKER}), schema={MARKER: MARKER})
    assert MARKER not in repr(asked)


def test_what_was_counted_is_what_is_asked_of() -> None:
    tally = PromptCount()
    tally.message()
    tally.text("Hello, world!")
    tally.image()
    assert counted(tally) == ReplyRequest(messages=1, prompt_tokens=MESSAGE + 4 + IMAGE, images=1)


@pytest.mark.parametrize(
    ("names", "called"), [(["weather"], "weather"), (TOOLS, "time"), (["weather", "time"], "weather")]
)
def test_the_first_name_is_the_tool_to_call(names: list[str], called: str) -> None:
    assert first(TOOLS, names, "tool_choice") == TOOLS[called]


@pytest.mark.parametrize("names", [[], [MARKER], ["time", MARKER]])
def test_a_tool_that_is_not_there_cannot_be_called(names: list[str]) -> None:
    with pytest.raises(Wrong) as refused:
        first(TOOLS, names, "tool_choice")
    assert (refused.value.status, refused.value.param) == (400, "tool_choice")
    assert MARKER not in refused.value.message


@pytest.mark.parametrize(("model", "status", "code"), [("", 400, None), (MARKER, 404, "model_not_found")])
def test_another_model_is_not_there(model: str, status: int, code: str | None) -> None:
    with pytest.raises(Wrong) as refused:
        known(model, "sandbox-small")
    assert (refused.value.status, refused.value.param, refused.value.code) == (status, "model", code)
    assert MARKER not in refused.value.message


def test_the_model_that_is_offered_is_known() -> None:
    known("sandbox-small", "sandbox-small")
