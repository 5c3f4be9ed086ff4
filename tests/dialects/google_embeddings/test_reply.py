"""Vectors written for clients."""

from __future__ import annotations

import json
from typing import Any

import pytest
from google.genai.types import EmbedContentResponse
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.errors import UpstreamFailed
from gateway.core.operation import EMBEDDINGS
from gateway.core.usage import Metered, Usage, UsageSource
from gateway.dialects.dialect import Broken, ReplyIdentity
from gateway.dialects.google_embeddings.events import events
from gateway.dialects.google_embeddings.reply import VectorsWriter, writer
from gateway.dialects.google_embeddings.request import accept
from gateway.dialects.neutral import ReplyEnded, Vectors
from gateway.dialects.prompt import PromptHead
from tests.builders import a_snapshot
from tests.dialects.google_generate.strategies import UNKEPT

COUNTED = Metered(Usage(input=7), UsageSource.PROVIDER, {"promptTokenCount": 7, "totalTokenCount": 7})
ESTIMATED = Metered(Usage(input=9), UsageSource.ESTIMATED, {})


def a_writer(verb: str = "batchEmbedContents", contents: int = 1) -> VectorsWriter:
    content = {"parts": {"text": "hello"}}
    requests = {"requests": [{"content": content}] * contents}
    body = json.dumps(requests if verb == "batchEmbedContents" else {"content": content}).encode()
    asked = PromptHead(operation=EMBEDDINGS, model="small", verb=verb)
    return writer(accept(body, asked, a_snapshot())[1], ReplyIdentity("01J", "small", 1, lambda: 1))


def test_a_client_gets_the_form_that_it_asked_for() -> None:
    vectors = Vectors(((0.5, 1.0),), ESTIMATED)
    assert json.loads(a_writer().whole(vectors)) == {"embeddings": [{"values": [0.5, 1.0]}]}
    assert json.loads(a_writer("embedContent").whole(vectors)) == {"embedding": {"values": [0.5, 1.0]}}


vectors = st.lists(st.floats(-1, 1), min_size=1, max_size=4).map(tuple)


@UNKEPT
@given(st.lists(vectors, min_size=1, max_size=3).map(tuple))
def test_what_is_written_is_read_as_it_was(told: Any) -> None:
    body = a_writer(contents=len(told)).whole(Vectors(told, COUNTED))
    EmbedContentResponse.model_validate_json(body, strict=True)
    assert events(body) == Vectors(told, COUNTED)


@pytest.mark.parametrize("verb", ["embedContent", "batchEmbedContents"])
def test_every_content_has_its_vector(verb: str) -> None:
    with pytest.raises(Broken):
        a_writer(verb).whole(Vectors(((0.5,), (0.5,)), ESTIMATED))


def test_nothing_is_streamed_and_a_failure_is_a_refusal() -> None:
    assert a_writer().write(ReplyEnded()) == a_writer().keepalive() == b""
    assert json.loads(a_writer().failure(UpstreamFailed("No.")))["error"]["status"] == "UNAVAILABLE"
