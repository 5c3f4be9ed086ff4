"""countTokens answers."""

from __future__ import annotations

import json

import pytest

from gateway.dialects.dialect import Broken
from gateway.dialects.google_generate.counting import count, counted


def test_a_count_is_read_as_it_is_written() -> None:
    assert count(counted(31)) == 31
    assert json.loads(counted(31)) == {
        "totalTokens": 31,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 31}],
    }


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"{}", b"[]", b"\xff", b'{"totalTokens":-1}', b'{"totalTokens":"x"}', b'{"error":{}}']
)
def test_what_is_no_count_is_broken(body: bytes) -> None:
    with pytest.raises(Broken):
        count(body)
