"""The bound of a request's input: whatever a provider could count, it is not more."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.snapshot import Snapshot
from gateway.dialects.prompt import PromptHead
from gateway.dialects.registry import REGISTRY
from gateway.dialects.token_bound import OWN_TOOL_TOKENS, PICTURE_TOKENS, TOOLS_TOKENS, Pictures, tokens_at_most
from tests.builders import a_price, a_route, a_snapshot

SNAPSHOT = a_snapshot(a_route())
LARGE = "QUJD" * 50_000
"""Base64 of a picture of 150 kB."""


def counting(bytes_per_token: int) -> Snapshot:
    return replace(SNAPSHOT, organisation=replace(SNAPSHOT.organisation, bytes_per_token=bytes_per_token))


def chat(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"model": "small", "messages": [{"role": "user", "content": list(parts)}]}


def responses(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"model": "small", "input": [{"role": "user", "content": list(parts)}]}


def messages(*parts: dict[str, Any]) -> dict[str, Any]:
    return chat(*parts) | {"max_tokens": 50}


def google(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"contents": [{"role": "user", "parts": list(parts)}]}


def bound(dialect: str, body: dict[str, Any], snapshot: Snapshot = SNAPSHOT) -> int:
    demand, _ = REGISTRY.by_name[dialect].accept(json.dumps(body).encode(), PromptHead(model="small"), snapshot)
    return demand.input_tokens


PICTURE: dict[str, Any] = {
    "openai_chat": chat({"type": "image_url", "image_url": {"url": f"data:image/png;base64,{LARGE}"}}),
    "openai_responses": responses({"type": "input_image", "image_url": f"data:image/png;base64,{LARGE}"}),
    "anthropic_messages": messages(
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": LARGE}}
    ),
    "google_generate": google({"inlineData": {"mimeType": "image/png", "data": LARGE}}),
}
NO_PICTURE: dict[str, Any] = {
    "openai_chat": chat({"type": "input_audio", "input_audio": {"data": LARGE, "format": "wav"}}),
    "openai_responses": responses({"type": "input_file", "file_data": f"data:application/pdf;base64,{LARGE}"}),
    "anthropic_messages": messages(
        {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": LARGE}}
    ),
    "google_generate": google({"inlineData": {"mimeType": "audio/wav", "data": LARGE}}),
}


@pytest.mark.parametrize("dialect", PICTURE)
def test_a_picture_counts_as_one_whatever_its_bytes(dialect: str) -> None:
    assert PICTURE_TOKENS < bound(dialect, PICTURE[dialect]) < PICTURE_TOKENS + 300


@pytest.mark.parametrize("dialect", NO_PICTURE)
def test_what_is_no_picture_counts_as_its_text_does(dialect: str) -> None:
    assert bound(dialect, NO_PICTURE[dialect]) >= len(LARGE)


@pytest.mark.parametrize("dialect", PICTURE)
def test_a_text_that_only_looks_like_a_picture_is_a_text(dialect: str) -> None:
    said = f"data:image/png;base64,{LARGE}"
    spoken = {
        "openai_chat": chat({"type": "text", "text": said}),
        "openai_responses": responses({"type": "input_text", "text": said}),
        "anthropic_messages": messages({"type": "text", "text": said}),
        "google_generate": google({"text": said}),
    }
    assert bound(dialect, spoken[dialect]) >= len(said)


def test_a_film_is_no_picture_whatever_it_calls_itself() -> None:
    film = chat({"type": "video_url", "video_url": {"url": f"data:image/gif;base64,{LARGE}"}})
    assert bound("openai_chat", film) >= len(LARGE)


@pytest.mark.parametrize("part", [{"": "x"}, {"": "x", "image_url": None}, {"image_url": 7}])
def test_a_picture_without_an_address_is_nobodys_fault(part: dict[str, Any]) -> None:
    assert bound("openai_responses", responses({"type": "input_image", **part})) > 0


TOOLS: dict[str, dict[str, Any]] = {
    "openai_chat": {"tools": [{"type": "function", "function": {"name": "f"}}]},
    "openai_responses": {"tools": [{"type": "function", "name": "f"}]},
    "anthropic_messages": {"tools": [{"name": "f", "input_schema": {"type": "object"}}]},
    "google_generate": {"tools": [{"functionDeclarations": [{"name": "f"}]}]},
}


@pytest.mark.parametrize("dialect", TOOLS)
def test_tools_bring_words_along_that_stand_in_no_body(dialect: str) -> None:
    body = PICTURE[dialect] | TOOLS[dialect]
    size = len(json.dumps(TOOLS[dialect])) - 2
    assert bound(dialect, body) >= bound(dialect, PICTURE[dialect]) + size + TOOLS_TOKENS


def test_a_tool_of_the_providers_own_has_its_description_there() -> None:
    shell = PICTURE["anthropic_messages"] | {"tools": [{"type": "bash_20250124", "name": "bash"}]}
    assert (
        bound("anthropic_messages", shell)
        > bound("anthropic_messages", PICTURE["anthropic_messages"]) + OWN_TOOL_TOKENS
    )


@pytest.mark.parametrize(("ttl", "dearer"), [(None, False), ("5m", False), ("1h", True)])
@pytest.mark.parametrize("dialect", ["openai_chat", "anthropic_messages"])
def test_input_is_held_at_twice_its_price_only_where_it_may_be_kept_for_an_hour(
    dialect: str, ttl: str | None, dearer: bool
) -> None:
    mark = {"type": "ephemeral", **({"ttl": ttl} if ttl else {})}
    body = (chat if dialect == "openai_chat" else messages)({"type": "text", "text": "a", "cache_control": mark})
    demand, _ = REGISTRY.by_name[dialect].accept(json.dumps(body).encode(), PromptHead(), SNAPSHOT)
    route = a_route(price=a_price(input="3", output="15"))
    tokens_in, tokens_out = demand.at_most(route, 100)
    assert demand.hold(route, Decimal(1), 100) == (6_000 if dearer else 3_000) * tokens_in + 15_000 * tokens_out


@given(st.text(max_size=200), st.integers(1, 8))
def test_a_body_has_at_most_as_many_tokens_as_bytes_or_as_the_operator_estimates(text: str, ratio: int) -> None:
    body = chat({"type": "text", "text": text})
    size = len(json.dumps(body).encode())
    assert bound("openai_chat", body) == size >= len(text.encode(errors="surrogatepass")) // 3
    assert bound("openai_chat", body, counting(ratio)) == -(-size // ratio)


@given(st.binary(max_size=50), st.integers(0, 9), st.integers(0, 10**6), st.integers(1, 8))
def test_more_of_anything_is_never_less(body: bytes, pictures: int, elsewhere: int, ratio: int) -> None:
    snapshot = counting(ratio)
    least = tokens_at_most(body, Pictures(pictures), elsewhere, snapshot)
    assert tokens_at_most(body + b"a", Pictures(pictures), elsewhere, snapshot) >= least
    assert tokens_at_most(body, Pictures(pictures + 1), elsewhere, snapshot) > least
    assert tokens_at_most(body, Pictures(pictures), elsewhere + 1, snapshot) > least
