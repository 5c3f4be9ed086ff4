"""Messages inside the requests of clouds."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from gateway.core.catalog import Route
from gateway.core.operation import CHAT, COUNT_TOKENS
from gateway.dialects.anthropic_messages.carriers import CARRIERS, carrier_of
from gateway.dialects.anthropic_messages.encode import written
from gateway.dialects.anthropic_messages.request import accept, passed
from gateway.dialects.dialect import Rendered, RequestOverrides
from gateway.dialects.neutral import Conversation, Role, Text, Turn
from gateway.dialects.prompt import PromptHead
from tests.builders import a_connection, a_provider, a_route, a_snapshot

SNAPSHOT = a_snapshot()
ID = "eu.anthropic.claude-haiku-4-5-20251001-v1:0"


def a_carried_route(carrier: str = "bedrock_invoke") -> Route:
    connection = a_connection(dialect="anthropic_messages", carriers={"anthropic_messages": carrier})
    return replace(a_route(a_provider("alpha", connection=connection)), upstream_model=ID)


def sent(route: Route, *betas: str, **members: Any) -> tuple[Rendered, dict[str, Any]]:
    body = {"model": "small", "max_tokens": 9, "messages": [{"role": "user", "content": "hello"}], **members}
    asked = PromptHead(version="2026-10-21", betas=betas)
    demand, prompt = accept(json.dumps(body).encode(), asked, SNAPSHOT)
    rendered = passed(prompt, demand, route, RequestOverrides())
    return rendered, json.loads(rendered.body)


def test_bedrock_has_model_and_stream_in_the_path_and_version_and_betas_in_the_body() -> None:
    rendered, body = sent(a_carried_route(), "interleaved-thinking-2025-05-14", stream=True)
    assert rendered.path == "/model/eu.anthropic.claude-haiku-4-5-20251001-v1%3A0/invoke-with-response-stream"
    assert body == {
        "max_tokens": 9,
        "messages": [{"role": "user", "content": "hello"}],
        "anthropic_version": "bedrock-2023-05-31",
        "anthropic_beta": ["interleaved-thinking-2025-05-14"],
    }
    assert (rendered.headers, rendered.dropped) == ((), ())
    assert sent(a_carried_route())[0].path.endswith("%3A0/invoke")


def test_what_bedrock_refuses_is_dropped_and_named() -> None:
    rendered, body = sent(a_carried_route(), "files-api-2025-04-14", service_tier="auto")
    assert body.keys() == {"max_tokens", "messages", "anthropic_version"}
    assert rendered.dropped == ("service_tier", "anthropic_beta")


def test_vertex_keeps_stream_in_the_body_and_betas_in_their_header() -> None:
    rendered, body = sent(a_carried_route("vertex_raw_predict"), "files-api-2025-04-14", stream=True)
    assert rendered.path == "/models/eu.anthropic.claude-haiku-4-5-20251001-v1%3A0:streamRawPredict"
    assert body["stream"] is True
    assert body["anthropic_version"] == "vertex-2023-10-16"
    assert "model" not in body
    assert rendered.headers == (("anthropic-beta", "files-api-2025-04-14"),)


@pytest.mark.parametrize("streaming", [True, False])
def test_a_request_of_another_dialect_is_carried_too(streaming: bool) -> None:
    asked = Conversation((Turn(Role.USER, (Text("hello"),)),), streaming=streaming, tier="default")
    demand, _ = accept(b'{"model":"small","max_tokens":9,"messages":[{"role":"user"}]}', PromptHead(), SNAPSHOT)
    rendered = written(asked, demand, a_carried_route(), RequestOverrides())
    body = json.loads(rendered.body)
    assert body.keys() == {"max_tokens", "messages", "anthropic_version"}
    assert rendered.path.endswith("invoke-with-response-stream" if streaming else "/invoke")
    assert rendered.headers == ()
    assert "service_tier" in rendered.dropped


def test_a_route_of_a_record_without_a_carrier_has_none() -> None:
    assert carrier_of(a_route()) is None
    assert carrier_of(a_carried_route()) is CARRIERS["bedrock_invoke"]


def test_tokens_are_not_counted_where_the_dialect_is_carried() -> None:
    assert a_carried_route().wire("anthropic_messages", CHAT) == "anthropic_messages"
    assert a_carried_route().wire("anthropic_messages", COUNT_TOKENS) == ""
