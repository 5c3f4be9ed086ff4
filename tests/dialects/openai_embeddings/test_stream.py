"""Replies with vectors: metered, put into the form that was asked for, or read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.core.operation import EMBEDDINGS
from gateway.core.usage import Metered, Usage, UsageSource
from gateway.dialects.dialect import Broken, Unusable
from gateway.dialects.openai_embeddings.stream import fitted, observe
from gateway.dialects.prompt import PromptHead
from gateway.dialects.translation import ReplyMark, Translation
from tests.builders import a_snapshot
from tests.dialects.openai_embeddings.replies import BASE64, NUMBERS, USAGE, a_prompt, a_reply


def test_what_the_provider_counted_is_input() -> None:
    found, generated = observe(a_reply(NUMBERS))
    assert found == Metered(Usage(input=8), UsageSource.PROVIDER, USAGE)
    assert generated == 0


@pytest.mark.parametrize(
    ("asked", "sent"),
    [({}, NUMBERS), ({"encoding_format": "float"}, NUMBERS), ({"encoding_format": "base64"}, BASE64)],
)
def test_what_came_as_it_was_asked_for_travels_untouched(asked: dict[str, Any], sent: Any) -> None:
    body = a_reply(sent, sent) + b"\n"
    assert fitted(a_prompt(input=["a", "b"], **asked), body) is body


@pytest.mark.parametrize(
    ("asked", "sent", "wanted"),
    [
        ({"encoding_format": "base64"}, [NUMBERS, NUMBERS], [BASE64, BASE64]),
        ({"encoding_format": "base64"}, [NUMBERS, BASE64], [BASE64, BASE64]),
        ({"encoding_format": "base64"}, [[1, 0]], ["AACAPwAAAAA="]),
        ({}, [BASE64], [NUMBERS]),
    ],
)
def test_the_other_form_is_turned_into_the_one_asked_for(
    asked: dict[str, Any], sent: list[Any], wanted: list[Any]
) -> None:
    inputs = ["a"] * len(sent)
    found = json.loads(fitted(a_prompt(input=inputs, **asked), a_reply(*sent, brand_new={"a": 1})))
    assert [row["embedding"] for row in found["data"]] == wanted
    assert {name: value for name, value in found.items() if name != "data"} == {
        "object": "list",
        "model": "m",
        "usage": USAGE,
        "brand_new": {"a": 1},
    }


def test_what_has_no_other_form_is_broken() -> None:
    for body in (a_reply([1e300]), a_reply(["x"]), a_reply(7)):
        with pytest.raises(Broken):
            fitted(a_prompt(encoding_format="base64"), body)


def test_each_input_has_its_vector() -> None:
    with pytest.raises(Unusable) as refused:
        fitted(a_prompt(input=["a", "b", "c"]), a_reply(NUMBERS))
    assert refused.value.metered is not None, "the provider was paid for the vectors that it sent"
    assert refused.value.metered.usage == Usage(input=8)
    with pytest.raises(Unusable):
        fitted(a_prompt(input="a"), a_reply(NUMBERS, NUMBERS))


def test_a_reply_of_its_own_dialect_comes_in_the_form_asked_for() -> None:
    request = json.dumps({"model": "small", "input": "a", "encoding_format": "base64"}).encode()
    translation = Translation.accepted("openai_embeddings", request, PromptHead(EMBEDDINGS), a_snapshot())
    found = translation.whole("openai_embeddings", a_reply(NUMBERS), ReplyMark("01J", 0))
    assert json.loads(found.body)["data"][0]["embedding"] == BASE64
    assert found.metered.usage == Usage(input=8)
