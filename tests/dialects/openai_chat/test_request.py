"""Chat Completions requests: facts in the open, words sealed, bytes unchanged on their way out."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.core.catalog import Feature
from gateway.core.demand import Demand, Need
from gateway.core.errors import InvalidRequest, ModelNotFound
from gateway.dialects import signatures
from gateway.dialects.dialect import RequestOverrides
from gateway.dialects.openai.stream import wants_usage
from gateway.dialects.openai_chat.request import accept, passed
from gateway.dialects.prompt import PLAIN, Prompt, PromptHead
from gateway.dialects.token_bound import PICTURE_TOKENS
from tests.builders import a_connection, a_policy, a_provider, a_route, a_snapshot, an_organisation

SNAPSHOT = a_snapshot(policies=(a_policy("strict"),))
HELLO = [{"role": "user", "content": "hello"}]
NO_ORDERS = RequestOverrides()


def accepted(header: str = "", **members: Any) -> tuple[Demand, Prompt]:
    return accept(
        json.dumps({"model": "small", "messages": HELLO, **members}).encode(), PromptHead(policy=header), SNAPSHOT
    )


def demand(**members: Any) -> Demand:
    return accepted(**members)[0]


def user(*parts: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"role": "user", "content": list(parts)}]


def test_a_plain_request_needs_and_uses_nothing() -> None:
    plain = demand()
    assert (plain.model, plain.pinned, plain.streaming, plain.choices, plain.output_tokens) == (
        "small",
        None,
        False,
        1,
        None,
    )
    assert not plain.needs
    assert not plain.features
    assert not plain.unlisted
    assert not plain.narrowing


def test_candidates_and_a_least_length_are_counted_but_are_no_choices_of_the_reply() -> None:
    found = demand(n=2, best_of=5, min_tokens=80)
    assert (found.choices, found.candidates, found.least_output) == (2, 5, 80)
    for wrong in ({"best_of": 0}, {"best_of": 129}, {"min_tokens": -1}, {"min_tokens": "80"}):
        with pytest.raises(InvalidRequest):
            demand(**wrong)


def test_the_input_bound_counts_every_byte_and_what_must_be_fetched() -> None:
    body = json.dumps({"model": "small", "messages": HELLO}).encode()
    assert accept(body, PLAIN, SNAPSHOT)[0].input_tokens == len(body)
    remote = demand(messages=user({"type": "image_url", "image_url": {"url": "https://example.test/x.png"}}))
    assert remote.input_tokens > PICTURE_TOKENS


@pytest.mark.parametrize(
    ("members", "needs"),
    [
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, {Need.TOOLS}),
        ({"functions": [{"name": "f"}]}, {Need.TOOLS}),
        ({"tools": []}, set()),
        ({"messages": user({"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}})}, {Need.VISION}),
        ({"messages": user({"type": "input_audio", "input_audio": {"data": "", "format": "wav"}})}, {Need.AUDIO}),
        ({"messages": user({"type": "file", "file": {"file_data": "data:"}})}, {Need.DOCUMENTS}),
        ({"response_format": {"type": "json_schema", "json_schema": {}}}, {Need.STRUCTURED_OUTPUT}),
        ({"response_format": {"type": "json_object"}}, set()),
        ({"reasoning_effort": "high"}, {Need.REASONING}),
        ({"reasoning_effort": "none"}, set()),
        ({"stream": True}, {Need.STREAMING}),
    ],
)
def test_needs_follow_from_members(members: dict[str, Any], needs: set[Need]) -> None:
    assert demand(**members).needs == needs


@pytest.mark.parametrize(
    ("members", "features"),
    [
        ({"store": True}, {Feature.STORED_RESPONSES}),
        ({"store": False}, set()),
        ({"web_search_options": {}}, {Feature.WEB_SEARCH}),
        ({"tools": [{"type": "web_search_preview"}]}, {Feature.WEB_SEARCH}),
        ({"messages": user({"type": "image_url", "image_url": {"url": "https://x.test/"}})}, {Feature.REMOTE_URLS}),
        ({"messages": user({"type": "image_url", "image_url": "https://x.test/"})}, {Feature.REMOTE_URLS}),
        ({"messages": user({"type": "image_url"})}, {Feature.REMOTE_URLS}),
        ({"messages": user({"type": "file", "file": {"file_id": "f"}})}, {Feature.FILES}),
        ({"prompt_cache_retention": "24h"}, {Feature.EXPLICIT_CACHE}),
        ({"prompt_cache_retention": "in_memory"}, set()),
        ({"messages": user({"type": "hologram"})}, {Feature.UNLISTED}),
    ],
)
def test_what_keeps_state_or_calls_out_is_a_feature(members: dict[str, Any], features: set[Feature]) -> None:
    assert demand(**members).features == features


def test_unlisted_members_and_tools_are_named_only_if_their_names_are_words() -> None:
    found = demand(**{"new_feature": 1, "MARKER said\n": 1}, tools=[{"type": "teleport"}, {"type": "MARKER x"}])
    assert Feature.UNLISTED in found.features
    assert set(found.unlisted) >= {"new_feature", "tool:teleport"}
    assert "MARKER" not in str(found.unlisted)


def test_an_operator_may_declare_members_harmless() -> None:
    snapshot = a_snapshot(organisation=an_organisation(harmless=frozenset({"new_feature"})))
    body = json.dumps({"model": "small", "messages": HELLO, "new_feature": 1}).encode()
    assert accept(body, PLAIN, snapshot)[0].features == frozenset()


def test_narrowing_comes_from_header_and_body() -> None:
    assert [p.name for p in accepted("strict", provider={"only": ["alpha"]})[0].narrowing] == ["strict", "request"]


faults: dict[str, dict[str, Any]] = {
    "model": {"model": 7},
    "model that is empty": {"model": ""},
    "messages": {"messages": "MARKER"},
    "no messages": {"messages": []},
    "role": {"messages": [{"role": "MARKER", "content": "x"}]},
    "message": {"messages": ["MARKER"]},
    "content": {"messages": [{"role": "user", "content": 7}]},
    "part": {"messages": user({"kind": "MARKER"})},
    "n": {"n": 129},
    "n that is true": {"n": True},
    "limit": {"max_tokens": 0},
    "stream": {"stream": "MARKER"},
    "tools": {"tools": {"MARKER": 1}},
    "lookalike": {"Model": "MARKER"},
}


@pytest.mark.parametrize("members", faults.values(), ids=faults.keys())
def test_faults_name_the_field_and_never_its_value(members: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest) as refused:
        accepted(**members)
    assert "MARKER" not in refused.value.message + str(refused.value.details)
    assert refused.value.details["field"]


def test_an_unknown_model_gets_near_names() -> None:
    with pytest.raises(ModelNotFound) as missing:
        accepted(model="alpha/smal")
    assert missing.value.details["near"] == ["small"]
    assert "smal," not in missing.value.message


def rendered(
    orders: RequestOverrides = NO_ORDERS, connection: dict[str, Any] | None = None, **members: Any
) -> dict[str, Any]:
    facts, prompt = accepted(**members)
    route = a_route(a_provider(connection=a_connection(**(connection or {}))))
    body: dict[str, Any] = json.loads(passed(prompt, facts, route, orders).body)
    return body


def test_only_the_models_name_changes() -> None:
    facts, prompt = accepted(temperature=0.5)
    original = prompt.unseal().body
    sent = passed(prompt, facts, a_route(), NO_ORDERS)
    assert sent.body == original.replace(b'"small"', b'"lab/small"')
    assert (sent.path, sent.headers, sent.dropped) == ("/chat/completions", (), ())


def test_the_provider_object_never_travels() -> None:
    assert "provider" not in rendered(provider={"only": ["alpha"]})


def test_usage_of_streams_is_always_asked_for() -> None:
    assert rendered(stream=True)["stream_options"] == {"include_usage": True}
    assert rendered(stream=True, stream_options={"include_usage": False, "x": 1})["stream_options"] == {
        "include_usage": True,
        "x": 1,
    }
    assert "stream_options" not in rendered(stream=True, connection={"stream_usage": "always"})
    assert "stream_options" not in rendered()


def test_whether_the_client_asked_for_usage_is_remembered() -> None:
    assert wants_usage(accepted(stream_options={"include_usage": True})[1])
    assert not wants_usage(accepted(stream_options={})[1])
    assert not wants_usage(accepted()[1])


def test_the_output_limit_that_is_ordered_goes_out() -> None:
    assert rendered(RequestOverrides(output_limit=100))["max_tokens"] == 100
    assert rendered(RequestOverrides(output_limit=100), max_tokens=700)["max_tokens"] == 100
    both = rendered(RequestOverrides(output_limit=100), max_tokens=700, max_completion_tokens=900)
    assert (both["max_tokens"], both["max_completion_tokens"]) == (100, 100)
    assert rendered(RequestOverrides(output_limit=100), max_tokens=None)["max_tokens"] == 100


def test_the_limits_name_is_the_routes() -> None:
    new = {"output_limit": "max_completion_tokens"}
    assert rendered(connection=new, max_tokens=7)["max_completion_tokens"] == 7
    assert "max_tokens" not in rendered(connection=new, max_tokens=7)
    assert rendered(max_completion_tokens=7)["max_tokens"] == 7
    both = rendered(max_completion_tokens=7, max_tokens=8)
    assert (both["max_completion_tokens"], both["max_tokens"]) == (7, 8)


def test_storing_is_forbidden_where_nothing_may_be_kept() -> None:
    knowing = {"accepts_store": True}
    assert rendered(RequestOverrides(), knowing)["store"] is False
    assert rendered(RequestOverrides(), knowing, store=True)["store"] is True, "decide has judged that"
    assert "store" not in rendered(RequestOverrides())


@pytest.mark.parametrize(("members", "stored"), [({}, False), ({"store": None}, False), ({"store": True}, True)])
def test_null_never_leaves_storing_to_the_account(members: dict[str, Any], stored: bool) -> None:
    assert rendered(NO_ORDERS, {"accepts_store": True}, **members)["store"] is stored
    assert ("store" in rendered(**members)) is stored


USERS: dict[str, Any] = {
    "user": "anna",
    "safety_identifier": "anna",
    "prompt_cache_key": "k",
    "metadata": {"user_id": "anna", "a": "b"},
}


def test_identifiers_go_out_under_pseudonyms() -> None:
    sent = rendered(RequestOverrides(pseudonym=lambda said: f"p-{said}"), **USERS)
    assert {name: sent[name] for name in USERS} == {
        "user": "p-anna",
        "safety_identifier": "p-anna",
        "prompt_cache_key": "p-k",
        "metadata": {"user_id": "p-anna", "a": "b"},
    }


def test_identifiers_that_have_no_pseudonym_stay_here_and_are_named() -> None:
    facts, prompt = accepted(**USERS)
    sent = passed(prompt, facts, a_route(), NO_ORDERS)
    assert b"anna" not in sent.body
    assert json.loads(sent.body)["metadata"] == {"a": "b"}
    assert sent.dropped == ("user", "safety_identifier", "prompt_cache_key", "metadata.user_id")


def test_call_ids_go_back_as_the_provider_made_them() -> None:
    ours = signatures.signed_id("call_1", "signature of another provider")
    call = {"id": ours, "type": "function", "function": {"name": "f", "arguments": "{}"}}
    history = [
        *HELLO,
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": ours, "content": "7"},
    ]
    sent = rendered(messages=history)["messages"]
    assert sent[1]["tool_calls"][0]["id"] == sent[2]["tool_call_id"] == "call_1"


def test_proofs_of_thoughts_that_others_made_stay_here_and_are_named() -> None:
    proof = {"type": "reasoning.text", "text": "hm", "signature": signatures.enveloped("s", "anthropic_messages")}
    history = [*HELLO, {"role": "assistant", "content": "hi", "reasoning_details": [proof]}, *HELLO]
    facts, prompt = accepted(messages=history)
    sent = passed(prompt, facts, a_route(), NO_ORDERS)
    assert json.loads(sent.body)["messages"] == [*HELLO, {"role": "assistant", "content": "hi"}, *HELLO]
    assert sent.dropped == ("thought",)


def test_an_alias_of_the_operators_is_remembered() -> None:
    snapshot = a_snapshot(redirects={"gpt-*": "small"})
    facts, _ = accept(json.dumps({"model": "gpt-9", "messages": HELLO}).encode(), PLAIN, snapshot)
    assert (facts.model, facts.alias) == ("small", "gpt-*")
