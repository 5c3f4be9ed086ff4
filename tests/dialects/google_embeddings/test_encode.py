"""The neutral form, written as a request for vectors."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.dialects.dialect import RequestOverrides, Unportable
from gateway.dialects.google_embeddings.decode import conversation
from gateway.dialects.google_embeddings.encode import BATCH_MOST, written
from gateway.dialects.google_embeddings.request import accept
from gateway.dialects.neutral import Conversation, Embedding
from tests.builders import a_demand, a_route
from tests.dialects.google_embeddings.requests import BATCH, SNAPSHOT
from tests.dialects.google_generate.strategies import UNKEPT

words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@UNKEPT
@given(
    st.builds(
        Embedding,
        st.lists(words, min_size=1, max_size=4).map(tuple),
        st.none() | st.integers(1, 3_072),
        st.sampled_from(["", "CLUSTERING"]),
        st.just("") | words,
    )
)
def test_what_is_written_is_read_as_it_was(asked: Embedding) -> None:
    rendered = written(asked, a_demand(), a_route(), RequestOverrides())
    assert rendered.path == "/models/lab%2Fsmall:batchEmbedContents"
    assert all(request["model"] == "models/lab/small" for request in json.loads(rendered.body)["requests"])
    assert conversation(accept(rendered.body, BATCH, SNAPSHOT)[1]) == asked
    assert rendered.dropped == ()


def test_what_found_no_place_is_named() -> None:
    assert written(Embedding(("a",), user="u", lost=("x",)), a_demand(), a_route(), RequestOverrides()).dropped == (
        "x",
        "user",
    )


@pytest.mark.parametrize(
    "asked", [Embedding(((1, 2),)), Embedding(("a",) * (BATCH_MOST + 1)), Conversation(())], ids=["ids", "many", "chat"]
)
def test_what_google_cannot_carry_is_said(asked: Any) -> None:
    with pytest.raises(Unportable) as unportable:
        written(asked, a_demand(), a_route(), RequestOverrides())
    assert unportable.value.names
