"""Answers to count_tokens."""

from __future__ import annotations

import pytest
from anthropic.types import MessageTokensCount

from gateway.dialects.anthropic_messages.counting import count, counted
from gateway.dialects.dialect import Broken


def test_a_count_is_what_the_official_sdk_reads() -> None:
    assert MessageTokensCount.model_validate_json(counted(7), strict=True).input_tokens == 7


def test_a_providers_count_is_read() -> None:
    assert count(b'{"input_tokens": 12, "context_management": null}') == 12


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"input_tokens":"7"}', b'{"input_tokens":-1}', b"\xff"])
def test_anything_else_is_no_count(body: bytes) -> None:
    with pytest.raises(Broken):
        count(body)
