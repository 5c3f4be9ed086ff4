"""Messages requests: facts in the open, words sealed, bytes unchanged on their way out."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.core.catalog import Feature
from gateway.core.demand import Demand, Need
from gateway.core.errors import InvalidRequest, ModelNotFound
from gateway.core.operation import COUNT_TOKENS
from gateway.dialects.anthropic_messages.parts import REMOTE_TOKENS
from gateway.dialects.anthropic_messages.request import (
    BETA_HEADER,
    BETAS_MOST,
    KNOWN_BETAS,
    accept,
    beta_headers,
    check_betas,
    passed,
    unlisted_betas,
)
from gateway.dialects.dialect import Rendered, RequestOverrides
from gateway.dialects.prompt import PLAIN, Prompt, PromptHead
from gateway.dialects.signatures import enveloped, signed_id
from gateway.dialects.token_bound import PICTURE_TOKENS
from tests.builders import (
    a_connection,
    a_model,
    a_policy,
    a_provider,
    a_route,
    a_snapshot,
    an_organisation,
    some_abilities,
)

SNAPSHOT = a_snapshot(policies=(a_policy("strict"),))
HELLO = [{"role": "user", "content": "hello"}]
ROUTE = a_route()
NO_ORDERS = RequestOverrides()


def written(**members: Any) -> bytes:
    return json.dumps({"model": "small", "max_tokens": 100, "messages": HELLO, **members}).encode()


def accepted(asked: PromptHead = PLAIN, **members: Any) -> tuple[Demand, Prompt]:
    return accept(written(**members), asked, SNAPSHOT)


def demand(asked: PromptHead = PLAIN, **members: Any) -> Demand:
    return accepted(asked, **members)[0]


def user(*blocks: Any) -> list[dict[str, Any]]:
    return [{"role": "user", "content": list(blocks)}]


def image(**source: Any) -> dict[str, Any]:
    return {"type": "image", "source": source}


PNG = image(type="base64", media_type="image/png", data="AAAA")
PDF = {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "AAAA"}}


def test_a_plain_request_needs_and_uses_nothing() -> None:
    plain = demand()
    assert (plain.dialect, plain.operation.name, plain.model, plain.pinned) == (
        "anthropic_messages",
        "chat",
        "small",
        None,
    )
    assert (plain.streaming, plain.choices, plain.output_tokens) == (False, 1, 100)
    assert [*plain.needs, *plain.features, *plain.unlisted, *plain.narrowing] == []


def test_the_input_bound_counts_bytes_pictures_and_what_must_be_fetched() -> None:
    assert demand().input_tokens == len(written())
    seen: dict[str, Any] = {"messages": user(PNG, image(type="url", url="https://x.test/"))}
    assert demand(**seen).input_tokens == len(written(**seen)) - len("AAAA") + 2 * PICTURE_TOKENS + REMOTE_TOKENS


@pytest.mark.parametrize(
    ("members", "needs"),
    [
        ({"tools": [{"name": "f", "input_schema": {"type": "object"}}]}, {Need.TOOLS}),
        ({"tools": []}, set()),
        ({"messages": user(PNG)}, {Need.VISION}),
        ({"messages": user(PDF)}, {Need.DOCUMENTS}),
        ({"output_config": {"format": {"type": "json_schema", "schema": {}}}}, {Need.STRUCTURED_OUTPUT}),
        ({"output_format": {"type": "json_schema", "schema": {}}}, {Need.STRUCTURED_OUTPUT}),
        ({"output_config": {"effort": "low"}}, set()),
        ({"thinking": {"type": "enabled", "budget_tokens": 2000}}, {Need.REASONING}),
        ({"thinking": {"type": "adaptive"}}, set()),
        ({"thinking": {"type": "disabled"}}, set()),
        ({"stream": True}, {Need.STREAMING}),
    ],
)
def test_needs_follow_from_members(members: dict[str, Any], needs: set[Need]) -> None:
    assert demand(**members).needs == needs


@pytest.mark.parametrize(
    ("members", "features"),
    [
        ({"tools": [{"type": "web_search_20250305", "name": "web_search"}]}, {Feature.WEB_SEARCH}),
        ({"messages": user(image(type="url", url="https://x.test/"))}, {Feature.REMOTE_URLS}),
        ({"mcp_servers": [{"type": "url", "url": "https://x.test/"}]}, {Feature.REMOTE_URLS}),
        ({"mcp_servers": []}, set()),
        ({"messages": user(image(type="file", file_id="f"))}, {Feature.FILES}),
        ({"container": "c"}, {Feature.FILES}),
        ({"system": [{"type": "text", "text": "x", "cache_control": {"ttl": "1h"}}]}, {Feature.EXPLICIT_CACHE}),
        ({"context_management": {"edits": []}, "service_tier": "auto", "metadata": {}}, set()),
        ({"messages": user({"type": "hologram"})}, {Feature.UNLISTED}),
        ({"thread": {"type": "create"}}, {Feature.STORED_RESPONSES}),
        ({"thread": None}, set()),
        ({"inference_geo": "global"}, {Feature.INFERENCE_PLACE}),
    ],
)
def test_what_keeps_state_or_calls_out_is_a_feature(members: dict[str, Any], features: set[Feature]) -> None:
    assert demand(**members).features == features


def test_unlisted_members_tools_blocks_and_betas_are_named_only_if_their_names_are_words() -> None:
    found = demand(
        PromptHead(betas=("message-telepathy-2027-01-01", "MARKER", "claude-code-20250219")),
        **{"new_feature": 1, "MARKER said\n": 1},
        tools=[{"type": "teleport_20270101"}, {"type": "MARKER x"}],
        messages=user({"type": "hologram"}),
    )
    assert found.features == {Feature.UNLISTED}
    assert {"new_feature", "tool:teleport_20270101", "block:hologram"} <= set(found.unlisted)
    assert "beta:message-telepathy-2027-01-01" in found.unlisted
    assert "MARKER" not in str(found.unlisted)
    assert "claude-code" not in str(found.unlisted)


def test_an_operator_may_declare_members_and_betas_harmless() -> None:
    harmless = frozenset({"new_feature", "message-telepathy-2027-01-01"})
    snapshot = a_snapshot(organisation=an_organisation(harmless=harmless))
    asked = PromptHead(betas=("message-telepathy-2027-01-01",))
    assert accept(written(new_feature=1), asked, snapshot)[0].features == frozenset()


def test_narrowing_comes_from_header_and_body() -> None:
    found = demand(PromptHead(policy="strict"), provider={"only": ["alpha"]})
    assert [policy.name for policy in found.narrowing] == ["strict", "request"]


def test_a_count_is_never_a_stream() -> None:
    found = demand(PromptHead(operation=COUNT_TOKENS), stream=True)
    assert (found.operation.name, found.streaming, found.needs) == ("count_tokens", False, frozenset())


def test_other_names_and_pins_are_resolved() -> None:
    assert demand(model="alpha/small").pinned == "alpha"
    redirected = accept(written(model="claude-haiku-9"), PLAIN, a_snapshot(redirects={"claude-*": "small"}))[0]
    assert (redirected.model, redirected.alias) == ("small", "claude-*")


def test_an_unknown_model_gets_near_names() -> None:
    with pytest.raises(ModelNotFound) as missing:
        demand(model="alpha/smal")
    assert missing.value.details["near"] == ["small"]


@pytest.mark.parametrize(
    "members",
    [
        {"model": 7},
        {"messages": "MARKER"},
        {"max_tokens": -1},
        {"max_tokens": "MARKER"},
        {"stream": "MARKER"},
        {"thinking": "MARKER"},
        {"output_config": ["MARKER"]},
        {"mcp_servers": "MARKER"},
        {"Model": "MARKER"},
    ],
)
def test_faults_name_the_field_and_never_its_value(members: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest) as refused:
        demand(**members)
    assert "MARKER" not in refused.value.message + str(refused.value.details)
    assert refused.value.details["field"]


@pytest.mark.parametrize(
    ("asked", "header"),
    [(PromptHead(version="2024-MARKER"), "anthropic-version"), (PromptHead(betas=("MARKER x",)), "anthropic-beta")],
)
def test_unknown_versions_and_strange_betas_are_refused_by_the_headers_name(asked: PromptHead, header: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        demand(asked)
    assert refused.value.details["header"] == header
    assert "MARKER" not in refused.value.message + str(refused.value.details)


# --- on to a route of the same dialect --------------------------------------------------------------------------------


def rendered(orders: RequestOverrides = NO_ORDERS, asked: PromptHead = PLAIN, **members: Any) -> Rendered:
    facts, prompt = accepted(asked, **members)
    return passed(prompt, facts, ROUTE, orders)


def body(orders: RequestOverrides = NO_ORDERS, **members: Any) -> Any:
    return json.loads(rendered(orders, **members).body)


def test_searches_without_a_bound_get_the_one_that_their_hold_counts() -> None:
    free, bounded = {"type": "web_search_20250305", "name": "web_search"}, {"name": "f", "input_schema": {}}
    few = {**free, "max_uses": 3}
    orders = RequestOverrides(tool_calls=10)
    assert body(orders, tools=[free, bounded])["tools"] == [{**free, "max_uses": 10}, bounded]
    assert body(orders, tools=[few])["tools"] == [few]
    assert body(tools=[free])["tools"] == [free]
    assert "tools" not in body(orders)


def test_only_the_models_name_changes() -> None:
    raw = b'{ "model" : "small","max_tokens":9, "messages":[{"role":"user","content":"\\u00e9 1.0"}], "new":1.50 }'
    facts, prompt = accept(raw, PLAIN, SNAPSHOT)
    out = passed(prompt, facts, ROUTE, NO_ORDERS)
    assert out.body == raw.replace(b'"small"', b'"lab/small"')
    assert (out.path, out.dropped) == ("/messages", ())


def test_our_own_narrowing_stays_here() -> None:
    assert "provider" not in body(provider={"only": ["alpha"]})


def test_the_version_travels_and_the_first_is_said_where_none_is() -> None:
    assert rendered().headers == (("anthropic-version", "2023-06-01"),)
    assert rendered(asked=PromptHead(version="2026-10-21")).headers == (("anthropic-version", "2026-10-21"),)


def test_betas_travel_with_the_request_that_was_admitted() -> None:
    asked = PromptHead(betas=("claude-code-20250219", "message-telepathy-2027-01-01", "oauth-2025-04-20"))
    assert rendered(asked=asked).headers[1:] == (
        ("anthropic-beta", "claude-code-20250219,message-telepathy-2027-01-01"),
    )


def test_a_missing_limit_is_stated_since_the_api_demands_one() -> None:
    raw = json.dumps({"model": "small", "messages": HELLO}).encode()

    def limit(route: Any, orders: RequestOverrides = NO_ORDERS) -> int:
        facts, prompt = accept(raw, PLAIN, SNAPSHOT)
        found: int = json.loads(passed(prompt, facts, route, orders).body)["max_tokens"]
        return found

    assert limit(ROUTE) == 8_192
    assert limit(a_route(model=a_model(abilities=some_abilities(max_output=4_096)))) == 4_096
    assert limit(ROUTE, RequestOverrides(output_limit=77)) == 77


def test_a_stated_limit_stays_unless_another_is_ordered() -> None:
    assert body()["max_tokens"] == 100
    assert body(RequestOverrides(output_limit=77))["max_tokens"] == 77
    assert body(max_tokens=0)["max_tokens"] == 0


def test_a_count_goes_to_its_own_path_and_needs_no_limit() -> None:
    raw = json.dumps({"model": "small", "messages": HELLO}).encode()
    facts, prompt = accept(raw, PromptHead(operation=COUNT_TOKENS), SNAPSHOT)
    out = passed(prompt, facts, ROUTE, RequestOverrides(output_limit=7))
    assert (out.path, out.body) == ("/messages/count_tokens", raw.replace(b'"small"', b'"lab/small"'))


def test_identifiers_are_replaced_or_left_out_and_named() -> None:
    members: dict[str, Any] = {"metadata": {"user_id": "device-1"}}
    assert body(RequestOverrides(pseudonym=lambda said: "p" + said), **members)["metadata"] == {"user_id": "pdevice-1"}
    gone = rendered(**members)
    assert "metadata" not in json.loads(gone.body)
    assert gone.dropped == ("metadata.user_id",)


BILL = {"type": "text", "text": "x-anthropic-billing-header: cc_version=2.1; cch=fa690;"}
RULES = {"type": "text", "text": "be kind", "cache_control": {"type": "ephemeral"}}


def test_what_claude_code_says_of_itself_stays_here() -> None:
    assert body(system=[BILL, RULES])["system"] == [RULES]
    assert "system" not in body(system=[BILL])
    assert body(system="x-anthropic-billing-header: said by somebody")["system"]


CALLED = {"type": "tool_use", "id": "t", "name": "f", "input": {}}
ANSWERED = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": "ok"}]}
WITHIN = {"type": "enabled", "budget_tokens": 1_024}


@pytest.mark.parametrize("foreign", [[], [{"type": "thinking", "thinking": "hm", "signature": enveloped("s", "x")}]])
def test_an_answer_of_others_is_continued_without_thinking(foreign: list[Any]) -> None:
    turns = [*HELLO, {"role": "assistant", "content": [*foreign, CALLED]}, ANSWERED]
    out = rendered(thinking=WITHIN, messages=turns)
    assert json.loads(out.body)["thinking"] == {"type": "disabled"}
    assert out.dropped == (*["thought"][: len(foreign)], "reasoning")
    own = {"type": "thinking", "thinking": "hm", "signature": "EqQB"}
    proved = [*HELLO, {"role": "assistant", "content": [own, CALLED]}, ANSWERED]
    assert body(thinking=WITHIN, messages=proved)["thinking"] == WITHIN
    assert body(thinking={"type": "adaptive"}, messages=turns)["thinking"] == {"type": "adaptive"}


@pytest.mark.parametrize(
    ("budget", "limit", "thinking", "dropped"),
    [
        (6_000, 8_000, {"type": "enabled", "budget_tokens": 6_000}, ()),
        (16_000, 8_000, {"type": "enabled", "budget_tokens": 4_000}, ("reasoning_budget",)),
        (8_000, 8_000, {"type": "enabled", "budget_tokens": 4_000}, ("reasoning_budget",)),
        (16_000, 1_500, {"type": "enabled", "budget_tokens": 1_024}, ("reasoning_budget",)),
        (16_000, 1_024, {"type": "disabled"}, ("reasoning",)),
    ],
)
def test_a_budget_for_thinking_fits_below_a_limit_that_is_lowered(
    budget: int, limit: int, thinking: dict[str, Any], dropped: tuple[str, ...]
) -> None:
    stated = {"type": "enabled", "budget_tokens": budget}
    out = rendered(RequestOverrides(output_limit=limit), max_tokens=32_000, thinking=stated)
    sent = json.loads(out.body)
    assert (sent["max_tokens"], sent["thinking"], out.dropped) == (limit, thinking, dropped)
    assert body(max_tokens=100, thinking=stated)["thinking"] == stated, "the client's own contradiction is its own"


def test_what_is_to_become_of_thoughts_is_not_said_where_there_are_none() -> None:
    turns = [*HELLO, {"role": "assistant", "content": [CALLED]}, ANSWERED]
    thoughts, results = {"type": "clear_thinking_20251015", "keep": "all"}, {"type": "clear_tool_uses_20250919"}
    for edits, kept in (([thoughts], None), ([thoughts, results], [results]), ([results], [results])):
        sent = body(thinking=WITHIN, messages=turns, context_management={"edits": edits})
        assert sent.get("context_management", {}).get("edits") == kept


def test_thoughts_that_others_signed_stay_here_and_are_named() -> None:
    foreign = {"type": "thinking", "thinking": "hm", "signature": enveloped("s", "google_generate")}
    said = {"type": "text", "text": "hi"}
    turns = [*HELLO, {"role": "assistant", "content": [foreign, said]}, *HELLO]
    out = rendered(messages=turns)
    assert json.loads(out.body)["messages"][1]["content"] == [said]
    assert out.dropped == ("thought",)


def test_signatures_inside_call_ids_stay_here() -> None:
    call = {"type": "tool_use", "id": signed_id("toolu_1", "secret"), "name": "f", "input": {}}
    result = {"type": "tool_result", "tool_use_id": signed_id("toolu_1", "secret"), "content": "x"}
    turns = body(messages=[*HELLO, {"role": "assistant", "content": [call]}, *user(result)])["messages"]
    assert (turns[1]["content"][0]["id"], turns[2]["content"][0]["tool_use_id"]) == ("toolu_1", "toolu_1")


@pytest.mark.parametrize(
    "betas", [[f"beta-{n}" for n in range(BETAS_MOST + 1)], ["a b"], ["a\r\nx-api-key: y"], ["é"], [""]]
)
def test_too_many_tokens_or_what_is_none_is_refused_without_repeating_it(betas: list[str]) -> None:
    with pytest.raises(InvalidRequest) as refused:
        check_betas(betas)
    assert refused.value.details == {"header": BETA_HEADER}


def test_what_agents_send_is_known() -> None:
    sent = ["claude-code-20250219", "interleaved-thinking-2025-05-14", "context-management-2025-06-27"]
    check_betas(sent)
    assert set(sent) <= KNOWN_BETAS
    assert list(unlisted_betas(sent, frozenset())) == []


def test_a_beta_that_no_table_lists_is_named_by_its_dated_name_alone() -> None:
    named = list(unlisted_betas(["message-telepathy-2027-01-01", "MARKER", "hello"], frozenset({"hello"})))
    assert named == ["beta:message-telepathy-2027-01-01", "(a beta whose name is not a plain word)"]


def test_betas_travel_once_and_without_those_of_the_clients_key() -> None:
    sent = ["oauth-2025-04-20", "b-2026-01-01", "a-2026-01-01", "b-2026-01-01"]
    assert list(unlisted_betas(sent[:1], frozenset())) == []
    assert beta_headers(sent) == ((BETA_HEADER, "b-2026-01-01,a-2026-01-01"),)
    assert beta_headers(sent[:1]) == ()


@pytest.mark.parametrize(("named", "dropped"), [(None, ()), ("us", ()), ("global", ("inference_geo",))])
def test_the_records_place_is_sent_whatever_the_client_names(named: str | None, dropped: tuple[str, ...]) -> None:
    american = a_route(a_provider(connection=a_connection(sends={"inference_geo": "us"})))
    facts, prompt = accepted(inference_geo=named)
    out = passed(prompt, facts, american, NO_ORDERS)
    assert json.loads(out.body)["inference_geo"] == "us"
    assert out.dropped == dropped
