"""Requests for vectors: facts in the open, words sealed, passed on or translated."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.catalog import Feature
from gateway.core.demand import Demand, Need
from gateway.core.errors import InvalidRequest, ModelNotFound
from gateway.core.operation import EMBEDDINGS
from gateway.dialects.dialect import Rendered, RequestOverrides, Unportable
from gateway.dialects.google_embeddings.request import (
    BATCH_MOST,
    accept,
    conversation,
    inputs,
    is_batch,
    passed,
    written,
)
from gateway.dialects.neutral import Conversation, Embedding
from gateway.dialects.prompt import Asked, Prompt
from tests.builders import a_demand, a_policy, a_route, a_snapshot, an_organisation
from tests.dialects.google_generate.strategies import UNKEPT

SNAPSHOT = a_snapshot(policies=(a_policy("strict"),))
ONE = Asked(operation=EMBEDDINGS, model="small", verb="embedContent")
BATCH = Asked(operation=EMBEDDINGS, model="models/small", verb="batchEmbedContents", policy="strict")
HELLO: dict[str, Any] = {"parts": [{"text": "hello"}]}
PICTURE = {"inlineData": {"mimeType": "image/png", "data": "AA=="}}


def accepted(asked: Asked = ONE, /, **body: Any) -> tuple[Demand, Prompt]:
    return accept(json.dumps(body).encode(), asked, SNAPSHOT)


def one(**members: Any) -> tuple[Demand, Prompt]:
    return accepted(ONE, content=HELLO, **members)


def batch(*requests: Any, **members: Any) -> tuple[Demand, Prompt]:
    return accepted(BATCH, requests=list(requests), **members)


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
    assert is_batch(prompt.asked)
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
        accepted(Asked(operation=EMBEDDINGS, model="smal"), content=HELLO)
    assert missing.value.details["near"] == ["small"]


FAULTS: dict[str, tuple[Asked, dict[str, Any], str]] = {
    "no content": (ONE, {}, "content"),
    "no parts": (ONE, {"content": {"parts": []}}, "content"),
    "content": (ONE, {"content": "MARKER"}, "content"),
    "no requests": (BATCH, {"requests": []}, "requests"),
    "request": (BATCH, {"requests": ["MARKER"]}, "requests[0]"),
    "content of a request": (BATCH, {"requests": [{"content": {}}]}, "requests[0].content"),
    "lookalike": (ONE, {"content": HELLO, "Task_Type": "MARKER"}, "task_type"),
}


@pytest.mark.parametrize(("asked", "body", "field"), FAULTS.values(), ids=FAULTS)
def test_faults_name_the_field_and_never_its_value(asked: Asked, body: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        accepted(asked, **body)
    assert refused.value.details["field"] == field
    assert "MARKER" not in refused.value.message


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


@pytest.mark.parametrize(
    ("members", "read"),
    [
        ({}, Embedding(("hello",))),
        ({"taskType": "TASK_TYPE_UNSPECIFIED"}, Embedding(("hello",))),
        (
            {"task_type": "retrieval_document", "title": "t", "output_dimensionality": 64},
            Embedding(("hello",), 64, "RETRIEVAL_DOCUMENT", "t"),
        ),
        ({"taskType": 1}, Embedding(("hello",), purpose="RETRIEVAL_QUERY")),
        (
            {"embedContentConfig": {"taskType": "CLUSTERING", "outputDimensionality": 8, "documentOcr": True}},
            Embedding(("hello",), 8, "CLUSTERING", lost=("documentOcr",)),
        ),
        ({"autoTruncate": True, "MARKER x": 1}, None),
        ({"autoTruncate": False}, Embedding(("hello",))),
    ],
)
def test_one_content_is_read(members: dict[str, Any], read: Embedding | None) -> None:
    lost = Embedding(("hello",), lost=("autoTruncate", "(a member whose name is no plain word)"))
    assert conversation(one(**members)[1]) == (read or lost)


def test_a_batch_is_read_as_one_request_for_many() -> None:
    requests = [{"content": {"parts": [{"text": t}, {"text": "b"}]}, "outputDimensionality": 9} for t in ("a", "c")]
    assert conversation(batch(*requests)[1]) == Embedding(("a\nb", "c\nb"), 9)


@pytest.mark.parametrize(
    ("requests", "field"),
    [
        ([{"content": {"parts": [PICTURE]}}], "requests[0].content.parts[0].text"),
        ([{"content": {"parts": [{"text": ""}]}}], "requests[0].content.parts"),
        ([{"content": HELLO, "title": "MARKER"}, {"content": HELLO}], "requests.title"),
        ([{"content": HELLO}, {"content": HELLO, "taskType": "MARKER"}], "requests.taskType"),
        ([{"content": HELLO, "outputDimensionality": 0}], "requests[0].outputDimensionality"),
    ],
)
def test_what_no_other_dialect_could_be_told_is_refused_by_its_field(requests: list[Any], field: str) -> None:
    _, prompt = batch(*requests)
    with pytest.raises(InvalidRequest) as refused:
        conversation(prompt)
    assert refused.value.details["field"] == field
    assert "MARKER" not in refused.value.message


words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@UNKEPT
@given(
    st.builds(
        Embedding,
        st.lists(words, min_size=1, max_size=4).map(tuple),
        st.none() | st.integers(1, 3_072),
        st.sampled_from(["", "CLUSTERING"]),
        st.just("") | words,
    )
)
def test_what_is_written_is_read_as_it_was(asked: Embedding) -> None:
    rendered = written(asked, a_demand(), a_route(), RequestOverrides())
    assert rendered.path == "/models/lab%2Fsmall:batchEmbedContents"
    assert all(request["model"] == "models/lab/small" for request in json.loads(rendered.body)["requests"])
    assert conversation(accept(rendered.body, BATCH, SNAPSHOT)[1]) == asked
    assert rendered.dropped == ()


def test_what_found_no_place_is_named() -> None:
    assert written(Embedding(("a",), user="u", lost=("x",)), a_demand(), a_route(), RequestOverrides()).dropped == (
        "x",
        "user",
    )


@pytest.mark.parametrize(
    "asked", [Embedding(((1, 2),)), Embedding(("a",) * (BATCH_MOST + 1)), Conversation(())], ids=["ids", "many", "chat"]
)
def test_what_google_cannot_carry_is_said(asked: Any) -> None:
    with pytest.raises(Unportable) as unportable:
        written(asked, a_demand(), a_route(), RequestOverrides())
    assert unportable.value.names
