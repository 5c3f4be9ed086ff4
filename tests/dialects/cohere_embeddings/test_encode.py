"""The neutral form, written as a request for vectors."""

from __future__ import annotations

import json

import pytest

from gateway.dialects.cohere_embeddings.encode import TEXTS_MOST, written
from gateway.dialects.dialect import RequestOverrides, Unportable
from gateway.dialects.neutral import Conversation, Embedding, Role, Text, Turn
from tests.builders import a_demand, a_route


def test_a_long_text_is_refused_and_never_cut() -> None:
    sent = written(Embedding(("a", "b"), 64, "RETRIEVAL_QUERY"), a_demand(), a_route(), RequestOverrides())
    assert (sent.path, sent.dropped) == ("/embed", ())
    assert json.loads(sent.body) == {
        "model": "lab/small",
        "texts": ["a", "b"],
        "input_type": "search_query",
        "embedding_types": ["float"],
        "output_dimension": 64,
        "truncate": "NONE",
    }


@pytest.mark.parametrize(
    ("purpose", "kind", "dropped"),
    [
        ("", "search_document", ()),
        ("CLUSTERING", "clustering", ()),
        ("SEMANTIC_SIMILARITY", "search_document", ("purpose",)),
    ],
)
def test_a_purpose_is_written_in_coheres_words(purpose: str, kind: str, dropped: tuple[str, ...]) -> None:
    sent = written(Embedding(("a",), purpose=purpose), a_demand(), a_route(), RequestOverrides())
    assert (json.loads(sent.body)["input_type"], sent.dropped) == (kind, dropped)


def test_members_without_a_place_are_named() -> None:
    asked = Embedding(("a",), title="t", user="ada", lost=("x",))
    assert written(asked, a_demand(), a_route(), RequestOverrides(pseudonym=str)).dropped == ("x", "title", "user")


@pytest.mark.parametrize(
    "asked",
    [
        Embedding(((1, 2),)),
        Embedding(("a",) * (TEXTS_MOST + 1)),
        Conversation((Turn(Role.USER, (Text("a"),)),)),
    ],
)
def test_token_ids_and_too_many_texts_cannot_be_carried(asked: Embedding | Conversation) -> None:
    with pytest.raises(Unportable):
        written(asked, a_demand(), a_route(), RequestOverrides())
