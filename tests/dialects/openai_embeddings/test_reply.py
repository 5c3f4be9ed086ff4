"""Replies with vectors: metered, put into the form that was asked for, or read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.core.operation import EMBEDDINGS
from gateway.core.usage import Metered, Usage, UsageSource
from gateway.dialects import openai_embeddings, strict_json
from gateway.dialects.dialect import Broken, Fitting, ReplyIdentity
from gateway.dialects.openai_embeddings.reply import events, fitted, observe
from gateway.dialects.openai_embeddings.writer import writer
from gateway.dialects.prompt import Asked, Prompt
from gateway.dialects.relay import translated_whole
from gateway.dialects.translation import Signed, Translation
from tests.builders import a_snapshot

DIALECT: Fitting = openai_embeddings
USAGE = {"prompt_tokens": 8, "total_tokens": 8}
NUMBERS = [1.0, -0.5]
BASE64 = "AACAPwAAAL8="


def a_reply(*embeddings: Any, **members: Any) -> bytes:
    data = [{"object": "embedding", "index": index, "embedding": one} for index, one in enumerate(embeddings)]
    return json.dumps({"object": "list", "data": data, "model": "m", "usage": USAGE, **members}).encode()


def a_prompt(**members: Any) -> Prompt:
    return Prompt(strict_json.read(json.dumps({"model": "small", "input": "a", **members}).encode()))


def test_what_the_provider_counted_is_input() -> None:
    found, generated = observe(a_reply(NUMBERS))
    assert found == Metered(Usage(input=8), UsageSource.PROVIDER, USAGE)
    assert generated == 0


@pytest.mark.parametrize(
    ("usage", "metered"),
    [
        ({"total_tokens": 9}, Metered(Usage(input=9), UsageSource.PROVIDER, {"total_tokens": 9})),
        (
            {"prompt_tokens": 7, "total_tokens": 7, "completion_tokens": 0, "prompt_tokens_details": None},
            Metered(
                Usage(input=7),
                UsageSource.PROVIDER,
                {"prompt_tokens": 7, "completion_tokens": 0, "total_tokens": 7},
            ),
        ),
        ({"total_tokens": -1}, Metered(Usage(), UsageSource.HELD, {"total_tokens": -1}, "out_of_range")),
        ({}, None),
        (None, None),
    ],
)
def test_every_way_of_counting(usage: Any, metered: Metered | None) -> None:
    assert observe(a_reply(NUMBERS, usage=usage))[0] == metered


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"data":[]}',
        b'{"data":[{"index":0}]}',
        b'{"data":{"embedding":[1]}}',
        b'{"error":{"message":"no"}}',
        b'{"data":[{"embedding":[1]}],"error":"no"}',
        b'{"data":[{"embedding":[1]}],"usage":{"prompt_tokens":"x"}}',
    ],
)
def test_what_is_no_reply_is_broken(body: bytes) -> None:
    for read in (observe, events, lambda body: fitted(a_prompt(), body)):
        with pytest.raises(Broken):
            read(body)


@pytest.mark.parametrize(
    "body",
    [
        a_reply(7),
        a_reply(["x"]),
        a_reply([]),
        a_reply("AAA="),
        a_reply([[1.0]]),
        a_reply(None),
        b'{"data":[{"embedding":[1],"index":1}]}',
        b'{"data":[{"embedding":[1],"index":0},{"embedding":[2],"index":0}]}',
    ],
)
def test_what_is_no_vector_is_broken(body: bytes) -> None:
    with pytest.raises(Broken):
        events(body)


@pytest.mark.parametrize(
    ("asked", "sent"),
    [({}, NUMBERS), ({"encoding_format": "float"}, NUMBERS), ({"encoding_format": "base64"}, BASE64)],
)
def test_what_came_as_it_was_asked_for_travels_untouched(asked: dict[str, Any], sent: Any) -> None:
    body = a_reply(sent, sent) + b"\n"
    assert fitted(a_prompt(**asked), body) is body


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
    found = json.loads(fitted(a_prompt(**asked), a_reply(*sent, brand_new={"a": 1})))
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


def test_vectors_stand_in_the_order_of_their_inputs() -> None:
    rows = [{"index": 1, "embedding": [2.0]}, {"index": 0, "embedding": [1.0]}]
    assert events(json.dumps({"data": rows}).encode()).vectors == ((1.0,), (2.0,))
    bare = [{"embedding": [1.0]}, {"embedding": BASE64}]
    assert events(json.dumps({"data": bare}).encode()).vectors == ((1.0,), (1.0, -0.5))


def test_what_nobody_counted_is_estimated_from_what_was_sent() -> None:
    writing = writer(a_prompt(), ReplyIdentity("01J", "small", 0, 0))
    found = translated_whole(DIALECT, a_reply(NUMBERS, usage=None), writing, input_bytes=30)
    assert found.metered == Metered(Usage(input=10), UsageSource.ESTIMATED, {})
    assert json.loads(found.body)["usage"] == {"prompt_tokens": 10, "total_tokens": 10}
    counted = translated_whole(DIALECT, a_reply(NUMBERS), writing, input_bytes=30)
    assert counted.metered == Metered(Usage(input=8), UsageSource.PROVIDER, USAGE)


def test_a_reply_of_its_own_dialect_comes_in_the_form_asked_for() -> None:
    request = json.dumps({"model": "small", "input": "a", "encoding_format": "base64"}).encode()
    translation = Translation.accepted("openai_embeddings", request, Asked(EMBEDDINGS), a_snapshot())
    found = translation.whole("openai_embeddings", a_reply(NUMBERS), Signed("01J", 0))
    assert json.loads(found.body)["data"][0]["embedding"] == BASE64
    assert found.metered.usage == Usage(input=8)
