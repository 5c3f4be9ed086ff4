"""Vectors written for clients."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openai.types import CreateEmbeddingResponse

from gateway.core.errors import UpstreamTimeout
from gateway.core.usage import Metered, Usage, UsageSource
from gateway.dialects import strict_json
from gateway.dialects.dialect import ReplyIdentity, Unusable
from gateway.dialects.neutral import ReplyEnded, Vectors
from gateway.dialects.openai_embeddings.events import events
from gateway.dialects.openai_embeddings.reply import EmbeddingsWriter, writer
from gateway.dialects.prompt import Prompt

COUNTED = Metered(Usage(input=8), UsageSource.PROVIDER, {"prompt_tokens": 8, "total_tokens": 8})
vectors = st.lists(
    st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1, max_size=4).map(tuple),
    min_size=1,
    max_size=4,
).map(lambda found: Vectors(tuple(found), COUNTED))


def a_writer(**members: Any) -> EmbeddingsWriter:
    body = {"model": "small", "input": "a", **members}
    return writer(Prompt(strict_json.read(json.dumps(body).encode())), ReplyIdentity("01J", "small", 0, lambda: 0))


def test_a_list_of_vectors_as_the_sdk_takes_it() -> None:
    body = a_writer(input=["a", "b"]).whole(Vectors(((1.0, -0.5), (0.25,)), COUNTED))
    CreateEmbeddingResponse.model_validate_json(body, strict=True)
    assert json.loads(body) == {
        "object": "list",
        "data": [
            {"object": "embedding", "index": 0, "embedding": [1.0, -0.5]},
            {"object": "embedding", "index": 1, "embedding": [0.25]},
        ],
        "model": "small",
        "usage": {"prompt_tokens": 8, "total_tokens": 8},
    }


def test_base64_where_it_was_asked_for() -> None:
    found = json.loads(a_writer(encoding_format="base64").whole(Vectors(((1.0, -0.5),), COUNTED)))
    assert found["data"][0]["embedding"] == "AACAPwAAAL8="


@given(found=vectors, form=st.sampled_from(["float", "base64"]))
@settings(database=None)
def test_what_was_written_is_read_as_it_was(found: Vectors, form: str) -> None:
    assert events(a_writer(input=["a"] * len(found.vectors), encoding_format=form).whole(found)) == found


def test_each_input_has_its_vector() -> None:
    with pytest.raises(Unusable):
        a_writer(input=["a", "b"]).whole(Vectors(((1.0,),), COUNTED))


def test_there_is_no_stream() -> None:
    writing = a_writer()
    assert writing.write(ReplyEnded()) == writing.keepalive() == b""
    assert json.loads(writing.failure(UpstreamTimeout("It took too long.")))["error"]["code"] == "upstream_timeout"
