"""Usage as providers report it costs here, to the billionth of a dollar, what the package genai-prices says.

The package reads the same reports with readers of its own and knows the price of each model; its prices are read here
by the feed. Fees of tools and requests are left out: no report of the table has them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import genai_prices
import pytest
from genai_prices.data import providers
from genai_prices.types import ModelInfo

from gateway.core.cost import Price, cost, to_ledger
from gateway.core.offers import FeedLabel, Offer
from gateway.core.terms import charge
from gateway.core.usage import Metered, Usage
from gateway.declarations.load import load
from gateway.dialects.anthropic_messages.usage import MessagesUsage
from gateway.dialects.anthropic_messages.usage import metered as of_messages
from gateway.dialects.google.usage import GoogleUsage
from gateway.dialects.google.usage import metered as of_google
from gateway.dialects.openai.usage import CompletionsUsage
from gateway.dialects.openai.usage import metered as of_completions
from gateway.dialects.openai_responses.usage import ResponsesUsage
from gateway.dialects.openai_responses.usage import metered as of_responses
from gateway.dialects.usage_report import decoder
from gateway.feeds.genai_prices import read
from gateway.feeds.python_data import assigned
from tests.commands.calling import ROOT

TODAY: Final = datetime(2026, 12, 1, 12, tzinfo=UTC)
_FILE: Final = Path(genai_prices.__file__).with_name("data.py")
_LABEL: Final = FeedLabel("genai-prices", "genai-prices", "0.2.3", date(2026, 12, 1), "0" * 64)
OFFERS: Final[Mapping[str, Offer]] = read(_LABEL, assigned(_FILE.read_bytes(), "providers")).offers

PROVIDERS: Final = {each.id: each for each in providers}

Reader = Callable[[bytes], Metered | None]


def completions(data: bytes) -> Metered | None:
    return of_completions(decoder(CompletionsUsage)(data))


def responses(data: bytes) -> Metered | None:
    return of_responses(decoder(ResponsesUsage)(data))


def messages(data: bytes) -> Metered | None:
    return of_messages(decoder(MessagesUsage)(data))


def google(data: bytes) -> Metered | None:
    return of_google(decoder(GoogleUsage)(data))


def chat(prompt: int, completion: int, cached: int = 0, reasoning: int = 0, **more: Any) -> dict[str, Any]:
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": cached},
        "completion_tokens_details": {"reasoning_tokens": reasoning},
        **more,
    }


def details(**tokens: int) -> list[dict[str, Any]]:
    return [{"modality": name, "tokenCount": count} for name, count in tokens.items()]


CHAT: Final = (chat(9, 3), chat(12_345, 678, 9_000, 400), chat(300_001, 10, 200_000), chat(1_000_003, 77))
RESPONSES: Final = tuple(
    {
        "input_tokens": prompt,
        "output_tokens": made,
        "total_tokens": prompt + made,
        "input_tokens_details": {"cached_tokens": cached},
        "output_tokens_details": {"reasoning_tokens": reasoning},
    }
    for prompt, made, cached, reasoning in ((9, 3, 0, 0), (12_345, 678, 9_000, 400), (300_001, 10, 200_000, 3))
)
MESSAGES: Final[tuple[dict[str, Any], ...]] = (
    {"input_tokens": 9, "output_tokens": 3},
    {"input_tokens": 1_200, "output_tokens": 345, "cache_read_input_tokens": 98_765},
    {
        "input_tokens": 7,
        "output_tokens": 1_111,
        "cache_creation_input_tokens": 5_000,
        "cache_creation": {"ephemeral_5m_input_tokens": 3_000, "ephemeral_1h_input_tokens": 2_000},
    },
    {"input_tokens": 200_001, "output_tokens": 5, "output_tokens_details": {"thinking_tokens": 4}},
)
GOOGLE: Final[tuple[dict[str, Any], ...]] = (
    {"promptTokenCount": 9, "candidatesTokenCount": 3, "totalTokenCount": 12},
    {"promptTokenCount": 5_000, "candidatesTokenCount": 30, "thoughtsTokenCount": 700, "totalTokenCount": 5_730},
    {
        "promptTokenCount": 9_000,
        "cachedContentTokenCount": 4_000,
        "candidatesTokenCount": 30,
        "totalTokenCount": 9_030,
        "promptTokensDetails": details(TEXT=9_000),
        "cacheTokensDetails": details(TEXT=4_000),
    },
    {
        "promptTokenCount": 3_000,
        "candidatesTokenCount": 30,
        "totalTokenCount": 3_030,
        "promptTokensDetails": details(TEXT=1_000, AUDIO=2_000),
    },
    {
        "promptTokenCount": 3_000,
        "cachedContentTokenCount": 1_700,
        "candidatesTokenCount": 30,
        "totalTokenCount": 3_030,
        "promptTokensDetails": details(TEXT=1_000, AUDIO=2_000),
        "cacheTokensDetails": details(TEXT=200, AUDIO=1_500),
    },
    {
        "promptTokenCount": 300,
        "candidatesTokenCount": 1_310,
        "totalTokenCount": 1_610,
        "promptTokensDetails": details(TEXT=42, IMAGE=258),
        "candidatesTokensDetails": details(TEXT=20, IMAGE=1_290),
    },
    {
        "promptTokenCount": 100,
        "toolUsePromptTokenCount": 5_000,
        "candidatesTokenCount": 30,
        "totalTokenCount": 5_130,
    },
    {"promptTokenCount": 200_001, "candidatesTokenCount": 30, "totalTokenCount": 200_031},
)
OUTSIDE: Final = tuple(
    {**each, "total_tokens": each["total_tokens"] + 400} for each in (chat(12_345, 678, 9_000, 400),)
)
"""xAI's reports: reasoning stands beside the completion."""

