"""Responses requests: facts in the open, words sealed, bytes unchanged on their way to a route that speaks the same."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.core.catalog import Feature
from gateway.core.demand import Demand, Need
from gateway.core.errors import InvalidRequest, ModelNotFound
from gateway.core.operation import COUNT_TOKENS
from gateway.dialects.dialect import Rendered, RequestOverrides
from gateway.dialects.openai_responses.parts import KEPT_TOKENS
from gateway.dialects.openai_responses.request import accept, passed
from gateway.dialects.prompt import PLAIN, Prompt, PromptHead
from gateway.dialects.token_bound import PICTURE_TOKENS
from tests.builders import a_policy, a_route, a_snapshot, an_organisation

SNAPSHOT = a_snapshot(policies=(a_policy("strict"),))
NO_ORDERS = RequestOverrides(pseudonym=str)
COUNT = PromptHead(operation=COUNT_TOKENS)


def accepted(asked: PromptHead = PLAIN, **members: Any) -> tuple[Demand, Prompt]:
    return accept(json.dumps({"model": "small", "input": "hello", **members}).encode(), asked, SNAPSHOT)


def demand(**members: Any) -> Demand:
    return accepted(**members)[0]


def user(*parts: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"role": "user", "content": list(parts)}]


def test_a_plain_request_needs_and_uses_nothing() -> None:
    plain = demand()
    assert (plain.dialect, plain.operation.name, plain.model, plain.pinned) == (
        "openai_responses",
        "chat",
        "small",
        None,
    )
    assert (plain.streaming, plain.choices, plain.output_tokens) == (False, 1, None)
    assert not plain.needs | plain.features
    assert not plain.unlisted + plain.narrowing


def test_the_output_limit_and_the_alias_are_facts() -> None:
    assert demand(max_output_tokens=70).output_tokens == 70
    body = json.dumps({"model": "gpt-9", "input": "hello"}).encode()
    found, _ = accept(body, PLAIN, a_snapshot(redirects={"gpt-*": "small"}))
    assert (found.model, found.alias) == ("small", "gpt-*")


def test_the_input_bound_counts_every_byte_what_must_be_fetched_and_what_is_kept() -> None:
    body = json.dumps({"model": "small", "input": "hello"}).encode()
    assert accept(body, PromptHead(), SNAPSHOT)[0].input_tokens == len(body)
    remote = demand(input=user({"type": "input_image", "image_url": "https://example.test/x.png"}))
    assert remote.input_tokens > PICTURE_TOKENS
    assert demand(previous_response_id="resp_1").input_tokens > KEPT_TOKENS


def test_a_count_is_a_demand_of_its_own() -> None:
    counted, prompt = accepted(COUNT, stream=True, max_output_tokens=7)
    assert (counted.operation.name, counted.streaming, Need.STREAMING in counted.needs) == (
        "count_tokens",
        False,
        False,
    )
    rendered = passed(prompt, counted, a_route(), RequestOverrides(output_limit=9))
    assert rendered.path == "/responses/input_tokens"
    assert "store" not in json.loads(rendered.body)


@pytest.mark.parametrize(
    ("members", "needs"),
    [
        ({"tools": [{"type": "function", "name": "f"}]}, {Need.TOOLS}),
        ({"input": [{"type": "additional_tools", "tools": [{"type": "function", "name": "f"}]}]}, {Need.TOOLS}),
        ({"tools": []}, set()),
        ({"input": user({"type": "input_image", "image_url": "data:image/png;base64,AA=="})}, {Need.VISION}),
        ({"input": user({"type": "input_audio", "input_audio": {"data": "", "format": "wav"}})}, {Need.AUDIO}),
        ({"input": user({"type": "input_file", "file_data": "data:"})}, {Need.DOCUMENTS}),
        (
            {
                "input": [
                    {
                        "type": "computer_call_output",
                        "call_id": "c",
                        "output": {"type": "computer_screenshot", "image_url": "data:image/png;base64,AA=="},
                    }
                ]
            },
            {Need.VISION},
        ),
        ({"text": {"format": {"type": "json_schema", "name": "x", "schema": {}}}}, {Need.STRUCTURED_OUTPUT}),
        ({"text": {"format": {"type": "json_object"}}}, set()),
        ({"reasoning": {"effort": "high"}}, {Need.REASONING}),
        ({"reasoning": {"effort": "none"}}, set()),
        ({"reasoning": {"summary": "auto"}}, set()),
        ({"stream": True}, {Need.STREAMING}),
    ],
)
def test_needs_follow_from_members(members: dict[str, Any], needs: set[Need]) -> None:
    assert demand(**members).needs == needs


STORED, URLS, FILES, UNLISTED = (
    Feature.STORED_RESPONSES,
    Feature.REMOTE_URLS,
    Feature.FILES,
    Feature.UNLISTED,
)


@pytest.mark.parametrize(
    ("members", "features"),
    [
        ({"store": True}, {STORED}),
        ({"store": False}, set()),
        ({"store": None}, set()),
        ({"previous_response_id": "resp_1", "input": None}, {STORED}),
        ({"conversation": {"id": "conv_1"}}, {STORED}),
        ({"prompt": {"id": "pmpt_1"}, "input": None}, {STORED}),
        ({"input": [{"type": "item_reference", "id": "msg_1"}]}, {STORED}),
        ({"input": [{"id": "msg_1"}]}, {STORED}),
        ({"prompt_cache_options": {"mode": "implicit", "comparison_response_id": "resp_1"}}, {STORED}),
        ({"background": True}, {Feature.BACKGROUND}),
        ({"tools": [{"type": "web_search"}]}, {Feature.WEB_SEARCH}),
        ({"tools": [{"type": "web_search_preview_2025_03_11"}]}, {Feature.WEB_SEARCH}),
        ({"tools": [{"type": "file_search", "vector_store_ids": ["vs_1"]}]}, {FILES}),
        ({"input": user({"type": "input_image", "image_url": "https://x.test/"})}, {URLS}),
        ({"input": user({"type": "input_image"})}, {URLS}),
        ({"input": user({"type": "input_image", "image_url": {"url": "data:"}})}, {URLS}),
        ({"input": user({"type": "input_image", "file_id": "file-1"})}, {FILES}),
        ({"input": user({"type": "input_file", "file_url": "https://x.test/a.pdf"})}, {URLS}),
        ({"input": user({"type": "input_file", "file_data": "data:application/pdf;base64,AA=="})}, set()),
        ({"input": user({"type": "input_file", "file_id": "file-1"})}, {FILES}),
        (
            {
                "input": [
                    {
                        "type": "function_call_output",
                        "call_id": "c",
                        "output": [{"type": "input_image", "image_url": "http://x.test/"}],
                    }
                ]
            },
            {URLS},
        ),
        ({"prompt_cache_retention": "24h"}, {Feature.EXPLICIT_CACHE}),
        ({"prompt_cache_retention": "in_memory"}, set()),
        ({"prompt_cache_options": {"mode": "implicit", "ttl": "12h"}}, {Feature.EXPLICIT_CACHE}),
        ({"prompt_cache_options": {"mode": "explicit", "ttl": "30m"}}, set()),
        (
            {"input": user({"type": "input_text", "text": "x", "prompt_cache_breakpoint": {"ttl": "12h"}})},
            {Feature.EXPLICIT_CACHE},
        ),
        ({"input": user({"type": "hologram"})}, {UNLISTED}),
        ({"input": [{"type": "seance"}]}, {UNLISTED}),
        ({"tools": [{"type": "custom", "name": "f"}, {"type": "local_shell"}, {"type": "tool_search"}]}, set()),
        ({"tools": [{"type": "shell", "environment": {"type": "local"}}]}, set()),
        ({"input": [{"type": "shell_call_output", "call_id": "c", "output": [{"stdout": "x"}]}]}, set()),
        ({"client_metadata": {"x": "y"}, "include": ["reasoning.encrypted_content"]}, set()),
    ],
)
def test_what_keeps_state_or_calls_out_is_a_feature(members: dict[str, Any], features: set[Feature]) -> None:
    assert demand(**members).features == features


@pytest.mark.parametrize("name", ["previous_response_id", "conversation", "prompt"])
def test_what_is_kept_may_stand_in_the_place_of_the_input(name: str) -> None:
    assert Feature.STORED_RESPONSES in demand(**{name: "x", "input": None}).features


def test_unlisted_members_and_tools_are_named_only_if_their_names_are_words() -> None:
    tools = [
        {"type": "teleport"},
        {"type": "MARKER x"},
        {"type": "mcp"},
        {"type": "shell"},
        {"type": "namespace", "name": "n", "tools": [{"type": "inner"}, {"type": "function"}]},
    ]
    found = demand(**{"new_feature": 1, "MARKER said\n": 1}, tools=tools)
    assert Feature.UNLISTED in found.features
    assert set(found.unlisted) >= {"new_feature", "tool:teleport", "tool:mcp", "tool:shell", "tool:inner"}
    assert "MARKER" not in str(found.unlisted)


def test_an_operator_may_declare_members_harmless() -> None:
    snapshot = a_snapshot(organisation=an_organisation(harmless=frozenset({"new_feature"})))
    body = json.dumps({"model": "small", "input": "hello", "new_feature": 1}).encode()
    assert accept(body, PromptHead(), snapshot)[0].features == frozenset()


def test_narrowing_comes_from_header_and_body() -> None:
    found, _ = accepted(PromptHead(policy="strict"), provider={"only": ["alpha"]})
    assert [p.name for p in found.narrowing] == ["strict", "request"]


faults: dict[str, dict[str, Any]] = {
    "model": {"model": 7},
    "input": {"input": 7},
    "no input": {"input": None},
    "empty input": {"input": []},
    "instructions": {"instructions": ["MARKER"]},
    "item": {"input": ["MARKER"]},
    "item without type or role": {"input": [{"MARKER": 1}]},
    "type of an item": {"input": [{"type": 7}]},
    "content": {"input": [{"role": "user", "content": 7}]},
    "part": {"input": user({"kind": "MARKER"})},
    "part that is text": {"input": [{"role": "user", "content": ["MARKER"]}]},
    "output": {"input": [{"type": "function_call_output", "call_id": "c"}]},
    "limit": {"max_output_tokens": 0},
    "stream": {"stream": "MARKER"},
    "tools": {"tools": {"MARKER": 1}},
    "tool": {"tools": ["MARKER"]},
    "tools in a namespace": {"tools": [{"type": "namespace", "tools": "MARKER"}]},
    "text": {"text": "MARKER"},
    "reasoning": {"reasoning": "MARKER"},
    "lookalike": {"Input": "MARKER"},
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


def rendered(orders: RequestOverrides = NO_ORDERS, **members: Any) -> Rendered:
    facts, prompt = accepted(**members)
    return passed(prompt, facts, a_route(), orders)


def sent(orders: RequestOverrides = NO_ORDERS, **members: Any) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(rendered(orders, **members).body)
    return body


def test_hosted_tools_without_a_bound_get_the_one_that_their_hold_counts() -> None:
    orders, tools = RequestOverrides(tool_calls=10), [{"type": "web_search"}]
    assert sent(orders, tools=tools)["max_tool_calls"] == 10
    assert sent(orders, tools=tools, max_tool_calls=3)["max_tool_calls"] == 3
    assert "max_tool_calls" not in sent(tools=tools)


def test_only_the_models_name_changes() -> None:
    facts, prompt = accepted(temperature=0.5, store=False)
    original = prompt.unseal().body
    found = passed(prompt, facts, a_route(), NO_ORDERS)
    assert found.body == original.replace(b'"small"', b'"lab/small"')
    assert (found.path, found.headers, found.dropped) == ("/responses", (), ())


def test_the_provider_object_never_travels() -> None:
    assert "provider" not in sent(provider={"only": ["alpha"]})


def test_the_output_limit_that_is_ordered_goes_out() -> None:
    orders = RequestOverrides(output_limit=100, pseudonym=str)
    assert sent(orders)["max_output_tokens"] == 100
    assert sent(orders, max_output_tokens=700)["max_output_tokens"] == 100
    assert sent(orders, max_output_tokens=None)["max_output_tokens"] == 100


@pytest.mark.parametrize(
    ("store", "goes_out_as"),
    [({}, False), ({"store": None}, False), ({"store": False}, False), ({"store": True}, True)],
)
def test_storing_is_forbidden_unless_it_was_asked_for(store: dict[str, Any], goes_out_as: object) -> None:
    assert sent(**store)["store"] is goes_out_as, "what was asked for, decide has judged"
    assert "store" not in sent(background=True), "a provider refuses to run in the background what it may not keep"


def test_identifiers_go_out_under_pseudonyms_or_not_at_all() -> None:
    known = {"user": "ada", "safety_identifier": "ada", "prompt_cache_key": "k", "client_metadata": {"machine": "m"}}
    hidden = sent(RequestOverrides(pseudonym=lambda name: f"p-{name}"), **known)
    assert (hidden["user"], hidden["safety_identifier"], hidden["prompt_cache_key"]) == ("p-ada", "p-ada", "p-k")
    assert hidden["client_metadata"] == {"machine": "p-m"}
    bare = rendered(RequestOverrides(), **known)
    assert set(bare.dropped) == set(known)
    assert known.keys().isdisjoint(json.loads(bare.body))


def test_thoughts_of_other_dialects_stay_here() -> None:
    own = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAA"}
    foreign = [
        {"type": "reasoning", "id": "rs_2", "summary": [], "encrypted_content": "scsig.anthropic_messages.abc"},
        {"type": "reasoning", "summary": [], "encrypted_content": "redacted.scsig.anthropic_messages.abc"},
        {"type": "reasoning", "id": "rs_foreign_1_0", "summary": [{"type": "summary_text", "text": "hm"}]},
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}], "encrypted_content": None},
    ]
    said = {"role": "user", "content": "go on"}
    found = rendered(input=[own, *foreign, said])
    assert json.loads(found.body)["input"] == [own, said]
    assert found.dropped == ("thought",)
    assert rendered(input=[own, {"type": "reasoning", "id": "rs_3", "summary": []}, said]).dropped == ()


def test_signatures_in_call_ids_stay_here() -> None:
    call = {"type": "function_call", "call_id": "call_1__scsig_c2ln", "name": "f", "arguments": "{}"}
    assert sent(input=[call])["input"][0]["call_id"] == "call_1"
