from __future__ import annotations

import pytest

from gateway.core.catalog import Feature
from gateway.core.demand import Carried
from gateway.core.operation import COUNT_TOKENS
from tests.builders import a_demand, a_model, a_route, some_abilities


@pytest.mark.parametrize(
    ("stated", "models_default", "max_output", "limit"),
    [
        (500, None, 16_384, 500),
        (500, 2_000, None, 500),
        (None, None, None, 8_192),  # the gateway's default
        (None, 2_000, None, 2_000),  # the model's own
        (None, None, 4_096, 4_096),
        (None, 50_000, 16_384, 16_384),
        (20_000, None, 16_384, 16_384),
        (0, None, 16_384, 0),
    ],
)
def test_the_output_bound_of_an_attempt(
    stated: int | None, models_default: int | None, max_output: int | None, limit: int
) -> None:
    route = a_route(model=a_model(default_max_output=models_default), abilities=some_abilities(max_output=max_output))
    assert a_demand(output_tokens=stated).output_limit(route, 8_192) == limit


@pytest.mark.parametrize(
    ("choices", "candidates", "least", "most"), [(3, 1, 0, 150), (1, 5, 0, 250), (3, 2, 0, 150), (2, 1, 80, 160)]
)
def test_candidates_and_a_least_length_count_in_what_is_used_at_most(
    choices: int, candidates: int, least: int, most: int
) -> None:
    demand = a_demand(output_tokens=50, choices=choices, candidates=candidates, least_output=least)
    assert demand.at_most(a_route(), 4_096)[1] == most


def test_at_most_every_input_token_and_every_choice_up_to_its_limit_is_used() -> None:
    demand = a_demand(input_tokens=700, output_tokens=50, choices=3)
    assert demand.at_most(a_route(), 8_192) == (700, 150)


def test_counting_uses_nothing() -> None:
    assert a_demand(operation=COUNT_TOKENS).at_most(a_route(), 8_192) == (0, 0)


def test_nothing_is_lost_in_a_dialect_of_which_nothing_is_said() -> None:
    said = Carried("anthropic_messages", dropped=("seed",))
    assert a_demand(carried=(said,)).carried_in("anthropic_messages") == said
    assert a_demand(carried=(said,)).carried_in("google_generate") == Carried("google_generate")
    assert a_demand().carried_in("openai_chat") == Carried("openai_chat", unfit=(), dropped=())


def test_of_a_translated_request_only_what_can_be_translated_is_in_use() -> None:
    demand = a_demand(features=frozenset({Feature.WEB_SEARCH, Feature.UNLISTED, Feature.REMOTE_URLS}))
    assert demand.features_in("openai_chat") == demand.features
    assert demand.features_in("anthropic_messages") == {Feature.REMOTE_URLS}
