"""Requests: facts in the open, words sealed, bytes unchanged on their way out."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from gateway.core.catalog import Feature
from gateway.core.demand import Demand, Need
from gateway.core.errors import InvalidRequest, ModelNotFound
from gateway.core.operation import CHAT, COUNT_TOKENS
from gateway.dialects import signatures
from gateway.dialects.dialect import Rendered, RequestOverrides
from gateway.dialects.google.content import CONTEXT_TOKENS
from gateway.dialects.google_generate.request import accept, asked_for, passed, path
from gateway.dialects.google_generate.signatures import UNSIGNED, closed
from gateway.dialects.google_generate.survey import COUNTED
from gateway.dialects.prompt import Prompt, PromptHead
from tests.builders import a_connection, a_policy, a_provider, a_route, a_snapshot, an_organisation

SNAPSHOT = a_snapshot(policies=(a_policy("strict"),))
HELLO = [{"role": "user", "parts": [{"text": "hello"}]}]
ASKED = PromptHead(model="small", verb="generateContent")
STREAM = replace(ASKED, streaming=True, verb="streamGenerateContent")
COUNT = PromptHead(operation=COUNT_TOKENS, model="small", verb="countTokens")
NO_ORDERS = RequestOverrides()


def accepted(asked: PromptHead = ASKED, **members: Any) -> tuple[Demand, Prompt]:
    return accept(json.dumps({"contents": HELLO, **members}).encode(), asked, SNAPSHOT)


def demand(asked: PromptHead = ASKED, **members: Any) -> Demand:
    return accepted(asked, **members)[0]


def configured(**config: Any) -> Demand:
    return demand(generationConfig=config)


def sent(orders: RequestOverrides = NO_ORDERS, asked: PromptHead = ASKED, **members: Any) -> Rendered:
    facts, prompt = accepted(asked, **members)
    return passed(prompt, facts, a_route(), orders)


def body(orders: RequestOverrides = NO_ORDERS, asked: PromptHead = ASKED, **members: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(sent(orders, asked, **members).body)
    return found


def test_a_plain_request_needs_and_uses_nothing() -> None:
    plain = demand()
    assert (plain.dialect, plain.operation.name, plain.model, plain.pinned) == (
        "google_generate",
        "chat",
        "small",
        None,
    )
    assert (plain.streaming, plain.choices, plain.output_tokens) == (False, 1, None)
    assert not plain.needs
    assert not plain.features
    assert not plain.unlisted
    assert not plain.narrowing


@pytest.mark.parametrize("name", ["small", "models/small", "alpha/small", "models/alpha/small"])
def test_the_path_names_the_model(name: str) -> None:
    assert demand(replace(ASKED, model=name)).model == "small"


def test_an_unknown_model_gets_near_names() -> None:
    with pytest.raises(ModelNotFound) as missing:
        demand(replace(ASKED, model="smal"))
    assert missing.value.details["near"] == ["small"]


def test_the_input_bound_counts_every_byte_and_what_must_be_fetched() -> None:
    plain = json.dumps({"contents": HELLO}).encode()
    assert accept(plain, ASKED, SNAPSHOT)[0].input_tokens == len(plain)
    assert demand(cachedContent="cachedContents/1").input_tokens > CONTEXT_TOKENS


@pytest.mark.parametrize("spelt", ["maxOutputTokens", "max_output_tokens"])
def test_limits_are_read_in_both_spellings(spelt: str) -> None:
    assert configured(**{spelt: 7}).output_tokens == 7
    assert demand(generation_config={"candidate_count": 2}).choices == 2


@pytest.mark.parametrize(
    ("config", "needs"),
    [
        ({"responseSchema": {"type": "OBJECT"}}, {Need.STRUCTURED_OUTPUT}),
        ({"response_json_schema": {}}, {Need.STRUCTURED_OUTPUT}),
        ({"responseMimeType": "application/json"}, set()),
        ({"thinkingConfig": {"thinkingLevel": "high"}}, {Need.REASONING}),
        ({"thinkingConfig": {"thinkingLevel": "MINIMAL"}}, set()),
        ({"thinkingConfig": {"thinkingBudget": 1024}}, {Need.REASONING}),
        ({"thinkingConfig": {"thinkingBudget": -1, "includeThoughts": True}}, set()),
        ({"thinkingConfig": {"thinkingBudget": 0}}, set()),
    ],
)
def test_needs_follow_from_the_configuration(config: dict[str, Any], needs: set[Need]) -> None:
    assert configured(**config).needs == needs


def test_needs_follow_from_parts_tools_and_the_path() -> None:
    picture = {"inlineData": {"mimeType": "image/png", "data": "AA=="}}
    found = demand(STREAM, contents=[{"parts": picture}], tools={"functionDeclarations": []})
    assert found.needs == {Need.VISION, Need.TOOLS, Need.STREAMING}
    assert found.streaming


@pytest.mark.parametrize(
    ("members", "features"),
    [
        ({"store": True}, {Feature.STORED_RESPONSES}),
        ({"store": False}, set()),
        ({"cached_content": "cachedContents/1"}, {Feature.EXPLICIT_CACHE}),
        ({"tools": [{"googleSearch": {}}]}, {Feature.WEB_SEARCH}),
        ({"tools": [{"codeExecution": {}}]}, {Feature.UNLISTED}),
        ({"safetySettings": [], "labels": {"a": "b"}, "serviceTier": "flex"}, set()),
    ],
)
def test_what_keeps_state_or_calls_out_is_a_feature(members: dict[str, Any], features: set[Feature]) -> None:
    assert demand(**members).features == features


def test_unlisted_members_are_named_only_if_their_names_are_words() -> None:
    strange: dict[str, Any] = {"new_thing": 1, "MARKER said": 1, "tool_config": {"y": 1}}
    found = demand(generationConfig={"routingConfig": {}, "MARKER x": 1}, **strange)
    assert found.features == {Feature.UNLISTED}
    assert set(found.unlisted) >= {"newThing", "generationConfig.routingConfig", "toolConfig.y"}
    assert len(found.unlisted) == 4
    assert "MARKER" not in str(found.unlisted)


def test_an_operator_may_declare_members_harmless() -> None:
    harmless = frozenset({"newThing", "generationConfig.routingConfig", "tool:codeExecution"})
    snapshot = a_snapshot(organisation=an_organisation(harmless=harmless))
    asked = {
        "contents": HELLO,
        "newThing": 1,
        "generationConfig": {"routingConfig": {}},
        "tools": [{"codeExecution": {}}],
    }
    assert accept(json.dumps(asked).encode(), ASKED, snapshot)[0].features == frozenset()


def test_narrowing_comes_from_header_and_body() -> None:
    found = demand(replace(ASKED, policy="strict"), provider={"only": ["alpha"]})
    assert [policy.name for policy in found.narrowing] == ["strict", "request"]


FAULTS: dict[str, dict[str, Any]] = {
    "contents": {"contents": "MARKER"},
    "no contents": {"contents": []},
    "role": {"contents": [{"role": "MARKER"}]},
    "limit": {"generationConfig": {"maxOutputTokens": "MARKER"}},
    "candidates": {"generationConfig": {"candidateCount": 9}},
    "configuration": {"generationConfig": "MARKER"},
    "two spellings": {"generationConfig": {}, "generation_config": {}},
    "store": {"store": "MARKER"},
    "lookalike": {"Contents": "MARKER"},
    "lookalike in snake case": {"Generation_Config": "MARKER"},
}


@pytest.mark.parametrize("members", FAULTS.values(), ids=FAULTS)
def test_faults_name_the_field_and_never_its_value(members: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest) as refused:
        demand(**members)
    assert "MARKER" not in refused.value.message + str(refused.value.details)
    assert refused.value.details["field"]


def test_only_the_address_changes() -> None:
    facts, prompt = accepted(generation_config={"temperature": 0.50, "topK": 40.0})
    rendered = passed(prompt, facts, a_route(), NO_ORDERS)
    assert rendered.body == prompt.unseal().body
    assert rendered.path == "/models/lab%2Fsmall:generateContent"
    assert rendered.headers == ()


@pytest.mark.parametrize("framing", ["events", "array"])
def test_a_stream_is_always_asked_for_as_events(framing: Any) -> None:
    rendered = sent(asked=replace(STREAM, framing=framing))
    assert rendered.path == "/models/lab%2Fsmall:streamGenerateContent?alt=sse"


def test_a_model_named_in_the_body_is_the_routes() -> None:
    assert body(model="models/small")["model"] == "models/lab/small"


def test_the_provider_object_never_travels() -> None:
    assert body(provider={"only": ["alpha"]}) == {"contents": HELLO}


@pytest.mark.parametrize(
    ("given", "config"),
    [
        ({}, {"generationConfig": {"maxOutputTokens": 100}}),
        ({"generationConfig": None}, {"generationConfig": {"maxOutputTokens": 100}}),
        ({"generationConfig": {}}, {"generationConfig": {"maxOutputTokens": 100}}),
        ({"generation_config": {"topP": 1}}, {"generation_config": {"topP": 1, "maxOutputTokens": 100}}),
        ({"generationConfig": {"max_output_tokens": None}}, {"generationConfig": {"max_output_tokens": 100}}),
        ({"generationConfig": {"maxOutputTokens": 700}}, {"generationConfig": {"maxOutputTokens": 100}}),
    ],
)
def test_the_output_limit_that_is_ordered_goes_out(given: dict[str, Any], config: dict[str, Any]) -> None:
    assert body(RequestOverrides(output_limit=100), **given) == {"contents": HELLO, **config}


@pytest.mark.parametrize(
    ("members", "stored"),
    [({}, False), ({"store": None}, False), ({"store": False}, False), ({"store": True}, True)],
)
def test_a_provider_that_knows_the_member_stores_only_what_the_client_asks_for(
    members: dict[str, Any], stored: bool
) -> None:
    facts, prompt = accepted(**members)
    knowing = a_route(a_provider(connection=a_connection(dialect="google_generate", accepts_store=True)))
    assert json.loads(passed(prompt, facts, knowing, NO_ORDERS).body)["store"] is stored


@pytest.mark.parametrize("store", [None, False])
def test_a_provider_that_does_not_know_the_member_is_told_nothing_of_storing(store: bool | None) -> None:
    assert "store" not in body(store=store)


def test_what_other_dialects_signed_does_not_travel() -> None:
    foreign, _ = closed(signatures.enveloped("s", "anthropic_messages"))
    call = {"functionCall": {"name": "f", "args": {}}}
    thought = {"text": "hm", "thought": True, "thoughtSignature": foreign}
    contents = [*HELLO, {"role": "model", "parts": [thought, {**call, "thoughtSignature": foreign}]}]
    rendered = sent(contents=contents)
    told = json.loads(rendered.body)["contents"]
    assert told == [*HELLO, {"role": "model", "parts": [{**call, "thoughtSignature": UNSIGNED}]}]
    assert rendered.dropped == ("thought",)


def test_a_count_goes_to_the_counting_address() -> None:
    facts, prompt = accepted(COUNT)
    assert (facts.operation.name, facts.streaming) == ("count_tokens", False)
    rendered = passed(prompt, facts, a_route(), RequestOverrides(output_limit=7))
    assert rendered.path == "/models/lab%2Fsmall:countTokens"


@pytest.mark.parametrize("holder", [COUNTED, "generate_content_request"])
def test_a_count_may_hold_a_whole_request(holder: str) -> None:
    asked = {"model": "models/small", "contents": HELLO, "tools": [{"googleSearch": {}}]}
    facts, prompt = accept(json.dumps({holder: asked, "provider": {}}).encode(), COUNT, SNAPSHOT)
    assert facts.features == {Feature.WEB_SEARCH}
    assert asked_for(prompt.unseal(), COUNT).where == COUNTED
    rendered = passed(prompt, facts, a_route(), NO_ORDERS)
    assert json.loads(rendered.body) == {holder: {**asked, "model": "models/lab/small"}}


def test_a_count_has_contents_in_one_place() -> None:
    with pytest.raises(InvalidRequest):
        demand(COUNT, **{COUNTED: {"contents": HELLO}})
    with pytest.raises(InvalidRequest) as refused:
        accept(json.dumps({COUNTED: {"contents": []}}).encode(), COUNT, SNAPSHOT)
    assert refused.value.details["field"] == f"{COUNTED}.contents"


def test_addresses_are_quoted() -> None:
    assert path("a b:1", operation=CHAT, streaming=False) == "/models/a%20b%3A1:generateContent"