TABLE: Final[Mapping[tuple[str, str], tuple[Reader, tuple[dict[str, Any], ...]]]] = {
    ("openai", "chat"): (completions, CHAT),
    ("openai", "responses"): (responses, RESPONSES),
    ("azure", "chat"): (completions, CHAT),
    ("azure", "responses"): (responses, RESPONSES),
    ("anthropic", "default"): (messages, MESSAGES),
    ("google", "default"): (google, GOOGLE),
    ("mistral", "default"): (completions, CHAT),
    ("deepseek", "chat"): (completions, CHAT),
    ("groq", "default"): (completions, CHAT),
    ("fireworks", "chat"): (completions, CHAT),
    ("moonshotai", "chat"): (completions, CHAT),
    ("openrouter", "chat"): (completions, CHAT),
    ("x-ai", "chat"): (completions, OUTSIDE),
}


def models(provider: str) -> Iterator[tuple[ModelInfo, Offer]]:
    """The models with a price of words in and out."""
    for model in PROVIDERS[provider].models:
        offer = OFFERS.get(f"{provider}/{model.id}")
        if offer is not None and offer.rates.input is not None and offer.rates.output is not None:
            yield model, offer


def theirs(provider: str, flavor: str, model: ModelInfo, report: dict[str, Any]) -> int:
    """Billionths of a dollar."""
    members = {"model": model.id, "usageMetadata" if provider == "google" else "usage": report}
    _, usage = PROVIDERS[provider].extract_usage(members, api_flavor=flavor)
    return to_ledger(model.get_prices(TODAY).calc_price(usage)["total_price"], Decimal(1))


def ours(metered: Metered, offer: Offer) -> int:
    return to_ledger(cost(metered.usage, Price("USD", offer.rates, offer.tiers)), Decimal(1))


def are_comparable(metered: Metered, offer: Offer) -> bool:
    """A list without a rate for writes of an hour leaves it open; here they cost twice the input then."""
    return not metered.usage.cache_write_1h or offer.rates.cache_write_1h is not None


