"""What is a chunk of this dialect, and what is not."""

from __future__ import annotations

import pytest

from gateway.dialects.dialect import Broken
from gateway.dialects.openai_chat.payloads import opened


@pytest.mark.parametrize(
    "data",
    [
        b"{}",
        b'{"choices":null,"usage":null,"error":null}',
        b'{"choices":[{"index":0,"delta":{"role":"assistant","content":null,"tool_calls":null},"finish_reason":null}]}',
        b'{"choices":[{"delta":{"content":"a"},"logprobs":-0.3,"finish_reason":1}],"brand_new":{"a":[1]}}',
        b'{"choices":[{"delta":{"reasoning":{"a":1},"reasoning_details":7,"audio":[],"images":"x","annotations":{}}}]}',
        b'{"object":"chat.completion.chunk","choices":[],"usage":{"prompt_tokens":1,"cost":0.5}}',
    ],
)
def test_chunks_are_read_whatever_stands_beside_what_is_said(data: bytes) -> None:
    assert opened(data).error is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"secret",
        b"<html>secret</html>",
        b"[]",
        b'"secret"',
        b"\xff\xfe",
        b'{"choices":{"secret":1}}',
        b'{"choices":["secret"]}',
        b'{"choices":[{"delta":{"content":7}}]}',
        b'{"choices":[{"delta":{"content":["secret"]}}]}',
        b'{"choices":[{"delta":{"tool_calls":{"secret":1}}}]}',
        b'{"choices":[{"delta":{"tool_calls":[{"function":{"name":"f","arguments":[1]}}]}}]}',
        b'{"choices":[{"index":"secret"}]}',
        b'{"error":{"message":"secret"}}',
        b'{"error":"secret"}',
        b'{"error":false}',
        b'{"object":"error","message":"secret"}',
    ],
)
def test_anything_else_is_broken_and_not_repeated(data: bytes) -> None:
    with pytest.raises(Broken) as broken:
        opened(data)
    assert "secret" not in str(broken.value)
    assert broken.value.__cause__ is None
    assert broken.value.__context__ is None
