"""Costs that providers report themselves."""

from __future__ import annotations

import pytest

from gateway.dialects.anthropic_messages.usage import MessagesUsage
from gateway.dialects.anthropic_messages.usage import metered as of_messages
from gateway.dialects.openai.usage import CompletionsUsage
from gateway.dialects.openai.usage import metered as of_completions
from gateway.dialects.openai_responses.usage import ResponsesUsage
from gateway.dialects.openai_responses.usage import metered as of_responses
from gateway.dialects.reported_cost import COST_FIGURE, cost_figure, differs
from gateway.dialects.usage_report import decoder


@pytest.mark.parametrize(
    ("cost", "ticks", "nano"),
    [
        (0.0015, None, 1_500_000),
        ("0.0015", None, 1_500_000),
        (1e-9, None, 1),
        (0, None, 0),
        (2, None, 2_000_000_000),
        ({"input_tokens_cost": 0.001, "total_cost": 0.007}, None, 7_000_000),
        (None, 37_756_000, 3_775_600),
        (0.5, 1, 500_000_000),
    ],
)
def test_a_cost_is_read_in_each_provider_s_form(cost: object, ticks: object, nano: int) -> None:
    assert cost_figure(cost, ticks) == {COST_FIGURE: nano}


@pytest.mark.parametrize(
    "cost", [None, True, "free", -1, float("nan"), float("inf"), 1e30, [], {}, {"total_cost": "x"}]
)
def test_a_cost_that_cannot_be_read_is_left_out(cost: object) -> None:
    assert cost_figure(cost) == {}


@pytest.mark.parametrize(
    ("reported", "cost", "expected"),
    [
        (1_000_000, 1_000_000, False),
        (1_000_000, 1_010_000, False),
        (1_000_000, 1_010_001, True),
        (0, 1_000, False),
        (0, 1_001, True),
        (5_000_000, 0, True),
    ],
)
def test_a_hundredth_and_a_millionth_apart_is_alike(reported: int, cost: int, expected: bool) -> None:
    assert differs(reported, cost) is expected


def test_every_dialect_keeps_the_cost_beside_its_figures() -> None:
    chat = decoder(CompletionsUsage)(b'{"prompt_tokens":9,"completion_tokens":3,"cost":0.0015,"cost_details":{}}')
    responses = decoder(ResponsesUsage)(b'{"input_tokens":9,"output_tokens":3,"cost":0.0015}')
    messages = decoder(MessagesUsage)(b'{"input_tokens":9,"output_tokens":3,"cost":0.0015}')
    for metered in (of_completions(chat), of_responses(responses), of_messages(messages)):
        assert metered is not None
        assert (metered.reported[COST_FIGURE], metered.suspect) == (1_500_000, "")
        assert (metered.usage.input, metered.usage.output) == (9, 3)


@pytest.mark.parametrize(
    "member", ['"estimated_cost":0.0015', '"cost_in_usd_ticks":15000000', '"cost":{"total_cost":0.0015}']
)
def test_other_names_of_chat_completions(member: str) -> None:
    usage = decoder(CompletionsUsage)(f'{{"prompt_tokens":9,"completion_tokens":3,{member}}}'.encode())
    metered = of_completions(usage)
    assert metered is not None
    assert metered.reported[COST_FIGURE] == 1_500_000


@pytest.mark.parametrize("cost", ["-1", "true", "[]", "1e400", "1" * 400, '{"total_cost":[]}', '"free"', "null"])
def test_an_odd_cost_leaves_the_counts_believed(cost: str) -> None:
    chat = decoder(CompletionsUsage)(f'{{"prompt_tokens":9,"completion_tokens":3,"cost":{cost}}}'.encode())
    responses = decoder(ResponsesUsage)(f'{{"input_tokens":9,"output_tokens":3,"cost":{cost}}}'.encode())
    messages = decoder(MessagesUsage)(f'{{"input_tokens":9,"output_tokens":3,"cost":{cost}}}'.encode())
    for metered in (of_completions(chat), of_responses(responses), of_messages(messages)):
        assert metered is not None
        assert (metered.suspect, metered.usage.input, metered.usage.output) == ("", 9, 3)
        assert "cost" not in metered.reported
