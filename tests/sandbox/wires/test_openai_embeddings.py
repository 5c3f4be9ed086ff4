"""OpenAI's embeddings."""

from __future__ import annotations

import base64
import struct
from typing import Any

import pytest
from openai.types import CreateEmbeddingResponse

from gateway.sandbox.vectors import DIMENSIONS, vector
from gateway.sandbox.wires.openai_embeddings import embed
from tests.sandbox.wires.calls import MARKER, a_call, whole, wrong


def embedded(**given: Any) -> dict[str, Any]:
    return whole(embed, a_call({"model": "sandbox-embed", **given}))


@pytest.mark.parametrize(
    ("given", "tokens"),
    [
        ("Hello, world!", [4]),
        (["Hello", "one two"], [1, 2]),
        ([5, 6, 7], [3]),
        ([[5, 6], [7]], [2, 1]),
    ],
)
def test_every_input_has_a_vector_of_its_tokens(given: Any, tokens: list[int]) -> None:
    found = embedded(input=given)
    assert [(e["index"], tuple(e["embedding"])) for e in found["data"]] == [
        (index, vector(size, DIMENSIONS)) for index, size in enumerate(tokens)
    ]
    assert found["usage"] == {"prompt_tokens": sum(tokens), "total_tokens": sum(tokens)}


def test_the_answer_has_openais_shape() -> None:
    body = embed(a_call({"model": "sandbox-embed", "input": "a"}))
    assert isinstance(body, bytes)
    assert CreateEmbeddingResponse.model_validate_json(body, strict=True).model == "sandbox-embed"


def test_base64_holds_the_same_numbers() -> None:
    (packed,) = embedded(input="a b", encoding_format="base64", dimensions=3)["data"]
    (plain,) = embedded(input="a b", encoding_format="float", dimensions=3)["data"]
    assert struct.unpack("<3f", base64.b64decode(packed["embedding"])) == tuple(plain["embedding"])


@pytest.mark.parametrize(
    ("changed", "param"),
    [
        ({"model": ...}, "model"),
        ({"input": ...}, "input"),
        ({"input": ""}, "input"),
        ({"input": []}, "input"),
        ({"input": [MARKER, ""]}, "input"),
        ({"input": [MARKER, 7]}, "input"),
        ({"input": [[]]}, "input"),
        ({"input": ["a"] * 2049}, "input"),
        ({"input": {MARKER: MARKER}}, "input"),
        ({"dimensions": 0}, "dimensions"),
        ({"dimensions": 3073}, "dimensions"),
        ({"encoding_format": MARKER}, "encoding_format"),
    ],
)
def test_a_wrong_member_is_named_and_its_value_is_not(changed: dict[str, Any], param: str) -> None:
    refused = wrong(lambda: embedded(**{"input": "a", **changed}))
    assert (refused.status, refused.param) == (400, param)


def test_the_model_that_talks_does_not_embed() -> None:
    assert wrong(lambda: embedded(model="sandbox-small", input="a")).status == 404
