"""Text completions: facts in the open, words sealed, and the one way out."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from gateway.core.catalog import Feature
from gateway.core.demand import Need
from gateway.core.errors import ModelNotFound
from gateway.dialects.dialect import RequestOverrides
from gateway.dialects.openai_completions.request import passed
from tests.builders import a_connection, a_policy, a_provider, a_route
from tests.dialects.openai_completions.requests import PSEUDONYMS, accepted, fault

ROUTE = a_route(upstream_model="theirs")


def sent(orders: RequestOverrides = PSEUDONYMS, stream_usage: str = "option", **members: Any) -> dict[str, Any]:
    demand, prompt = accepted(**members)
    route = replace(ROUTE, provider=a_provider(connection=a_connection(stream_usage=stream_usage)))
    rendered = passed(prompt, demand, route, orders)
    assert rendered.path == "/completions"
    body: dict[str, Any] = json.loads(rendered.body)
    return body


def test_a_text_goes_on_and_no_word_shows() -> None:
    found, prompt = accepted(suffix="there", max_tokens=9)
    assert (found.dialect, found.operation.name, found.model) == ("openai_completions", "completions", "small")
    assert (found.output_tokens, found.streaming, found.needs, found.features) == (9, False, frozenset(), frozenset())
    assert found.input_tokens == len(prompt.unseal().body)
    assert "hello" not in repr(found) + repr(prompt)


def test_a_request_narrows_as_every_other_does() -> None:
    found, _ = accepted("strict", provider={"only": ["alpha"]}, stream=True)
    assert [policy.name for policy in found.narrowing] == ["strict", "request"]
    assert found.narrowing[0] == a_policy("strict")
    assert (found.needs, found.streaming) == (frozenset({Need.STREAMING}), True)
    assert accepted(model="alpha/small")[0].pinned == "alpha"


@pytest.mark.parametrize(
    ("members", "choices", "candidates"),
    [
        ({}, 1, 1),
        ({"prompt": ["a", "b"]}, 2, 2),
        ({"prompt": [1, 2, 3]}, 1, 1),
        ({"prompt": [[1], [2, 3]], "n": 3, "best_of": 5}, 6, 10),
        ({"prompt": ""}, 1, 1),
    ],
)
def test_each_prompt_has_its_completions(members: dict[str, Any], choices: int, candidates: int) -> None:
    found, _ = accepted(**members)
    assert (found.choices, found.candidates) == (choices, candidates)


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"prompt": None}, "prompt"),
        ({"prompt": []}, "prompt"),
        ({"prompt": {"secret": 1}}, "prompt"),
        ({"prompt": ["a", 1]}, "prompt"),
        ({"prompt": [[]]}, "prompt"),
        ({"prompt": [-1]}, "prompt"),
        ({"prompt": ["a"] * 65, "n": 2}, "n"),
        ({"n": 0}, "n"),
        ({"best_of": "secret"}, "best_of"),
        ({"max_tokens": -1}, "max_tokens"),
        ({"Prompt": "secret"}, "prompt"),
        ({"stream": "secret"}, "stream"),
        ({"model": 7}, "model"),
    ],
)
def test_faults_are_named(members: dict[str, Any], field: str) -> None:
    assert fault(**members) == field


def test_an_unknown_model_is_not_found() -> None:
    with pytest.raises(ModelNotFound):
        accepted(model="nobody")


def test_members_that_no_table_lists_are_a_feature() -> None:
    found, _ = accepted(teleport=True)
    assert (found.unlisted, found.features) == (("teleport",), frozenset({Feature.UNLISTED}))


def test_the_clients_bytes_travel_but_for_what_policy_orders() -> None:
    assert sent(provider={"only": ["alpha"]}, user="u", echo=True) == {
        "model": "theirs",
        "prompt": "hello",
        "user": "p-u",
        "echo": True,
    }
    assert sent(RequestOverrides(output_limit=7), user="u", max_tokens=9) == {
        "model": "theirs",
        "prompt": "hello",
        "max_tokens": 7,
    }


def test_the_usage_of_a_stream_is_always_asked_for() -> None:
    asked = {"include_usage": True}
    assert sent(stream=True)["stream_options"] == asked
    assert sent(stream=True, stream_options={"include_obfuscation": False})["stream_options"] == {
        "include_obfuscation": False,
        **asked,
    }
    assert "stream_options" not in sent(stream=True, stream_usage="always")
    assert "stream_options" not in sent()
