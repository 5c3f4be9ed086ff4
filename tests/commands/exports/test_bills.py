"""Exports of providers, in their own shapes."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from gateway.commands.exports.bills import SHAPES, Line, Unreadable, lines

DAY = date(2026, 11, 24)
START = 1_795_478_400  # that day, in UTC


def read(tmp_path: Path, shape: str, content: Any) -> list[Line]:
    path = tmp_path / "export"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return lines(path, shape)


def openai(*results: dict[str, Any]) -> dict[str, Any]:
    return {"object": "page", "data": [{"object": "bucket", "start_time": START, "results": list(results)}]}


def anthropic(*results: dict[str, Any]) -> dict[str, Any]:
    return {"data": [{"starting_at": "2026-11-24T00:00:00Z", "results": list(results)}], "has_more": False}


def test_openai_counts_cached_tokens_within_the_input(tmp_path: Path) -> None:
    usage = {
        "input_tokens": 1_000,
        "input_cached_tokens": 800,
        "output_tokens": 500,
        "num_model_requests": 5,
        "model": "gpt-5-2025-08-07",
        "api_key_id": "key_abc",
    }
    embedded = {"input_tokens": 7, "num_model_requests": 1, "model": None, "api_key_id": None}
    assert read(tmp_path, "openai", openai(usage, embedded)) == [
        Line(DAY, "gpt-5-2025-08-07", "key_abc", 5, 1_000, 500),
        Line(DAY, "", "", 1, 7, 0),
    ]


def test_openai_states_costs_per_line_item_or_for_all(tmp_path: Path) -> None:
    costs: list[dict[str, Any]] = [
        {"amount": {"value": 0.06, "currency": "usd"}, "line_item": "gpt-5, input"},
        {"amount": {"value": "1.5", "currency": "usd"}, "line_item": None},
    ]
    assert read(tmp_path, "openai", [openai(costs[0]), openai(costs[1])]) == [
        Line(DAY, "gpt-5", cost=Decimal("0.06"), currency="USD"),
        Line(DAY, cost=Decimal("1.5"), currency="USD"),
    ]


def test_anthropic_keeps_its_classes_apart(tmp_path: Path) -> None:
    usage = {
        "uncached_input_tokens": 1_500,
        "cache_read_input_tokens": 200,
        "cache_creation": {"ephemeral_1h_input_tokens": 1_000, "ephemeral_5m_input_tokens": 500},
        "output_tokens": 30,
        "model": "claude-sonnet-4-5",
        "api_key_id": "apikey_1",
    }
    assert read(tmp_path, "anthropic", anthropic(usage)) == [
        Line(DAY, "claude-sonnet-4-5", "apikey_1", tokens_in=3_200, tokens_out=30)
    ]


def test_anthropic_states_costs_in_hundredths(tmp_path: Path) -> None:
    cost = {"amount": "123.45", "currency": "USD", "model": None}
    assert read(tmp_path, "anthropic", anthropic(cost)) == [Line(DAY, cost=Decimal("1.2345"), currency="USD")]


def test_mistral_states_tokens_per_side_with_prices_beside_them(tmp_path: Path) -> None:
    def entry(metric: str, value: int, paid: int | None = None) -> dict[str, Any]:
        known = {"billing_metric": metric, "billing_group": "input", "timestamp": "2026-11-24T23:30:00Z"}
        return {**known, "value": value, "value_paid": paid}

    sides = {"input": [entry("small", 100, 40)], "cached": [entry("free", 9)], "output": [entry("small", 10)]}
    export = {
        "completion": {"models": {"small::mistral-small-2506": sides}},
        "prices": [{"billing_metric": "small", "billing_group": "input", "price": "0.0000001"}],
        "currency": "EUR",
    }
    name = "mistral-small-2506"
    assert read(tmp_path, "mistral", export) == [
        Line(DAY, name, tokens_in=100, tokens_out=0, cost=Decimal("0.0000040"), currency="EUR"),
        Line(DAY, name, tokens_in=9, tokens_out=0, cost=Decimal(0), currency="EUR"),
        Line(DAY, name, tokens_in=0, tokens_out=10, cost=Decimal("0.0000010"), currency="EUR"),
    ]


def test_csv_states_what_it_has_columns_for(tmp_path: Path) -> None:
    text = "day,model,requests,tokens_in,tokens_out,cost,currency\n2026-11-24,small,3,10,5,0.25,eur\n2026-11-24,,,,,,\n"
    assert read(tmp_path, "csv", "\ufeff" + text) == [
        Line(DAY, "small", "", 3, 10, 5, Decimal("0.25"), "EUR"),
        Line(DAY),
    ]


def test_a_moment_is_of_its_day_in_utc(tmp_path: Path) -> None:
    (line,) = read(tmp_path, "csv", "day,requests\n2026-11-25T00:30:00+01:00,1\n")
    assert line.day == DAY


@pytest.mark.parametrize("shape", sorted(SHAPES))
@pytest.mark.parametrize(
    "content", ["MARKER", "[1]", '{"data": 1}', '{"data": [{"MARKER": 2}]}', "day\nMARKER\n", "\0"]
)
def test_another_file_is_unreadable_and_nothing_of_it_is_said(tmp_path: Path, shape: str, content: str) -> None:
    if shape == "csv" and not content.startswith("day"):
        content = f"day,cost\n{content},1"
    with pytest.raises(Unreadable) as refused:
        read(tmp_path, shape, content)
    assert "MARKER" not in str(refused.value)


@pytest.mark.parametrize("cost", ["NaN", "Infinity", "a lot"])
def test_a_cost_is_a_finite_number(tmp_path: Path, cost: str) -> None:
    with pytest.raises(Unreadable):
        read(tmp_path, "csv", f"day,cost,currency\n2026-11-24,{cost},USD\n")


def test_a_cost_has_a_currency(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="currency"):
        read(tmp_path, "csv", "day,cost\n2026-11-24,1\n")