@pytest.mark.parametrize(("provider", "flavor"), TABLE)
def test_reports_cost_the_same_to_the_billionth(provider: str, flavor: str) -> None:
    reader, reports = TABLE[provider, flavor]
    compared, differing = 0, []
    for report in reports:
        metered = reader(json.dumps(report).encode())
        assert metered is not None
        assert metered.suspect == ""
        for model, offer in models(provider):
            if are_comparable(metered, offer):
                compared += 1
                costs = ours(metered, offer), theirs(provider, flavor, model, report)
                differing += [(model.id, report, *costs)] if costs[0] != costs[1] else []
    assert compared > len(reports)
    assert differing == []


SHIPPED: Final = load(ROOT / "config", ROOT / "policies", today=date(2026, 12, 1)).snapshot
TERMS: Final = (
    ("openai-api-default", "openai", "priority", {"service_tier": "priority"}),
    ("openai-api-default", "openai", "flex", {"service_tier": "flex"}),
    ("anthropic-api", "anthropic", "fast", {"speed": "fast"}),
)
SERVED: Final = Usage(input=12_345, cache_read=9_000, output=678, reasoning=55)


def same_price(price: Price, model: ModelInfo) -> bool:
    """Whether the route's standard price is that of the list: other sources may be newer."""
    standard = to_ledger(model.get_prices(TODAY).calc_price(_reported(SERVED))["total_price"], Decimal(1))
    return bool(price.tariff(Decimal(1)).charge(SERVED) == standard)


def _reported(usage: Usage) -> genai_prices.Usage:
    return genai_prices.Usage(
        input_tokens=usage.context,
        output_tokens=usage.generated,
        cache_read_tokens=usage.cache_read,
        output_reasoning_tokens=usage.reasoning,
    )


@pytest.mark.parametrize(("record", "provider", "term", "context"), TERMS)
def test_a_shipped_price_of_a_service_tier_is_that_of_the_list(
    record: str, provider: str, term: str, context: dict[str, str]
) -> None:
    assert SHIPPED is not None
    compared, differing = 0, []
    by_id = {model.id: model for model in PROVIDERS[provider].models}
    for route in SHIPPED.routes.values():
        model = by_id.get(route.upstream_model)
        if route.provider.id != record or model is None or not same_price(route.price, model):
            continue
        if not any(dict(variant.when) == context for variant in model.price_variants or ()):
            continue
        listed = model.get_prices(TODAY, context).calc_price(_reported(SERVED))["total_price"]
        mine = charge(route.price, Decimal(1), SERVED, (term,), {"tier": term})
        compared += 1
        differing += [(route.id, mine, listed)] if mine != to_ledger(listed, Decimal(1)) else []
    assert compared > 3
    assert differing == []


FEES: Final = {"per_tool_call": "web_searches_kcount", "per_file_search": "storage_searches_kcount"}


@pytest.mark.parametrize(
    ("record", "provider"),
    [
        ("openai-api-default", "openai"),
        ("anthropic-api", "anthropic"),
        ("google-gemini-api-paid", "google"),
        ("meta-api", "meta"),
    ],
)
def test_a_shipped_fee_of_a_hosted_tool_is_that_of_the_list(record: str, provider: str) -> None:
    assert SHIPPED is not None
    by_id = {model.id: model for model in PROVIDERS[provider].models}
    compared, differing = 0, []
    for route in SHIPPED.routes.values():
        model = by_id.get(route.upstream_model)
        if route.provider.id != record or model is None:
            continue
        for fee, member in FEES.items():
            listed = getattr(model.get_prices(TODAY), member, None)
            if listed is not None:
                compared += 1
                mine = getattr(route.price, fee)
                differing += [(route.id, fee, mine, listed)] if mine is None or mine * 1000 != listed else []
    assert compared > 2
    assert differing == []
