"""Google's embeddings."""

from __future__ import annotations

from typing import Any

import pytest
from google.genai.types import EmbedContentResponse

from gateway.sandbox.vectors import DIMENSIONS, vector
from gateway.sandbox.wires.google_embed import embed, embed_batch
from gateway.sandbox.wires.language import SandboxCall
from tests.sandbox.wires.calls import MARKER, a_call, whole, wrong


def call(given: dict[str, Any]) -> SandboxCall:
    return a_call(given, path={"model": "sandbox-embed", "verb": "embedContent"})


def request(text: str = "a b", **more: Any) -> dict[str, Any]:
    return {"model": "models/sandbox-embed", "content": {"parts": [{"text": text}]}, **more}


def test_a_text_has_a_vector_of_its_tokens() -> None:
    assert whole(embed, call(request())) == {"embedding": {"values": list(vector(2, DIMENSIONS))}}


@pytest.mark.parametrize(
    "more",
    [{"outputDimensionality": 3}, {"output_dimensionality": 3}, {"embedContentConfig": {"outputDimensionality": 3}}],
)
def test_the_number_of_dimensions_can_be_asked_for(more: dict[str, Any]) -> None:
    assert whole(embed, call(request(**more))) == {"embedding": {"values": list(vector(2, 3))}}


def test_a_batch_has_a_vector_for_each_request() -> None:
    body = embed_batch(call({"requests": [request(), request("c", outputDimensionality=2)]}))
    found = EmbedContentResponse.model_validate_json(body, strict=True)
    assert [tuple(e.values or ()) for e in found.embeddings or ()] == [vector(2, DIMENSIONS), vector(1, 2)]


@pytest.mark.parametrize(
    ("requests", "param"),
    [
        (None, "requests"),
        ([], "requests"),
        ([MARKER], "requests[0]"),
        ([request(), request("")], "requests[1].content"),
        ([{"model": MARKER}], "requests[0].model"),
        ([request(outputDimensionality=3073)], "requests[0].outputDimensionality"),
        ([request(content={"parts": [{"text": 7}]})], "requests[0].content.parts[0].text"),
    ],
)
def test_a_wrong_member_is_named_and_its_value_is_not(requests: object, param: str) -> None:
    refused = wrong(lambda: embed_batch(call({"requests": requests})))
    assert (refused.status, refused.param) == (400, param)
