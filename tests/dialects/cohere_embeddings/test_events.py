"""Replies with vectors."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.core.usage import Usage, UsageSource
from gateway.dialects.cohere_embeddings.events import events
from gateway.dialects.dialect import Broken

REPLY: dict[str, Any] = {
    "id": "e1",
    "embeddings": {"float": [[0.5, 1], [0.25, -1]]},
    "texts": ["MARKER", "b"],
    "meta": {"api_version": {"version": "2"}, "billed_units": {"input_tokens": 7}},
    "response_type": "embeddings_by_type",
}


def test_vectors_come_with_the_billed_units() -> None:
    found = events(json.dumps(REPLY).encode())
    assert found.vectors == ((0.5, 1.0), (0.25, -1.0))
    assert (found.metered.usage, found.metered.source) == (Usage(input=7), UsageSource.PROVIDER)


def test_without_a_report_the_usage_is_an_estimate() -> None:
    found = events(json.dumps({**REPLY, "meta": None}).encode())
    assert found.metered.source is UsageSource.ESTIMATED


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b'{"message":"no"}',
        b'{"embeddings":{}}',
        b'{"embeddings":{"float":[]}}',
        b'{"embeddings":{"float":[[]]}}',
    ],
)
def test_anything_else_is_broken(body: bytes) -> None:
    with pytest.raises(Broken):
        events(body)
