"""OpenAI's legacy text completions."""

from __future__ import annotations

import json
from typing import Any

import pytest
from openai.types import Completion

from gateway.sandbox.wires import openai_completions
from gateway.sandbox.wires.language import PacedStream, replying
from tests.sandbox.wires.calls import MARKER, a_call, whole, wrong

complete = replying(openai_completions)


def completed(**given: Any) -> Completion:
    return Completion.model_validate(whole(complete, a_call({"model": "sandbox-small", **given})))


@pytest.mark.parametrize(
    ("prompt", "n", "choices", "tokens"),
    [("Hello, world!", 1, 1, 4), (["Hello", "one two"], 2, 4, 3), ([5, 6, 7], 1, 1, 3), ([[5, 6], [7]], 1, 2, 3)],
)
def test_every_prompt_is_completed(prompt: Any, n: int, choices: int, tokens: int) -> None:
    found = completed(prompt=prompt, n=n)
    assert [c.index for c in found.choices] == list(range(choices))
    assert {c.finish_reason for c in found.choices} == {"length"}, "sixteen tokens where no limit is stated"
    assert found.usage is not None
    assert (found.usage.prompt_tokens, found.usage.completion_tokens) == (tokens, 16 * choices)


def test_no_word_of_a_prompt_comes_back() -> None:
    assert MARKER not in completed(prompt=MARKER, suffix=MARKER, max_tokens=99).model_dump_json()


def test_a_stream_ends_with_usage_where_it_is_asked_for() -> None:
    options = {"include_usage": True}
    call = a_call({"model": "sandbox-small", "prompt": "a", "stream": True, "stream_options": options, "max_tokens": 2})
    stream = complete(call)
    assert isinstance(stream, PacedStream)
    *chunks, done, _ = b"".join(stream.pieces).split(b"\n\n")
    assert done == b"data: [DONE]"
    found = [json.loads(chunk.removeprefix(b"data: ")) for chunk in chunks]
    assert [c["choices"][0]["finish_reason"] for c in found[:-1]] == [None, None, "length"]
    assert found[-1]["usage"] == {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}


@pytest.mark.parametrize("prompt", [None, [], ["a", 1], {"a": 1}, [[]]])
def test_what_is_not_a_prompt_is_refused(prompt: Any) -> None:
    assert wrong(lambda: complete(a_call({"model": "sandbox-small", "prompt": prompt}))).param == "prompt"
