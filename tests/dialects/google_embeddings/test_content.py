"""The contents of a request for vectors."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.core.errors import InvalidRequest
from gateway.dialects.google_embeddings.content import inputs, is_batch
from gateway.dialects.prompt import PromptHead
from tests.dialects.google_embeddings.requests import BATCH, HELLO, ONE, accepted, batch, one

FAULTS: dict[str, tuple[PromptHead, dict[str, Any], str]] = {
    "no content": (ONE, {}, "content"),
    "no parts": (ONE, {"content": {"parts": []}}, "content"),
    "content": (ONE, {"content": "MARKER"}, "content"),
    "no requests": (BATCH, {"requests": []}, "requests"),
    "request": (BATCH, {"requests": ["MARKER"]}, "requests[0]"),
    "content of a request": (BATCH, {"requests": [{"content": {}}]}, "requests[0].content"),
    "lookalike": (ONE, {"content": HELLO, "Task_Type": "MARKER"}, "task_type"),
}


@pytest.mark.parametrize(("asked", "body", "field"), FAULTS.values(), ids=FAULTS)
def test_faults_name_the_field_and_never_its_value(asked: PromptHead, body: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        accepted(asked, **body)
    assert refused.value.details["field"] == field
    assert "MARKER" not in refused.value.message


def test_one_content_waits_for_one_vector_and_a_batch_for_as_many_as_its_requests() -> None:
    _, single = one()
    _, several = batch({"content": HELLO}, {"content": HELLO})
    assert (is_batch(single.head), inputs(single)) == (False, 1)
    assert (is_batch(several.head), inputs(several)) == (True, 2)
