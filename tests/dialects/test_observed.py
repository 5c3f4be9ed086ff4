from __future__ import annotations

import pytest

from gateway.dialects.observed import observed


@pytest.mark.parametrize(
    ("headers", "reports"),
    [
        ({}, {}),
        ({"content-type": "application/json"}, {}),
        ({"x-groq-region": "us-east-1"}, {"region": "us-east-1"}),
        ({"x-groq-region": "declared:SE"}, {}),
        ({"x-groq-region": "x" * 65}, {}),
        ({"x-groq-region": "caf\u00e9"}, {}),
        ({"x-groq-region": ""}, {}),
        ({"x-ms-served-model": "gpt-5.6-luna-2026-07-09"}, {"model": "gpt-5.6-luna-2026-07-09"}),
        ({"x-ms-deployment-name": "chat-eu", "x-ms-is-spilled-over": "false"}, {"deployment": "chat-eu"}),
        ({"x-ms-is-spilled-over": "true"}, {"spilled_over": "true"}),
        ({"x-ms-aoai-configured-data-retention-days": "30"}, {"retention_days": "30"}),
    ],
)
def test_a_report_is_what_a_known_header_says_in_a_plain_word(headers: dict[str, str], reports: dict[str, str]) -> None:
    assert observed(headers) == reports


def test_the_region_of_a_resource_at_azure_is_declared_and_not_observed() -> None:
    assert observed({"x-ms-region": "Sweden Central"}) == {"declared_region": "Sweden Central"}
