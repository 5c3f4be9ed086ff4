"""Embeddings requests: facts in the open, words sealed, and the two ways out."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.core.catalog import Feature
from gateway.core.errors import ModelNotFound
from gateway.core.policy import UNRESTRICTED
from gateway.dialects.dialect import RequestOverrides
from gateway.dialects.openai_embeddings.decode import conversation
from gateway.dialects.openai_embeddings.request import passed, wants_base64
from tests.builders import a_policy, a_route
from tests.dialects.openai_embeddings.requests import PSEUDONYMS, accepted, fault


def test_vectors_are_demanded_and_no_word_generated() -> None:
    found, prompt = accepted()
    assert (found.dialect, found.operation.name, found.model) == ("openai_embeddings", "embeddings", "small")
    assert (found.output_tokens, found.streaming, found.needs, found.features) == (0, False, frozenset(), frozenset())
    assert found.input_tokens == len(prompt.unseal().body)
    assert "hello" not in repr(found) + repr(prompt)


def test_a_request_narrows_as_every_other_does() -> None:
    found, _ = accepted("strict", provider={"only": ["alpha"]})
    assert [policy.name for policy in found.narrowing] == ["strict", "request"]
    assert found.narrowing[1].rules.only_providers == frozenset({"alpha"})
    assert accepted(model="alpha/small")[0].pinned == "alpha"
    assert (accepted(model="embed-3")[0].model, accepted(model="embed-3")[0].alias) == ("small", "embed-*")
    assert found.narrowing[0] == a_policy("strict") != UNRESTRICTED


def test_members_that_no_table_lists_are_a_feature() -> None:
    found, prompt = accepted(teleport=True)
    assert (found.unlisted, found.features) == (("teleport",), frozenset({Feature.UNLISTED}))
    assert conversation(prompt).lost == ("teleport",)


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"encoding_format": "secret"}, "encoding_format"),
        ({"encoding_format": ["secret"]}, "encoding_format"),
        ({"dimensions": 0}, "dimensions"),
        ({"dimensions": "secret"}, "dimensions"),
        ({"Input": "secret"}, "input"),
        ({"model": 7}, "model"),
        ({"provider": "secret"}, "provider"),
    ],
)
def test_faults_are_named(members: dict[str, Any], field: str) -> None:
    assert fault(**members) == field


def test_an_unknown_model_is_not_found() -> None:
    with pytest.raises(ModelNotFound):
        accepted(model="smal")


@pytest.mark.parametrize(
    ("members", "wanted"), [({}, False), ({"encoding_format": "float"}, False), ({"encoding_format": "base64"}, True)]
)
def test_the_form_of_the_vectors(members: dict[str, Any], wanted: bool) -> None:
    assert wants_base64(accepted(**members)[1]) is wanted


def test_what_is_passed_on_is_the_clients_but_for_what_policy_changes() -> None:
    demand, prompt = accepted(input=[1, 2], encoding_format="base64", user="ada", provider={"only": ["alpha"]}, odd=1)
    found = passed(prompt, demand, a_route(), PSEUDONYMS)
    assert (found.path, found.headers, found.dropped) == ("/embeddings", (), ())
    assert (
        found.body == b'{"model": "lab/small", "input": [1, 2], "encoding_format": "base64", "user": "p-ada", "odd": 1}'
    )
    left_out = passed(prompt, demand, a_route(), RequestOverrides())
    assert left_out.dropped == ("user",)
    assert "user" not in json.loads(left_out.body)
