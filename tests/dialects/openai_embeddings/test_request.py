"""Embeddings requests: facts in the open, words sealed, and the two ways out."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.core.catalog import Feature
from gateway.core.demand import Demand
from gateway.core.errors import InvalidRequest, ModelNotFound
from gateway.core.operation import EMBEDDINGS
from gateway.core.policy import UNRESTRICTED
from gateway.dialects.dialect import RequestOverrides, Unportable
from gateway.dialects.neutral import Conversation, Embedding, Role, Text, Turn
from gateway.dialects.openai_embeddings.request import accept, conversation, passed, wants_base64, written
from gateway.dialects.prompt import Asked, Prompt
from tests.builders import a_demand, a_policy, a_route, a_snapshot

SNAPSHOT = a_snapshot(policies=(a_policy("strict"),), redirects={"embed-*": "small"})
PSEUDONYMS = RequestOverrides(pseudonym=lambda name: f"p-{name}")


def accepted(policy: str = "", **members: Any) -> tuple[Demand, Prompt]:
    body = {"model": "small", "input": "hello", **members}
    return accept(json.dumps(body).encode(), Asked(EMBEDDINGS, policy=policy), SNAPSHOT)


def read(**members: Any) -> Embedding:
    return conversation(accepted(**members)[1])


def fault(**members: Any) -> str:
    with pytest.raises(InvalidRequest) as refused:
        accepted(**members)
    assert "secret" not in refused.value.message
    return str(refused.value.details["field"])


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
    found, prompt = accepted(truncation=True)
    assert (found.unlisted, found.features) == (("truncation",), frozenset({Feature.UNLISTED}))
    assert conversation(prompt).lost == ("truncation",)


@pytest.mark.parametrize(
    ("given", "inputs"),
    [
        ("a", ("a",)),
        (["a", "b"], ("a", "b")),
        ([1, 2, 0], ((1, 2, 0),)),
        ([[1], [2, 3]], ((1,), (2, 3))),
        (["a", [1]], ("a", (1,))),
    ],
)
def test_inputs_are_words_or_tokens(given: Any, inputs: tuple[Any, ...]) -> None:
    assert read(input=given).inputs == inputs


@pytest.mark.parametrize(
    "given",
    [
        None,
        "",
        [],
        [""],
        ["a", ""],
        [[]],
        [[1], []],
        [1, "secret"],
        [-1],
        [1.5],
        [True],
        {"secret": 1},
        7,
        ["a"] * 2049,
    ],
)
def test_inputs_that_are_empty_or_mixed_are_refused(given: Any) -> None:
    assert fault(input=given) == "input"


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


def test_the_neutral_form() -> None:
    assert read() == Embedding(("hello",))
    assert read(
        input=["a"],
        dimensions=64,
        user="ada",
        encoding_format="base64",
        input_type="query",
        provider={"only": ["alpha"]},
    ) == Embedding(("a",), 64, "RETRIEVAL_QUERY", user="ada")
    assert read(input_type="brand_new").lost == ("input_type",)
    assert read(dimensions=None, user=None, encoding_format=None) == read()
    with pytest.raises(InvalidRequest):
        read(user=7)


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


def test_what_is_written_asks_for_numbers() -> None:
    asked = Embedding(("a", (1, 2)), 64, user="ada")
    found = written(asked, a_demand(), a_route(), PSEUDONYMS)
    assert (found.path, found.dropped) == ("/embeddings", ())
    assert json.loads(found.body) == {
        "model": "lab/small",
        "input": ["a", [1, 2]],
        "encoding_format": "float",
        "dimensions": 64,
        "user": "p-ada",
    }


def test_what_has_no_place_is_named() -> None:
    asked = Embedding(("a",), purpose="CLUSTERING", title="t", user="ada", lost=("truncation", "user"))
    found = written(asked, a_demand(), a_route(), RequestOverrides())
    assert found.dropped == ("truncation", "user", "purpose", "title")
    assert json.loads(found.body) == {"model": "lab/small", "input": ["a"], "encoding_format": "float"}


def test_a_conversation_is_no_request_for_vectors() -> None:
    with pytest.raises(Unportable):
        written(Conversation((Turn(Role.USER, (Text("a"),)),)), a_demand(), a_route(), PSEUDONYMS)


def test_what_was_written_is_read_as_it_was() -> None:
    asked = Embedding(("a", (1, 2)), 64, user="ada")
    body = written(asked, a_demand(), a_route(), RequestOverrides(pseudonym=str)).body.replace(b"lab/small", b"small")
    assert conversation(accept(body, Asked(EMBEDDINGS), SNAPSHOT)[1]) == asked
