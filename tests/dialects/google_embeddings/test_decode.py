"""Requests for vectors, read into the neutral form."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.core.errors import InvalidRequest
from gateway.dialects.google_embeddings.decode import conversation
from gateway.dialects.neutral import Embedding
from tests.dialects.google_embeddings.requests import HELLO, PICTURE, batch, one


@pytest.mark.parametrize(
    ("members", "read"),
    [
        ({}, Embedding(("hello",))),
        ({"taskType": "TASK_TYPE_UNSPECIFIED"}, Embedding(("hello",))),
        (
            {"task_type": "retrieval_document", "title": "t", "output_dimensionality": 64},
            Embedding(("hello",), 64, "RETRIEVAL_DOCUMENT", "t"),
        ),
        ({"taskType": 1}, Embedding(("hello",), purpose="RETRIEVAL_QUERY")),
        (
            {"embedContentConfig": {"taskType": "CLUSTERING", "outputDimensionality": 8, "documentOcr": True}},
            Embedding(("hello",), 8, "CLUSTERING", lost=("documentOcr",)),
        ),
        ({"autoTruncate": True, "MARKER x": 1}, None),
        ({"autoTruncate": False}, Embedding(("hello",))),
    ],
)
def test_one_content_is_read(members: dict[str, Any], read: Embedding | None) -> None:
    lost = Embedding(("hello",), lost=("autoTruncate", "(a member whose name is not a plain word)"))
    assert conversation(one(**members)[1]) == (read or lost)


def test_a_batch_is_read_as_one_request_for_many() -> None:
    requests = [{"content": {"parts": [{"text": t}, {"text": "b"}]}, "outputDimensionality": 9} for t in ("a", "c")]
    assert conversation(batch(*requests)[1]) == Embedding(("a\nb", "c\nb"), 9)


@pytest.mark.parametrize(
    ("requests", "field"),
    [
        ([{"content": {"parts": [PICTURE]}}], "requests[0].content.parts[0].text"),
        ([{"content": {"parts": [{"text": ""}]}}], "requests[0].content.parts"),
        ([{"content": HELLO, "title": "MARKER"}, {"content": HELLO}], "requests.title"),
        ([{"content": HELLO}, {"content": HELLO, "taskType": "MARKER"}], "requests.taskType"),
        ([{"content": HELLO, "outputDimensionality": 0}], "requests[0].outputDimensionality"),
    ],
)
def test_what_no_other_dialect_could_be_told_is_refused_by_its_field(requests: list[Any], field: str) -> None:
    _, prompt = batch(*requests)
    with pytest.raises(InvalidRequest) as refused:
        conversation(prompt)
    assert refused.value.details["field"] == field
    assert "MARKER" not in refused.value.message
