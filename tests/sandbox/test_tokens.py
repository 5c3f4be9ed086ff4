"""The sandbox's tokenizer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.sandbox.tokens import count, pieces


@pytest.mark.parametrize(
    ("text", "tokens"),
    [("", 0), ("  \n", 0), ("Hello", 1), ("Hello, world!", 4), ("It's 12:30.", 7), ("sandbox-se", 3), ("日本語 は", 2)],
)
def test_a_word_or_a_mark_is_a_token(text: str, tokens: int) -> None:
    assert count(text) == tokens


@given(st.text())
def test_pieces_are_the_text_again(text: str) -> None:
    assert "".join(pieces(text)) == text


@given(st.text())
def test_there_is_a_piece_for_each_token(text: str) -> None:
    assert len(pieces(text.rstrip())) == count(text)


@given(st.text())
def test_a_token_is_never_finer_than_a_byte(text: str) -> None:
    assert count(text) <= len(text.encode("utf-8", "surrogatepass"))
