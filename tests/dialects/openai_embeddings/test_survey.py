"""Members of a request for vectors, compared with their shapes."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.core.catalog import Feature
from gateway.dialects.openai_embeddings.survey import REQUEST
from gateway.dialects.shapes import surveyed

ASKED = {"model": "m", "input": "x"}


def test_a_plain_request_has_no_feature() -> None:
    assert not surveyed(REQUEST, ASKED, frozenset()).features


@pytest.mark.parametrize(
    "members", [{"cache": "x"}, {"title": {"file_id": "f"}}, {"dimensions": {}, "autoTruncate": "x"}]
)
def test_what_no_table_lists_is_a_feature(members: dict[str, Any]) -> None:
    assert surveyed(REQUEST, {**ASKED, **members}, frozenset()).features == {Feature.UNLISTED}
