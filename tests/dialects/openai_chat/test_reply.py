"""Replies written for clients: the golden sequence, and every chunk and body as the official SDK wants them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from openai.types.chat import (
    ChatCompletion,
    ChatCompletionAudio,
    ChatCompletionChunk,
    ChatCompletionMessageFunctionToolCall,
)
from openai.types.chat.chat_completion import ChoiceLogprobs

from gateway.core.errors import UpstreamTimeout
from gateway.core.usage import Usage
from gateway.dialects import signatures, sse, strict_json
from gateway.dialects.dialect import ReplyIdentity
from gateway.dialects.neutral import (
    Answer,
    Call,
    CallBegan,
    CallWrote,
    Finished,
    Lost,
    Made,
    Media,
    Reply,
    ReplyEnded,
    ReplyEvent,
    Said,
    Score,
    Scored,
    Signed,
    StopReason,
    Text,
    Thinking,
    Thought,
    Used,
)
from gateway.dialects.openai_chat import reply
from gateway.dialects.openai_chat.events import events, reader
from gateway.dialects.openai_chat.reply import ChatWriter, writer
from gateway.dialects.openai_chat.turns import turns
from gateway.dialects.prompt import Prompt
from gateway.dialects.relay import Stream, Translated
from gateway.dialects.whole_reply import reply_from_events
from tests.dialects.openai_chat.strategies import as_reported, replies

GOLDEN = Path(__file__).parent / "golden"
HEAD = ReplyIdentity("01JD", "small", 1_700_000_000, lambda: 7)
METERED = as_reported(Usage(input=15, cache_read=4, output=8, reasoning=2))
ASKED_FOR_USAGE = {"stream_options": {"include_usage": True}}
SIGNED = signatures.enveloped("sig", "anthropic_messages")


def a_writer(**members: Any) -> ChatWriter:
    body = {"model": "small", "messages": [{"role": "user", "content": "hello"}], **members}
    return writer(Prompt(strict_json.read(json.dumps(body).encode())), HEAD)


def streamed(*told: ReplyEvent, **members: Any) -> bytes:
    writing = a_writer(**members)
    return b"".join(writing.write(event) for event in told)


def chunks(body: bytes) -> list[ChatCompletionChunk]:
    """The chunks of a stream, each of which the SDK takes."""
    data = [sse.payload(event) for event in sse.Events().feed(body)]
    return [ChatCompletionChunk.model_validate_json(one, strict=True) for one in data if one != b"[DONE]"]


def deltas(*told: ReplyEvent, **members: Any) -> list[dict[str, Any]]:
    """The deltas after the one that says who speaks."""
    found = [choice for chunk in chunks(streamed(*told, **members)) for choice in chunk.choices]
    return [choice.delta.model_dump(exclude_unset=True) for choice in found][1:]


def whole(*answers: Answer, tier: str = "", **members: Any) -> dict[str, Any]:
    """A whole reply, which the SDK takes."""
    body = a_writer(**members).whole(Reply(answers, replace(METERED, tier=tier)))
    ChatCompletion.model_validate_json(body, strict=True)
    found: dict[str, Any] = json.loads(body)
    return found


def message(*parts: Text | Media | Thought | Call, **members: Any) -> dict[str, Any]:
    found: dict[str, Any] = whole(Answer(parts), **members)["choices"][0]["message"]
    return found


EVERYTHING: list[ReplyEvent] = [
    Thinking("Hm"),
    Thinking("m."),
    Said("Let me "),
    Said("see — å."),
    CallBegan(0, "call_a", "get_weather"),
    CallWrote(0, '{"city":'),
    CallWrote(0, '"Malmö"}'),
    CallBegan(1, "call_b", "get_time"),
    Finished(StopReason.CALLS),
    Used(replace(METERED, tier="default")),
    ReplyEnded(),
]


@pytest.mark.parametrize(("name", "members"), [("written.sse", {}), ("written_usage.sse", ASKED_FOR_USAGE)])
def test_the_golden_sequence(name: str, members: dict[str, Any]) -> None:
    found = streamed(*EVERYTHING, **members)
    assert found == (GOLDEN / name).read_bytes()
    chunks(found)


def test_usage_is_told_only_where_it_was_asked_for() -> None:
    told: list[ReplyEvent] = [Said("a"), Finished(StopReason.END), Used(replace(METERED, tier="flex")), ReplyEnded()]
    asked = chunks(streamed(*told, **ASKED_FOR_USAGE))
    assert [chunk.usage is not None for chunk in asked] == [False, False, False, True]
    assert all("usage" in chunk.model_fields_set for chunk in asked)
    assert (asked[-1].choices, asked[-1].service_tier) == ([], "flex")
    assert asked[-1].usage is not None
    assert (asked[-1].usage.prompt_tokens, asked[-1].usage.total_tokens) == (19, 29)
    assert not any("usage" in chunk.model_fields_set for chunk in chunks(streamed(*told)))


def test_usage_that_nobody_reported_is_not_made_up() -> None:
    assert len(chunks(streamed(Said("a"), Finished(StopReason.END), ReplyEnded(), **ASKED_FOR_USAGE))) == 3


def test_every_chunk_has_the_same_head() -> None:
    for chunk in chunks(streamed(*EVERYTHING)):
        assert (chunk.id, chunk.model, chunk.created) == ("chatcmpl-01JD", "small", 1_700_000_000)


def test_each_choice_begins_for_itself() -> None:
    found = chunks(
        streamed(Said("a"), Said("b", 1), Finished(StopReason.END), Finished(StopReason.LENGTH, choice=1), ReplyEnded())
    )
    told = [(c.index, c.delta.role, c.delta.content, c.finish_reason) for chunk in found for c in chunk.choices]
    assert told == [
        (0, "assistant", "", None),
        (0, None, "a", None),
        (1, "assistant", "", None),
        (1, None, "b", None),
        (0, None, None, "stop"),
        (1, None, None, "length"),
    ]


def test_calls_without_ids_get_their_own_and_keep_googles_signature() -> None:
    (first, _, second) = deltas(CallBegan(0, "", "f", "sig"), CallWrote(0, "{}"), CallBegan(1, "", "f"))
    assert signatures.split_id(first["tool_calls"][0]["id"]) == ("call_01JD_0_0", "sig")
    assert second["tool_calls"][0]["id"] == "call_01JD_0_1"
    calls = message(Call("", "f", signature="sig"), Call("", "f"))["tool_calls"]
    assert [call["id"] for call in calls] == [first["tool_calls"][0]["id"], "call_01JD_0_1"]


def test_a_call_without_arguments_is_sent_an_object() -> None:
    told: list[ReplyEvent] = [
        CallBegan(0, "a", "f"),
        CallBegan(1, "b", "g"),
        CallWrote(1, "{}"),
        CallBegan(0, "c", "h", choice=1),
    ]
    found = deltas(*told, Finished(StopReason.CALLS))
    assert found[-2:] == [{"tool_calls": [{"index": 0, "function": {"arguments": "{}"}}]}, {}]
    assert (
        len([delta for delta in found if delta.get("tool_calls", [{}])[0].get("function") == {"arguments": "{}"}]) == 2
    )


def test_a_client_that_knows_functions_gets_a_function_call() -> None:
    functions = {"functions": [{"name": "f"}]}
    told: list[ReplyEvent] = [CallBegan(0, "a", "f"), CallWrote(0, "{}"), CallBegan(1, "b", "f"), CallWrote(1, "{}")]
    assert deltas(*told, **functions) == [
        {"function_call": {"name": "f", "arguments": ""}},
        {"function_call": {"arguments": "{}"}},
    ]
    (last,) = chunks(streamed(Finished(StopReason.CALLS), **functions))[-1].choices
    assert last.finish_reason == "function_call"
    found = message(Call("a", "f"), Call("b", "f"), **functions)
    assert found["function_call"] == {"name": "f", "arguments": "{}"}
    assert "tool_calls" not in found


def test_what_was_signed_comes_back_from_a_client_that_keeps_it() -> None:
    told: list[ReplyEvent] = [
        Thinking("So"),
        Signed(SIGNED),
        Signed(SIGNED, redacted=True),
        Thinking("then"),
        Said("yes"),
    ]
    details = [d for delta in deltas(*told) for d in delta.get("reasoning_details", ())]
    body = message(Thought("So", SIGNED), Thought("", SIGNED, redacted=True), Thought("then"), Text("yes"))
    assert details == body["reasoning_details"]
    assert body["reasoning_content"] == "Sothen"
    history = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "yes", "reasoning_details": details}]
    assert turns(history)[0][1].parts == (
        Thought("So", "sig", "anthropic_messages"),
        Thought("", "sig", "anthropic_messages", redacted=True),
        Text("yes"),
    )


def test_pictures_come_with_the_words() -> None:
    picture = Media("image", "image/png", "AAAA")
    url = [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]
    assert deltas(Said("see"), Made(picture)) == [{"content": "see"}, {"images": url}]
    assert message(Text("see"), picture, picture)["images"] == url * 2
    assert deltas(Said("see"), Made(Media("document", "application/pdf", "AAAA"))) == [{"content": "see"}]


def test_probabilities_follow_the_words() -> None:
    found = chunks(streamed(Said("a"), Scored((Score("a", -1.0),))))[-1].choices[0]
    assert found.logprobs is not None
    assert found.logprobs.content is not None
    assert [score.token for score in found.logprobs.content] == ["a"]
    assert whole(Answer((Text("a"),), scores=(Score("a", -1.0),)))["choices"][0]["logprobs"]["content"]


def test_a_whole_reply() -> None:
    found = whole(Answer((Thought("Hm"), Text("yes"))), Answer((), StopReason.FILTERED, refusal="no"), tier="default")
    assert found == {
        "id": "chatcmpl-01JD",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": "small",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "yes", "refusal": None, "reasoning_content": "Hm"},
                "logprobs": None,
                "finish_reason": "stop",
            },
            {
                "index": 1,
                "message": {"role": "assistant", "content": None, "refusal": "no"},
                "logprobs": None,
                "finish_reason": "stop",  # the SDKs raise for a filter before they show the words
            },
        ],
        "service_tier": "default",
        "usage": {
            "prompt_tokens": 19,
            "completion_tokens": 10,
            "total_tokens": 29,
            "prompt_tokens_details": {
                "cached_tokens": 4,
                "cache_write_tokens": 0,
                "audio_tokens": 0,
                "image_tokens": 0,
            },
            "completion_tokens_details": {"reasoning_tokens": 2, "audio_tokens": 0},
        },
    }


@given(reply=replies)
@settings(database=None)
def test_a_whole_reply_is_read_as_it_was_written(reply: Reply) -> None:
    body = a_writer().whole(reply)
    ChatCompletion.model_validate_json(body, strict=True)
    assert reply_from_events(events(body), METERED) == reply


@given(reply=replies)
@settings(database=None)
def test_a_stream_says_what_the_whole_reply_says(reply: Reply) -> None:
    told = list(events(a_writer().whole(reply)))
    found = streamed(*told, **ASKED_FOR_USAGE)
    assert chunks(found)
    reading = reader()
    again = [event for one in sse.Events().feed(found) for event in reading.read(sse.payload(one))]
    assert reply_from_events(again, METERED) == reply
    assert again[-1] == ReplyEnded()


def test_nothing_is_said_before_a_reply_begins() -> None:
    writing = a_writer()
    assert writing.keepalive() == b""
    assert writing.write(Used(METERED)) == writing.write(Lost("annotations")) == b""
    assert writing.keepalive() == b""


def test_a_beat_between_chunks_disturbs_nobody() -> None:
    writing = a_writer()
    body = (
        writing.write(Said("a"))
        + writing.keepalive()
        + writing.write(Finished(StopReason.END))
        + writing.write(ReplyEnded())
    )
    course = Stream(Translated(reader(), a_writer()), input_bytes=0)
    assert course.feed(body) + course.finish() == streamed(Said("a"), Finished(StopReason.END), ReplyEnded())
    assert course.complete


def test_a_failure_is_an_error_and_no_end() -> None:
    writing = a_writer()
    body = writing.write(Said("a")) + writing.failure(UpstreamTimeout("It took too long."))
    assert b"[DONE]" not in body
    last = json.loads(sse.payload(sse.Events().feed(body)[-1]))
    assert last["error"]["code"] == "upstream_timeout"


LEAF_HEAD = ReplyIdentity("01J", "small", 1_700_000_000, lambda: 7)


@pytest.mark.parametrize(
    ("stop", "word"),
    [
        (StopReason.END, "stop"),
        (StopReason.SEQUENCE, "stop"),
        (StopReason.CALLS, "tool_calls"),
        (StopReason.LENGTH, "length"),
        (StopReason.FILTERED, "content_filter"),
    ],
)
def test_why_it_stopped_in_openais_words(stop: StopReason, word: str) -> None:
    assert reply.finish_reason_of(stop, legacy=False) == word
    assert reply.finish_reason_of(stop, legacy=True) == ("function_call" if stop is StopReason.CALLS else word)


def test_a_tier_that_the_sdk_does_not_know_is_not_repeated() -> None:
    assert reply.tier_member("priority") == {"service_tier": "priority"}
    assert reply.tier_member("on_demand") == reply.tier_member("") == {}


def test_an_id_is_the_providers_or_made_and_carries_a_signature() -> None:
    assert reply.reply_call_id("call_a", "", LEAF_HEAD, (0, 0)) == "call_a"
    assert reply.reply_call_id("", "", LEAF_HEAD, (1, 2)) == "call_01J_1_2"
    assert signatures.split_id(reply.reply_call_id("", "sig", LEAF_HEAD, (0, 0))) == ("call_01J_0_0", "sig")


def test_a_call_is_one_for_the_sdk() -> None:
    ChatCompletionMessageFunctionToolCall.model_validate(reply.tool_call("a", "f", "{}"), strict=True)


def test_proofs_of_reasoning() -> None:
    assert reply.reasoning_detail("so", "s", redacted=False) == {
        "type": "reasoning.text",
        "text": "so",
        "signature": "s",
    }
    assert reply.reasoning_detail("", "s", redacted=True) == {"type": "reasoning.encrypted", "data": "s"}


def test_pictures_and_a_sound_stand_beside_the_words() -> None:
    first, second = Media("image", "image/png", "AAAA"), Media("image", url="https://x.test/a.png")
    found: dict[str, Any] = reply.media_members([first, Media("audio", "audio/wav", "UklGRg=="), second], LEAF_HEAD)
    assert [image["image_url"]["url"] for image in found["images"]] == [
        "data:image/png;base64,AAAA",
        "https://x.test/a.png",
    ]
    assert ChatCompletionAudio.model_validate(found["audio"], strict=True).data == "UklGRg=="
    assert reply.media_members([Media("document", "application/pdf", "AAAA")], LEAF_HEAD) == {}


def test_probabilities_are_those_of_the_sdk() -> None:
    found = reply.logprobs_of([Score("a", -0.5, (("a", -0.5), ("b", -1.0))), Score("c", 0.0)])
    read = ChoiceLogprobs.model_validate(found, strict=True).content
    assert read is not None
    assert [(one.token, one.logprob, [other.token for other in one.top_logprobs]) for one in read] == [
        ("a", -0.5, ["a", "b"]),
        ("c", 0.0, []),
    ]


def test_a_refusal_in_words_is_a_proper_end() -> None:
    said, end = Said("No.", refusal=True), Finished(StopReason.FILTERED)
    *_, last = [one for one in chunks(streamed(said, end, ReplyEnded())) if one.choices]
    assert last.choices[0].finish_reason == "stop"
    *_, last = [one for one in chunks(streamed(end, ReplyEnded())) if one.choices]
    assert last.choices[0].finish_reason == "content_filter"
