"""Lists that an entry copies."""

from __future__ import annotations

import pytest

from gateway.feeds.relays import relayed


@pytest.mark.parametrize(
    ("family", "provider", "words", "origins"),
    [
        ("litellm", "alpha", "https://alpha.example/pricing", set()),
        ("litellm", "alpha", "from https://models.dev/api.json", {"models-dev"}),
        ("genai-prices", "alpha", "as in BerriAI/litellm", {"litellm"}),
        ("genai-prices", "alpha", "https://openrouter.ai/lab/small", {"openrouter"}),
        ("genai-prices", "openrouter", "https://openrouter.ai/lab/small", set()),
        ("litellm", "alpha", "litellm itself", set()),
    ],
)
def test_an_entry_that_names_another_list_rests_on_it(
    family: str, provider: str, words: str, origins: set[str]
) -> None:
    assert relayed(family, provider, words) == origins
