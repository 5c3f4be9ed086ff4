"""The neutral form, written as an Embeddings request."""

from __future__ import annotations

import json

import pytest

from gateway.core.operation import EMBEDDINGS
from gateway.dialects.dialect import RequestOverrides, Unportable
from gateway.dialects.neutral import Conversation, Embedding, Role, Text, Turn
from gateway.dialects.openai_embeddings.decode import conversation
from gateway.dialects.openai_embeddings.encode import written
from gateway.dialects.openai_embeddings.request import accept
from gateway.dialects.prompt import PromptHead
from tests.builders import a_demand, a_route
from tests.dialects.openai_embeddings.requests import PSEUDONYMS, SNAPSHOT


def test_what_is_written_asks_for_numbers() -> None:
    asked = Embedding(("a", (1, 2)), 64, user="ada")
    found = written(asked, a_demand(), a_route(), PSEUDONYMS)
    assert (found.path, found.dropped) == ("/embeddings", ())
    assert json.loads(found.body) == {
        "model": "lab/small",
        "input": ["a", [1, 2]],
        "encoding_format": "float",
        "dimensions": 64,
        "user": "p-ada",
    }


def test_what_has_no_place_is_named() -> None:
    asked = Embedding(("a",), purpose="CLUSTERING", title="t", user="ada", lost=("truncation", "user"))
    found = written(asked, a_demand(), a_route(), RequestOverrides())
    assert found.dropped == ("truncation", "user", "purpose", "title")
    assert json.loads(found.body) == {"model": "lab/small", "input": ["a"], "encoding_format": "float"}


def test_a_conversation_is_no_request_for_vectors() -> None:
    with pytest.raises(Unportable):
        written(Conversation((Turn(Role.USER, (Text("a"),)),)), a_demand(), a_route(), PSEUDONYMS)


def test_what_was_written_is_read_as_it_was() -> None:
    asked = Embedding(("a", (1, 2)), 64, user="ada")
    body = written(asked, a_demand(), a_route(), RequestOverrides(pseudonym=str)).body.replace(b"lab/small", b"small")
    assert conversation(accept(body, PromptHead(EMBEDDINGS), SNAPSHOT)[1]) == asked
