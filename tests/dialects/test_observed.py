from __future__ import annotations

import pytest

from gateway.dialects.observed import observed


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ({}, {}),
        ({"content-type": "application/json"}, {}),
        ({"x-ms-region": "Sweden Central"}, {"region": "Sweden Central"}),
        ({"x-groq-region": "us-east-1"}, {"region": "us-east-1"}),
        ({"x-ms-region": "", "x-groq-region": "us-east-1"}, {"region": "us-east-1"}),
        ({"x-ms-region": "declared:SE"}, {}),
        ({"x-ms-region": "x" * 41}, {}),
        ({"x-ms-region": "caf\u00e9"}, {}),
    ],
)
def test_a_region_is_what_a_known_header_says_in_a_plain_word(headers: dict[str, str], found: dict[str, str]) -> None:
    assert observed(headers) == found
