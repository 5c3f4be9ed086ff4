"""Counts of tokens, written and read."""

from __future__ import annotations

import pytest
from openai.types.responses.input_token_count_response import InputTokenCountResponse

from gateway.dialects.dialect import Broken
from gateway.dialects.openai_responses.counting import count, counted


def test_counts_are_written_and_read() -> None:
    InputTokenCountResponse.model_validate_json(counted(12), strict=True)
    assert count(counted(12)) == 12


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b'{"input_tokens":-1}', b'{"input_tokens":"MARKER"}', b"\xff"])
def test_what_is_no_count_is_broken(body: bytes) -> None:
    with pytest.raises(Broken) as broken:
        count(body)
    assert "MARKER" not in str(broken.value)
