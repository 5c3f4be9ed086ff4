"""What a provider sends, as far as it is read."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from gateway.core.usage import Usage
from gateway.dialects.dialect import Broken
from gateway.dialects.openai_responses.payloads import Response, ResponseEvent, decoded, kind_of


@pytest.mark.parametrize(
    ("data", "failed"),
    [
        (b'{"type":"error","message":"x"}', True),
        (b'{"type":"response.failed"}', True),
        (b'{"error":{}}', True),
        (b'{"type":"response.completed","error":null}', False),
        (b'{"type":7}', False),
        (b"{}", False),
    ],
)
def test_an_event_that_reports_an_error_is_known(data: bytes, failed: bool) -> None:
    assert decoded(data, ResponseEvent).failed is failed


@pytest.mark.parametrize(
    ("data", "failed"),
    [
        (b'{"output":[]}', False),
        (b'{"output":[],"status":"incomplete"}', False),
        (b'{"output":[],"status":"failed"}', True),
        (b'{"output":[],"error":{"code":"x"}}', True),
        (b"{}", True),
    ],
)
def test_a_response_that_is_none_is_known(data: bytes, failed: bool) -> None:
    assert decoded(data, Response).failed is failed


def test_searches_are_usage() -> None:
    found = decoded(
        b'{"usage":{"input_tokens":1,"output_tokens":2},"tool_usage":{"web_search":{"num_requests":3}}}', Response
    ).metered
    assert found is not None
    assert found.usage == Usage(input=1, output=2, server_tool_calls=3)
    assert decoded(b'{"tool_usage":{}}', Response).metered is None


@pytest.mark.parametrize("raw", [b"", b"x", b"[]", b"null", b"\xff", b'{"type":[]}'])
def test_what_is_of_another_shape_is_broken(raw: Any) -> None:
    with pytest.raises(Broken):
        kind_of(msgspec.Raw(raw))
