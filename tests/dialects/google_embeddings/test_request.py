"""Requests for vectors: facts in the open, words sealed, passed on or translated."""

from __future__ import annotations

import json

import pytest

from gateway.core.catalog import Feature
from gateway.core.demand import Demand, Need
from gateway.core.errors import ModelNotFound
from gateway.core.operation import EMBEDDINGS
from gateway.dialects.dialect import Rendered, RequestOverrides
from gateway.dialects.google_embeddings.content import inputs, is_batch
from gateway.dialects.google_embeddings.request import accept, passed
from gateway.dialects.prompt import Prompt, PromptHead
from tests.builders import a_route, a_snapshot, an_organisation
from tests.dialects.google_embeddings.requests import BATCH, HELLO, ONE, PICTURE, accepted, batch, one


def sent(accepted: tuple[Demand, Prompt]) -> Rendered:
    facts, prompt = accepted
    return passed(prompt, facts, a_route(), RequestOverrides())


def test_a_plain_request_needs_and_uses_nothing() -> None:
    facts, prompt = one()
    assert (facts.dialect, facts.operation.name, facts.model, facts.streaming) == (
        "google_embeddings",
        "embeddings",
        "small",
        False,
    )
    assert (facts.output_tokens, facts.input_tokens) == (0, len(prompt.unseal().body))
    assert not facts.needs
    assert not facts.features
    assert inputs(prompt) == 1


def test_a_batch_is_many_requests_and_may_be_narrowed() -> None:
    facts, prompt = batch({"content": HELLO}, {"content": HELLO}, provider={"only": ["alpha"]})
    assert is_batch(prompt.head)
    assert inputs(prompt) == 2
    assert [policy.name for policy in facts.narrowing] == ["strict", "request"]


def test_pictures_are_needs_and_unlisted_members_features() -> None:
    facts, _ = batch({"content": {"parts": [PICTURE, {"hologram": 1}]}, "new_thing": 1, "MARKER x": 1})
    assert facts.needs == {Need.VISION}
    assert facts.features == {Feature.UNLISTED}
    assert set(facts.unlisted) >= {"newThing", "part:hologram"}
    assert "MARKER" not in str(facts.unlisted)
    harmless = a_snapshot(organisation=an_organisation(harmless=frozenset({"newThing"})))
    body = json.dumps({"content": HELLO, "newThing": 1}).encode()
    assert not accept(body, ONE, harmless)[0].features


def test_an_unknown_model_gets_near_names() -> None:
    with pytest.raises(ModelNotFound) as missing:
        accepted(PromptHead(operation=EMBEDDINGS, model="smal"), content=HELLO)
    assert missing.value.details["near"] == ["small"]


def test_one_content_is_passed_on_as_it_came() -> None:
    accepted_one = one(taskType="RETRIEVAL_QUERY")
    rendered = sent(accepted_one)
    assert (rendered.path, rendered.body) == ("/models/lab%2Fsmall:embedContent", accepted_one[1].unseal().body)
    assert json.loads(sent(one(model="models/small", provider={})).body) == {
        "content": HELLO,
        "model": "models/lab/small",
    }


def test_every_request_of_a_batch_names_the_routes_model() -> None:
    rendered = sent(batch({"model": "models/small", "content": HELLO}, {"content": HELLO, "title": "t"}))
    assert rendered.path == "/models/lab%2Fsmall:batchEmbedContents"
    assert json.loads(rendered.body)["requests"] == [
        {"model": "models/lab/small", "content": HELLO},
        {"model": "models/lab/small", "content": HELLO, "title": "t"},
    ]
    single = sent(accepted(BATCH, requests={"content": HELLO}))
    assert json.loads(single.body)["requests"] == [{"content": HELLO, "model": "models/lab/small"}]
