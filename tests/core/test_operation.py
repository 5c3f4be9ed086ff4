"""Operations: traits that follow from one another."""

from __future__ import annotations

from gateway.core.operation import CHAT, COUNT_TOKENS, EMBEDDINGS, OPERATIONS


def test_operations_are_told_apart_by_their_names() -> None:
    """Receipts and log lines keep these words: none may ever change."""
    assert [operation.name for operation in OPERATIONS] == ["chat", "completions", "embeddings", "count_tokens"]


def test_counting_is_neither_charged_nor_streamed_and_says_nothing_of_health() -> None:
    counts = [operation for operation in OPERATIONS if operation.counts]
    assert counts == [COUNT_TOKENS]
    assert not any(each.charged or each.streams or each.generates or each.feeds_health for each in counts)


def test_each_operation_is_served_by_one_kind_of_model() -> None:
    assert (CHAT.model_kind, EMBEDDINGS.model_kind, COUNT_TOKENS.model_kind) == ("chat", "embedding", "chat")


def test_only_what_streams_grows_up_to_a_limit() -> None:
    assert [operation.generates for operation in OPERATIONS] == [operation.streams for operation in OPERATIONS]
