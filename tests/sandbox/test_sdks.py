"""The sandbox as the official SDKs see it, over a real socket."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import anthropic
import openai
import pytest
from google.genai import errors, types

from gateway.sandbox import EMBEDDER, MODEL
from gateway.sandbox.tokens import MESSAGE
from tests.sandbox.serving import anthropic_client, client, google_client, serving

CITY: dict[str, Any] = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
HELLO: Any = [{"role": "user", "content": "Hello, world!"}]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving() as at:
        yield at


# --- OpenAI's SDK ----------------------------------------------------------------------------------------------------


def test_openai_lists_both_models(address: str) -> None:
    with client(address) as sdk:
        assert [model.id for model in sdk.models.list()] == [MODEL, EMBEDDER]


def test_openai_reads_a_response(address: str) -> None:
    with client(address) as sdk:
        reply = sdk.responses.create(model=MODEL, input="Hello, world!")
    assert reply.output_text.startswith("Hello from sandbox-se.")
    assert reply.usage is not None
    assert reply.usage.input_tokens == MESSAGE + 4


def test_openai_gathers_a_streamed_response(address: str) -> None:
    tool: Any = {"type": "function", "name": "get_weather", "parameters": CITY, "strict": True}
    asked: Any = {"tools": [tool], "tool_choice": "required", "reasoning": {"effort": "low", "summary": "auto"}}
    with client(address) as sdk, sdk.responses.stream(model=MODEL, input="Hello, world!", **asked) as stream:
        final = stream.get_final_response()
    thought, call = final.output
    assert thought.type == "reasoning"
    assert call.type == "function_call"
    assert (call.name, json.loads(call.arguments)) == ("get_weather", {"city": ""})


def test_openai_counts_tokens(address: str) -> None:
    with client(address) as sdk:
        assert sdk.responses.input_tokens.count(model=MODEL, input="Hello, world!").input_tokens == MESSAGE + 4


def test_openai_unpacks_embeddings(address: str) -> None:
    """It asks for base64 by itself."""
    with client(address) as sdk:
        packed = sdk.embeddings.create(model=EMBEDDER, input=["a b", "c"], dimensions=8)
        plain = sdk.embeddings.create(model=EMBEDDER, input=["a b", "c"], dimensions=8, encoding_format="float")
    assert packed.data == plain.data
    assert packed.usage.prompt_tokens == 3


def test_openai_raises_what_was_refused(address: str) -> None:
    with client(address) as sdk, pytest.raises(openai.BadRequestError) as refused:
        sdk.responses.create(model=MODEL, input="a", previous_response_id="resp_1")
    assert refused.value.code == "previous_response_not_found"


# --- Anthropic's SDK -------------------------------------------------------------------------------------------------


def test_anthropic_reads_a_message(address: str) -> None:
    with anthropic_client(address) as sdk:
        reply = sdk.messages.create(model=MODEL, max_tokens=900, messages=HELLO, stop_sequences=["held"])
    (block,) = reply.content
    assert block.type == "text"
    assert block.text == "Hello from sandbox-fr. Your request "
    assert (reply.stop_reason, reply.stop_sequence, reply.usage.input_tokens) == ("stop_sequence", "held", MESSAGE + 4)


def test_anthropic_gathers_a_streamed_thought(address: str) -> None:
    asked: Any = {"model": MODEL, "max_tokens": 900, "messages": HELLO, "thinking": {"type": "adaptive"}}
    with anthropic_client(address) as sdk, sdk.messages.stream(**asked) as stream:
        final = stream.get_final_message()
    thought, text = final.content
    assert thought.type == "thinking"
    assert thought.signature
    assert text.type == "text"
    assert text.text.startswith("Hello from sandbox-fr.")


def test_anthropic_gathers_a_streamed_call(address: str) -> None:
    weather: Any = {"tools": [{"name": "get_weather", "input_schema": CITY}], "tool_choice": {"type": "any"}}
    asked: Any = {"model": MODEL, "max_tokens": 900, "messages": HELLO, **weather}
    with anthropic_client(address) as sdk, sdk.messages.stream(**asked) as stream:
        final = stream.get_final_message()
    (call,) = final.content
    assert call.type == "tool_use"
    assert (call.name, call.input, final.stop_reason) == ("get_weather", {"city": ""}, "tool_use")


def test_anthropic_continues_after_a_thought(address: str) -> None:
    with anthropic_client(address) as sdk:
        thinking: Any = {"type": "enabled", "budget_tokens": 1024}
        first = sdk.messages.create(model=MODEL, max_tokens=2000, messages=HELLO, thinking=thinking)
        turns = [*HELLO, first.to_param(), {"role": "user", "content": "And?"}]
        second = sdk.messages.create(model=MODEL, max_tokens=2000, messages=turns, thinking=thinking)
    assert second.stop_reason == "end_turn"


def test_anthropic_counts_tokens(address: str) -> None:
    with anthropic_client(address) as sdk:
        assert sdk.messages.count_tokens(model=MODEL, messages=HELLO).input_tokens == MESSAGE + 4


def test_anthropic_lists_the_model_that_talks(address: str) -> None:
    with anthropic_client(address) as sdk:
        assert [model.id for model in sdk.models.list()] == [MODEL]


def test_anthropic_raises_what_was_refused(address: str) -> None:
    with anthropic_client(address) as sdk, pytest.raises(anthropic.NotFoundError):
        sdk.messages.create(model="gpt-9", max_tokens=9, messages=HELLO)
    with anthropic_client(address, key="wrong") as sdk, pytest.raises(anthropic.AuthenticationError):
        sdk.models.list()


# --- Google's SDK ----------------------------------------------------------------------------------------------------


def test_google_reads_an_answer(address: str) -> None:
    with google_client(address) as sdk:
        picture = types.Part.from_bytes(data=b"x", mime_type="image/png")
        reply = sdk.models.generate_content(model=MODEL, contents=["Hello, world!", picture])
    assert reply.text is not None
    assert reply.text.startswith("Hello from sandbox-us. Your request held 1 message, 1 image,")
    assert reply.usage_metadata is not None
    assert reply.usage_metadata.prompt_token_count == MESSAGE + 4 + 32


def test_google_reads_a_stream(address: str) -> None:
    thinking = types.GenerateContentConfig(thinking_config=types.ThinkingConfig(include_thoughts=True))
    with google_client(address) as sdk:
        chunks = list(sdk.models.generate_content_stream(model=MODEL, contents="Hello, world!", config=thinking))
    parts = [part for chunk in chunks for candidate in chunk.candidates or () for part in _parts(candidate)]
    assert "".join(p.text or "" for p in parts if not p.thought).startswith("Hello from sandbox-us.")
    assert any(p.thought for p in parts)
    assert parts[-1].thought_signature


def _parts(candidate: types.Candidate) -> list[types.Part]:
    return (candidate.content.parts if candidate.content else None) or []


def test_google_calls_a_function(address: str) -> None:
    weather = types.FunctionDeclaration(name="get_weather", parameters_json_schema=CITY)
    config = types.GenerateContentConfig(
        tools=[types.Tool(function_declarations=[weather])],
        tool_config=types.ToolConfig(function_calling_config=types.FunctionCallingConfig(mode="ANY")),  # type: ignore[arg-type]
    )
    with google_client(address) as sdk:
        reply = sdk.models.generate_content(model=MODEL, contents="Hello", config=config)
    (call,) = reply.function_calls or []
    assert (call.name, call.args) == ("get_weather", {"city": ""})


def test_google_continues_after_a_thought(address: str) -> None:
    config = types.GenerateContentConfig(thinking_config=types.ThinkingConfig(include_thoughts=True))
    with google_client(address) as sdk:
        chat = sdk.chats.create(model=MODEL, config=config)
        chat.send_message("Hello")
        assert "held 3 messages" in (chat.send_message("And?").text or "")


def test_google_fits_a_schema(address: str) -> None:
    config = types.GenerateContentConfig(response_mime_type="application/json", response_json_schema=CITY)
    with google_client(address) as sdk:
        reply = sdk.models.generate_content(model=MODEL, contents="Hello", config=config)
    assert json.loads(reply.text or "") == {"city": ""}


def test_google_counts_tokens_and_embeds(address: str) -> None:
    with google_client(address) as sdk:
        assert sdk.models.count_tokens(model=MODEL, contents="Hello, world!").total_tokens == MESSAGE + 4
        found = sdk.models.embed_content(model=EMBEDDER, contents=["a b", "c"])
    assert [len(each.values or ()) for each in found.embeddings or ()] == [64, 64]


def test_google_lists_both_models(address: str) -> None:
    with google_client(address) as sdk:
        assert [model.name for model in sdk.models.list()] == [f"models/{MODEL}", f"models/{EMBEDDER}"]


def test_google_raises_what_was_refused(address: str) -> None:
    with google_client(address) as sdk, pytest.raises(errors.ClientError) as missing:
        sdk.models.generate_content(model="gpt-9", contents="Hello")
    assert (missing.value.code, missing.value.status) == (404, "NOT_FOUND")
    with google_client(address, key="wrong") as sdk, pytest.raises(errors.ClientError) as refused:
        sdk.models.generate_content(model=MODEL, contents="Hello")
    assert (refused.value.code, refused.value.status) == (400, "INVALID_ARGUMENT")
