"""Parts and tools of a Responses request, compared with their shapes."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.core.catalog import Feature
from gateway.core.demand import Need
from gateway.dialects.openai_responses.survey import REQUEST
from gateway.dialects.shapes import Findings, surveyed
from gateway.dialects.token_bound import PICTURE_TOKENS

PNG = "DATA:image/png;base64,AA=="


def said(*parts: dict[str, Any], **members: Any) -> Findings:
    given = {"input": [{"role": "user", "content": list(parts)}], **members}
    return surveyed(REQUEST, given, frozenset())


def test_what_is_not_inline_is_fetched_or_kept() -> None:
    found = said(
        {"type": "input_image", "image_url": "HTTPS://x.test/"},
        {"type": "input_file", "file_url": "https://x.test/"},
        {"type": "input_image", "file_id": "file-1"},
        {"type": "input_image", "image_url": PNG},
    )
    assert found.features == {Feature.REMOTE_URLS, Feature.FILES}
    assert (found.remote_tokens, found.pictures.count) == (3 * PICTURE_TOKENS, 1)
    assert found.needs == {Need.VISION, Need.DOCUMENTS}


@pytest.mark.parametrize(
    ("part", "feature"),
    [
        ({"type": "input_file", "file_data": "AAAA", "file_id": "file-1"}, Feature.FILES),
        ({"type": "input_file", "file_data": "AAAA", "file_id": ""}, Feature.FILES),
        ({"type": "input_file", "file_data": "https://x.test/a.pdf"}, Feature.REMOTE_URLS),
        ({"type": "input_file", "file_data": {"url": "https://x.test/"}}, Feature.REMOTE_URLS),
        ({"type": "input_image", "image_url": PNG, "file_id": "file-1"}, Feature.FILES),
        ({"type": "output_text", "text": "x", "annotations": [{"type": "file_path", "file_id": "f"}]}, Feature.FILES),
    ],
)
def test_a_part_may_hold_data_alone(part: dict[str, Any], feature: Feature) -> None:
    assert said(part).features == {feature}


def test_null_is_no_file_where_the_dialect_says_so() -> None:
    assert not said({"type": "input_image", "image_url": PNG, "file_id": None}).features


@pytest.mark.parametrize(
    ("tool", "name"),
    [
        ({"type": "code_interpreter", "container": "c"}, "tool:code_interpreter"),
        ({"type": "function", "name": "f", "server_url": "https://x.test/"}, "tool.server_url"),
        ({"type": "namespace", "name": "n", "tools": [{"type": "mcp"}]}, "tool:mcp"),
        ({"type": "shell", "environment": {"type": "container_reference", "container_id": "c"}}, "tool:shell"),
        ({"type": "shell", "environment": {"type": "local", "container_id": "c"}}, "tool.environment.container_id"),
    ],
)
def test_tools_are_compared_wherever_they_hide(tool: dict[str, Any], name: str) -> None:
    assert list(said(tools=[tool]).unlisted) == [name]
    assert list(
        surveyed(REQUEST, {"input": [{"type": "additional_tools", "tools": [tool]}]}, frozenset()).unlisted
    ) == [name]
