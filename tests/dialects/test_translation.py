"""One request and its reply between any two dialects: passed on where both speak alike, else read and written anew."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from gateway.core.catalog import Route
from gateway.core.demand import Carried
from gateway.core.errors import InvalidRequest, ModelNotFound, UpstreamFailed
from gateway.core.operation import COUNT_TOKENS, EMBEDDINGS
from gateway.core.usage import NO_USAGE, Metered, Usage, UsageSource
from gateway.dialects.dialect import Broken, RequestOverrides
from gateway.dialects.neutral import Call, StopReason, Text
from gateway.dialects.prompt import PLAIN, PromptHead
from gateway.dialects.registry import REGISTRY
from gateway.dialects.sse import Events
from gateway.dialects.translation import ReplyMark, Translation, declared, refusal
from gateway.dialects.whole_reply import reply_from_events
from tests.builders import a_connection, a_demand, a_provider, a_route, a_snapshot

SNAPSHOT = a_snapshot()
NO_METER = Metered(NO_USAGE, UsageSource.ESTIMATED, {})
SIGNED = ReplyMark("01JDRECEIPT00000000000000A", 1_795_000_000)
CHATS = ["openai_chat", "openai_responses", "anthropic_messages", "google_generate"]
COUNT = PromptHead(operation=COUNT_TOKENS)
ADDRESSED = PromptHead(model="small", verb="generateContent")
"""Google's paths name the model."""

HELLO: dict[str, dict[str, Any]] = {
    "openai_chat": {"model": "small", "messages": [{"role": "user", "content": "MARKER hello"}]},
    "openai_responses": {"model": "small", "input": "MARKER hello"},
    "anthropic_messages": {
        "model": "small",
        "max_tokens": 50,
        "messages": [{"role": "user", "content": "MARKER hello"}],
    },
    "google_generate": {"contents": [{"role": "user", "parts": [{"text": "MARKER hello"}]}]},
}
ANSWER: dict[str, dict[str, Any]] = {
    "openai_chat": {
        "id": "c1",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "well said"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12},
    },
    "openai_responses": {
        "id": "resp_1",
        "object": "response",
        "status": "completed",
        "output": [
            {
                "id": "msg_1",
                "type": "message",
                "role": "assistant",
                "status": "completed",
                "content": [{"type": "output_text", "text": "well said", "annotations": []}],
            }
        ],
        "usage": {"input_tokens": 9, "output_tokens": 3, "total_tokens": 12},
    },
    "anthropic_messages": {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [{"type": "text", "text": "well said"}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 9, "output_tokens": 3},
    },
    "google_generate": {
        "candidates": [{"content": {"role": "model", "parts": [{"text": "well said"}]}, "finishReason": "STOP"}],
        "usageMetadata": {"promptTokenCount": 9, "candidatesTokenCount": 3, "totalTokenCount": 12},
    },
}


def asked_in(dialect: str, asked: PromptHead | None = None, **members: Any) -> Translation:
    said = asked or (ADDRESSED if dialect == "google_generate" else PLAIN)
    return Translation.accepted(dialect, json.dumps({**HELLO[dialect], **members}).encode(), said, SNAPSHOT)


def a_way(dialect: str) -> tuple[str, Route]:
    return dialect, a_route(a_provider(connection=a_connection(dialect=dialect)))


# --- on the way out --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dialect", CHATS)
def test_a_request_is_accepted_by_its_own_dialect(dialect: str) -> None:
    asked = asked_in(dialect)
    assert (asked.demand.dialect, asked.demand.operation.name, asked.demand.model) == (dialect, "chat", "small")
    with pytest.raises(ModelNotFound):
        asked_in(dialect, PromptHead(model="smal", verb="generateContent"), model="smal")
    with pytest.raises(InvalidRequest):
        Translation.accepted(dialect, b'{"MARKER', PLAIN, SNAPSHOT)


@pytest.mark.parametrize("client", CHATS)
@pytest.mark.parametrize("provider", CHATS)
def test_every_dialect_can_be_carried_into_every_other(client: str, provider: str) -> None:
    asked, (wire, route) = asked_in(client), a_way(provider)
    assert asked.carried_over([(wire, route)]) == (() if client == provider else (Carried(provider),))
    sent = asked.rendered(wire, route, RequestOverrides())
    assert b"MARKER hello" in sent.body
    assert sent.dropped == ()
    assert wire == "google_generate" or json.loads(sent.body)["model"] == "lab/small"
    assert "MARKER" not in repr((asked, sent))


def test_within_a_dialect_the_clients_own_bytes_are_passed_on() -> None:
    asked = asked_in("openai_chat", logit_bias={"7": 1})
    body = json.dumps({**HELLO["openai_chat"], "logit_bias": {"7": 1}}).encode()
    assert asked.rendered(*a_way("openai_chat"), RequestOverrides()).body == body.replace(b'"small"', b'"lab/small"')


def test_what_finds_no_place_in_a_dialect_is_known_before_anything_is_sent() -> None:
    ways = [a_way("openai_chat"), a_way("anthropic_messages"), a_way("google_generate")]
    asked = asked_in("openai_chat", logit_bias={"7": 1}, seed=7)
    carried = {c.dialect: c for c in asked.carried_over(ways)}
    assert set(carried) == {"anthropic_messages", "google_generate"}
    assert carried["anthropic_messages"] == Carried("anthropic_messages", dropped=("logit_bias", "seed"))
    assert carried["google_generate"] == Carried("google_generate", dropped=("logit_bias",))
    assert set(asked.rendered(*ways[1], RequestOverrides()).dropped) == {"logit_bias", "seed"}


def test_a_request_that_a_dialect_cannot_carry_is_unfit_for_it() -> None:
    asked = asked_in("openai_chat", n=2)
    carried = asked.carried_over([a_way("anthropic_messages"), a_way("google_generate")])
    assert carried == (Carried("anthropic_messages", unfit=("n",)), Carried("google_generate"))


UNREADABLE: dict[str, Any] = {
    "messages": [{"role": "user", "content": [{"type": "file", "file": {"file_id": "MARKER"}}]}]
}
"""What one provider keeps: nothing that another could be told."""


def test_what_can_only_be_passed_on_is_refused_where_no_route_takes_it_and_names_its_field() -> None:
    asked = asked_in("openai_chat", **UNREADABLE)
    with pytest.raises(InvalidRequest) as refused:
        asked.carried_over([a_way("anthropic_messages"), a_way("google_generate")])
    assert "MARKER" not in refused.value.message + str(refused.value.details)
    assert asked.carried_over([]) == (), "no route, and so another refusal"


def test_what_can_only_be_passed_on_is_unfit_for_every_other_dialect() -> None:
    asked = asked_in("openai_chat", **UNREADABLE)
    (carried,) = asked.carried_over([a_way("openai_chat"), a_way("anthropic_messages")])
    assert carried.dialect == "anthropic_messages"
    assert carried.unfit
    assert all(name.startswith("messages[0].content[0]") for name in carried.unfit)
    assert b"MARKER" in asked.rendered(*a_way("openai_chat"), RequestOverrides()).body


def test_identifiers_do_not_count_as_lost_before_it_is_known_whether_they_have_pseudonyms() -> None:
    asked = asked_in("openai_chat", user="MARKER anna")
    assert asked.carried_over([a_way("openai_responses")]) == (Carried("openai_responses"),)
    under_a_pseudonym = asked.rendered(*a_way("openai_responses"), RequestOverrides(pseudonym=lambda _: "p"))
    assert "user" not in under_a_pseudonym.dropped
    left_out = asked.rendered(*a_way("openai_responses"), RequestOverrides())
    assert left_out.dropped
    for sent in (under_a_pseudonym, left_out):
        assert b"anna" not in sent.body


# --- on the way back -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("client", CHATS)
@pytest.mark.parametrize("provider", CHATS)
def test_a_whole_reply_comes_back_in_the_clients_dialect(client: str, provider: str) -> None:
    body = json.dumps(ANSWER[provider]).encode()
    found = asked_in(client).whole(provider, body, SIGNED)
    assert (found.metered.usage, found.metered.source) == (Usage(input=9, output=3), UsageSource.PROVIDER)
    assert found.lost == ()
    if client == provider:
        assert found.body == body
    else:
        reported, generated = REGISTRY.by_name[client].observe(found.body)
        assert reported is not None
        assert reported.usage == Usage(input=9, output=3), "in the client's own way of counting"
        assert generated >= len("well said")
        assert b"well said" in found.body
        assert SIGNED.id.encode() in found.body


@pytest.mark.parametrize("client", CHATS)
@pytest.mark.parametrize("provider", CHATS)
@pytest.mark.parametrize("body", [b"", b"<html>MARKER</html>", b"[]", b'{"error":{"message":"MARKER"}}', b"\xff"])
def test_what_is_no_reply_is_broken_whoever_asked(client: str, provider: str, body: bytes) -> None:
    with pytest.raises(Broken) as broken:
        asked_in(client).whole(provider, body, SIGNED)
    assert "MARKER" not in str(broken.value)


REASONS: dict[str, dict[StopReason, str]] = {
    "openai_chat": {
        StopReason.END: "stop eos brand_new",
        StopReason.LENGTH: "length max_tokens model_length MAX_TOKENS model_context_window_exceeded",
        StopReason.FILTERED: "content_filter content_filter:RECITATION SAFETY RECITATION LANGUAGE BLOCKLIST "
        "PROHIBITED_CONTENT SPII IMAGE_SAFETY MODEL_ARMOR refusal sensitive guardrail_intervened content_filtered",
    },
    "openai_responses": {
        StopReason.END: "",
        StopReason.LENGTH: "max_output_tokens",
        StopReason.FILTERED: "content_filter",
    },
    "anthropic_messages": {
        StopReason.END: "end_turn pause_turn brand_new",
        StopReason.LENGTH: "max_tokens model_context_window_exceeded",
        StopReason.FILTERED: "refusal",
    },
    "google_generate": {
        StopReason.END: "STOP OTHER",
        StopReason.LENGTH: "MAX_TOKENS",
        StopReason.FILTERED: "SAFETY RECITATION LANGUAGE BLOCKLIST PROHIBITED_CONTENT SPII IMAGE_SAFETY MODEL_ARMOR",
    },
}
"""Dialect of the provider -> end of the answer -> the words for it."""
SHOWN: dict[str, dict[StopReason, str]] = {
    "openai_chat": {StopReason.END: "stop", StopReason.LENGTH: "length", StopReason.FILTERED: "content_filter"},
    "openai_responses": {
        StopReason.END: "completed",
        StopReason.LENGTH: "max_output_tokens",
        StopReason.FILTERED: "content_filter",
    },
    "anthropic_messages": {StopReason.END: "end_turn", StopReason.LENGTH: "max_tokens", StopReason.FILTERED: "refusal"},
    "google_generate": {StopReason.END: "STOP", StopReason.LENGTH: "MAX_TOKENS", StopReason.FILTERED: "SAFETY"},
}
"""Dialect of the client -> end of the answer -> the word for it."""


def ended(dialect: str, reason: str) -> dict[str, Any]:
    answer = ANSWER[dialect]
    match dialect:
        case "openai_chat":
            return {**answer, "choices": [{**answer["choices"][0], "finish_reason": reason.replace(":", ": ")}]}
        case "openai_responses":
            cut = {"status": "incomplete", "incomplete_details": {"reason": reason}}
            return {**answer, **(cut if reason else {})}
        case "anthropic_messages":
            return {**answer, "stop_reason": reason}
        case _:
            return {**answer, "candidates": [{**answer["candidates"][0], "finishReason": reason}]}


def end_of(dialect: str, reply: dict[str, Any]) -> str:
    match dialect:
        case "openai_chat":
            found = reply["choices"][0]["finish_reason"]
        case "openai_responses":
            found = (reply["incomplete_details"] or {}).get("reason") or reply["status"]
        case "anthropic_messages":
            found = reply["stop_reason"]
        case _:
            found = reply["candidates"][0]["finishReason"]
    assert isinstance(found, str)
    return found


@pytest.mark.parametrize(("client", "provider"), list(permutations(CHATS, 2)))
def test_why_an_answer_ended_is_shown_in_the_clients_word(client: str, provider: str) -> None:
    for stop, reasons in REASONS[provider].items():
        for reason in reasons.split() or [""]:
            found = asked_in(client).whole(provider, json.dumps(ended(provider, reason)).encode(), SIGNED)
            assert (reason, end_of(client, json.loads(found.body))) == (reason, SHOWN[client][stop])


@pytest.mark.parametrize("client", CHATS[1:])
@pytest.mark.parametrize("reason", ["function_call_filter:MALFORMED_FUNCTION_CALL", "MALFORMED_FUNCTION_CALL", "error"])
def test_a_call_that_a_provider_of_chat_could_not_read_is_no_end_of_an_answer(client: str, reason: str) -> None:
    with pytest.raises(Broken):
        asked_in(client).whole("openai_chat", json.dumps(ended("openai_chat", reason)).encode(), SIGNED)


def event(data: dict[str, Any], *, named: bool = False, end: str = "\n\n") -> bytes:
    return (f"event: {data['type']}\n" if named else "").encode() + f"data: {json.dumps(data)}{end}".encode()


def chat(delta: dict[str, Any], stop: str | None = None) -> bytes:
    return event({"id": "c1", "choices": [{"index": 0, "delta": delta, "finish_reason": stop}]})


def responses(type_: str, **members: Any) -> bytes:
    return event({"type": f"response.{type_}", "item_id": "msg_1", "output_index": 0, **members}, named=True)


def anthropic(type_: str, **members: Any) -> bytes:
    return event({"type": type_, **members}, named=True)


def google(text: str, **candidate: Any) -> bytes:
    content = {"role": "model", "parts": [{"text": text}]}
    usage = ANSWER["google_generate"]["usageMetadata"]
    return event(
        {"candidates": [{"content": content, "index": 0, **candidate}], "usageMetadata": usage}, end="\r\n\r\n"
    )


MESSAGE = ANSWER["openai_responses"]["output"][0]
STREAMS: dict[str, list[bytes]] = {
    "openai_chat": [
        chat({"role": "assistant", "content": ""}),
        chat({"content": "well "}),
        chat({"content": "said"}),
        chat({}, "stop"),
        event({"id": "c1", "choices": [], "usage": ANSWER["openai_chat"]["usage"]}),
        b"data: [DONE]\n\n",
    ],
    "openai_responses": [
        responses("created", response={**ANSWER["openai_responses"], "status": "in_progress", "output": []}),
        responses("output_item.added", item={**MESSAGE, "status": "in_progress", "content": []}),
        responses("content_part.added", content_index=0, part={"type": "output_text", "text": ""}),
        responses("output_text.delta", content_index=0, delta="well "),
        responses("output_text.delta", content_index=0, delta="said"),
        responses("output_text.done", content_index=0, text="well said"),
        responses("output_item.done", item=MESSAGE),
        responses("completed", response=ANSWER["openai_responses"]),
    ],
    "anthropic_messages": [
        anthropic("message_start", message={**ANSWER["anthropic_messages"], "content": [], "stop_reason": None}),
        anthropic("content_block_start", index=0, content_block={"type": "text", "text": ""}),
        anthropic("ping"),
        anthropic("content_block_delta", index=0, delta={"type": "text_delta", "text": "well "}),
        anthropic("content_block_delta", index=0, delta={"type": "text_delta", "text": "said"}),
        anthropic("content_block_stop", index=0),
        anthropic(
            "message_delta", delta={"stop_reason": "end_turn", "stop_sequence": None}, usage={"output_tokens": 3}
        ),
        anthropic("message_stop"),
    ],
    "google_generate": [google("well "), google("said", finishReason="STOP")],
}
MIDST = {"openai_chat": 3, "openai_responses": 5, "anthropic_messages": 5, "google_generate": 1}
"""So many events are a stream that has said something and has not ended."""
STREAMED = PromptHead(model="small", verb="streamGenerateContent", streaming=True)


def streaming_in(client: str) -> Translation:
    return asked_in(client, STREAMED) if client == "google_generate" else asked_in(client, stream=True)


@pytest.mark.parametrize("client", CHATS)
@pytest.mark.parametrize("provider", CHATS)
def test_a_stream_comes_back_in_the_clients_dialect(client: str, provider: str) -> None:
    stream = streaming_in(client).stream(provider, a_route(), SIGNED)
    shown = b"".join(map(stream.feed, STREAMS[provider])) + stream.finish()
    assert stream.complete
    assert stream.metered.usage == Usage(input=9, output=3)
    assert stream.lost == ()
    taken = streaming_in(client).stream(client, a_route(), SIGNED)
    assert taken.feed(shown) + taken.finish() == shown
    assert taken.complete, "a client of this dialect takes it for the whole"


def called(arguments: str, **members: Any) -> dict[str, Any]:
    return {
        "tool_calls": [
            {"index": 0, **members, "function": {"arguments": arguments, **({"name": "f"} if members else {})}}
        ]
    }


ITEM = {"id": "fc_1", "type": "function_call", "call_id": "call_1", "name": "f", "status": "completed"}
WITH_A_CALL = {**ANSWER["openai_responses"], "output": [MESSAGE, {**ITEM, "arguments": '{"a":1}'}]}
BEGUN_CALL = chat(called("", id="call_1", type="function"))
SAID_IN_RESPONSES = STREAMS["openai_responses"][:7]
AS_THEY_COME: dict[str, tuple[str, list[bytes]]] = {
    "empty arguments, completed later": (
        "openai_chat",
        [chat({"content": "well said"}), BEGUN_CALL, chat(called('{"a":')), chat(called("1}")), chat({}, "tool_calls")],
    ),
    "{} as arguments, completed later": (
        "openai_chat",
        [
            chat({"content": "well said"}),
            chat(called("{}", id="call_1", type="function")),
            chat(called('{"a":1}')),
            chat({}, "tool_calls"),
        ],
    ),
    "words between a call and its arguments": (
        "openai_chat",
        [BEGUN_CALL, chat({"content": "well said"}), chat(called('{"a":1}')), chat({}, "tool_calls")],
    ),
    "more after a finish reason": (
        "openai_chat",
        [
            chat({"content": "well said"}),
            BEGUN_CALL,
            chat(called('{"a":1}')),
            chat({}, "tool_calls"),
            chat({"content": ""}),
            chat({}, "stop"),
        ],
    ),
    "arguments whole where the call is added": (
        "openai_responses",
        [
            *SAID_IN_RESPONSES,
            responses("output_item.added", output_index=1, item={**ITEM, "arguments": '{"a":1}'}),
            responses("output_item.done", output_index=1, item={**ITEM, "arguments": '{"a":1}'}),
            responses("completed", response=WITH_A_CALL),
        ],
    ),
    "arguments and words only where they are done": (
        "openai_responses",
        [
            *STREAMS["openai_responses"][:3],
            *STREAMS["openai_responses"][5:7],
            responses("output_item.added", output_index=1, item={**ITEM, "arguments": ""}),
            responses("function_call_arguments.done", output_index=1, item_id="fc_1", arguments='{"a":1}'),
            responses("output_item.done", output_index=1, item={**ITEM, "arguments": '{"a":1}'}),
            responses("completed", response=WITH_A_CALL),
        ],
    ),
    "arguments where the block begins": (
        "anthropic_messages",
        [
            *STREAMS["anthropic_messages"][:6],
            anthropic(
                "content_block_start",
                index=1,
                content_block={"type": "tool_use", "id": "call_1", "name": "f", "input": {"a": 1}},
            ),
            anthropic("content_block_stop", index=1),
            anthropic("message_delta", delta={"stop_reason": "tool_use"}, usage={"output_tokens": 3}),
            anthropic("message_stop"),
        ],
    ),
}
"""Name of the shape -> (dialect of the provider, its events)."""


def read_in(dialect: str, shown: bytes) -> tuple[str, list[tuple[str, Any]], StopReason]:
    """(words, calls, end) that a client of this dialect reads."""
    framing, reader = Events(), REGISTRY.streamed_by_providers[dialect].reader()
    told = [one for each in framing.feed(shown) for one in reader.read(framing.payload(each))]
    (answer,) = reply_from_events([*told, *reader.close()], NO_METER).answers
    words = "".join(part.text for part in answer.parts if isinstance(part, Text))
    calls = [(part.name, json.loads(part.arguments)) for part in answer.parts if isinstance(part, Call)]
    return words, calls, answer.stop


@pytest.mark.parametrize("client", CHATS)
@pytest.mark.parametrize("shape", AS_THEY_COME)
def test_a_stream_is_read_as_servers_write_it_whole_and_byte_by_byte(client: str, shape: str) -> None:
    read = (
        "well said",
        [("f", {"a": 1})],
        StopReason.END if client == "google_generate" else StopReason.CALLS,
    )  # Google: STOP
    provider, sent = AS_THEY_COME[shape]
    whole = b"".join(sent) + (b"data: [DONE]\n\n" if provider == "openai_chat" else b"")
    if client == provider:
        assert read_in(client, whole) == read
        return
    for pieces in ([whole], [bytes((one,)) for one in whole]):
        stream = streaming_in(client).stream(provider, a_route(), SIGNED)
        shown = b"".join(map(stream.feed, pieces)) + stream.finish()
        assert stream.complete
        assert read_in(client, shown) == read


@pytest.mark.parametrize("client", CHATS)
@pytest.mark.parametrize("provider", CHATS)
def test_a_stream_that_breaks_off_ends_in_the_clients_dialect_and_is_no_whole(client: str, provider: str) -> None:
    stream = streaming_in(client).stream(provider, a_route(), SIGNED)
    shown = b"".join(map(stream.feed, STREAMS[provider][: MIDST[provider]])) + stream.finish()
    assert stream.content
    assert not stream.complete
    ending = stream.failure(UpstreamFailed("The provider broke off its reply."))
    assert b"upstream_failed" in ending
    taken = streaming_in(client).stream(client, a_route(), SIGNED)
    taken.feed(shown + ending)
    taken.finish()
    assert not taken.complete


@pytest.mark.parametrize(("client", "provider"), [*permutations(CHATS, 2)])
def test_a_beat_in_a_translated_stream_is_taken_for_none_of_its_words(client: str, provider: str) -> None:
    stream = streaming_in(client).stream(provider, a_route(), SIGNED)
    taken = streaming_in(client).stream(client, a_route(), SIGNED)
    beats = []
    for piece in STREAMS[provider]:
        shown = stream.feed(piece)
        beats.append(stream.keepalive())
        taken.feed(shown + beats[-1])
    taken.feed(stream.finish())
    taken.finish()
    assert any(beats)
    assert taken.complete


# --- vectors ---------------------------------------------------------------------------------------------------------

VECTORS = ["openai_embeddings", "google_embeddings"]
EMBED = {
    "openai_embeddings": PromptHead(operation=EMBEDDINGS),
    "google_embeddings": PromptHead(operation=EMBEDDINGS, model="small", verb="batchEmbedContents"),
}
TO_EMBED: dict[str, dict[str, Any]] = {
    "openai_embeddings": {"model": "small", "input": ["MARKER one", "MARKER two"], "encoding_format": "float"},
    "google_embeddings": {
        "requests": [
            {"model": "models/small", "content": {"parts": [{"text": text}]}} for text in ("MARKER one", "MARKER two")
        ]
    },
}
EMBEDDED: dict[str, dict[str, Any]] = {
    "openai_embeddings": {
        "object": "list",
        "model": "m",
        "data": [
            {"object": "embedding", "index": 0, "embedding": [0.5, -1.0]},
            {"object": "embedding", "index": 1, "embedding": [0.25, 2.0]},
        ],
        "usage": {"prompt_tokens": 9, "total_tokens": 9},
    },
    "google_embeddings": {"embeddings": [{"values": [0.5, -1.0]}, {"values": [0.25, 2.0]}]},
}


@pytest.mark.parametrize("client", VECTORS)
@pytest.mark.parametrize("provider", VECTORS)
def test_vectors_are_asked_for_and_come_back_in_either_dialect(client: str, provider: str) -> None:
    asked = Translation.accepted(client, json.dumps(TO_EMBED[client]).encode(), EMBED[client], SNAPSHOT)
    chat = {"openai_embeddings": "openai_chat", "google_embeddings": "google_generate"}[provider]
    route = a_route(a_provider(connection=a_connection(dialect=chat)))
    assert asked.carried_over([(provider, route)]) == (() if client == provider else (Carried(provider),))
    sent = asked.rendered(provider, route, RequestOverrides())
    assert b"MARKER one" in sent.body
    assert b"MARKER two" in sent.body
    found = asked.whole(provider, json.dumps(EMBEDDED[provider]).encode(), SIGNED)
    given = json.loads(found.body)
    values = (
        [entry["embedding"] for entry in given["data"]]
        if client == "openai_embeddings"
        else [entry["values"] for entry in given["embeddings"]]
    )
    assert values == [[0.5, -1.0], [0.25, 2.0]]
    counted = provider == "openai_embeddings"
    assert found.metered.source is (UsageSource.PROVIDER if counted else UsageSource.ESTIMATED)
    assert found.metered.usage.input == 9 if counted else found.metered.usage.input > 0
    assert found.metered.usage.output == 0


@pytest.mark.parametrize(
    ("client", "provider"), [("openai_embeddings", "openai_chat"), ("openai_chat", "openai_embeddings")]
)
def test_vectors_and_conversations_are_unfit_for_one_another(client: str, provider: str) -> None:
    said, asked = {**TO_EMBED, **HELLO}[client], EMBED.get(client, PLAIN)
    request = Translation.accepted(client, json.dumps(said).encode(), asked, SNAPSHOT)
    (carried,) = request.carried_over([(provider, a_route())])
    assert carried.unfit


# --- counting --------------------------------------------------------------------------------------------------------

COUNTED = {
    "openai_responses": {"object": "response.input_tokens", "input_tokens": 7},
    "anthropic_messages": {"input_tokens": 7},
    "google_generate": {"totalTokens": 7},
}


def counting_in(dialect: str, **members: Any) -> Translation:
    asked = PromptHead(operation=COUNT_TOKENS, model="small", verb="countTokens")
    return asked_in(dialect, asked if dialect == "google_generate" else COUNT, **members)


@pytest.mark.parametrize("dialect", REGISTRY.counting)
def test_a_count_is_estimated_and_answered_in_its_dialect(dialect: str) -> None:
    asked = counting_in(dialect)
    assert asked.demand.operation.counts
    assert not asked.demand.streaming
    assert REGISTRY.counting[dialect].count(asked.counted()) == asked.estimate > 0


@pytest.mark.parametrize("dialect", REGISTRY.counting)
def test_no_other_dialect_can_count_for_the_clients(dialect: str) -> None:
    others = [a_way(other) for other in CHATS if other != dialect]
    carried = counting_in(dialect).carried_over([a_way(dialect), *others])
    assert carried == tuple(Carried(wire, unfit=("count_tokens",)) for wire, _ in others)


@pytest.mark.parametrize("dialect", REGISTRY.counting)
def test_what_a_provider_counted_is_passed_on_and_costs_nothing(dialect: str) -> None:
    body = json.dumps(COUNTED[dialect]).encode()
    found = counting_in(dialect).whole(dialect, body, SIGNED)
    assert (found.body, found.metered.usage, found.metered.reported) == (body, NO_USAGE, {"counted": 7})
    assert found.metered.source is UsageSource.PROVIDER
    with pytest.raises(Broken):
        counting_in(dialect).whole(dialect, b"{}", SIGNED)


@pytest.mark.parametrize("dialect", CHATS)
def test_what_the_neutral_form_has_no_place_for_is_estimated_from_its_size(dialect: str) -> None:
    """A history with a provider's own tools in it, which a route of the same dialect may take, must have a count too:
    an agent gives up a model that has none."""
    searched = {"type": "mcp_tool_result", "tool_use_id": "srvtoolu_1", "content": []}
    history: dict[str, dict[str, Any]] = {
        "openai_chat": UNREADABLE,
        "openai_responses": {"input": [{"type": "item_reference", "id": "msg_1"}]},
        "anthropic_messages": {
            "messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": [searched]}]
        },
        "google_generate": {"cachedContent": "cachedContents/x"},
    }
    asked = asked_in(dialect, **history[dialect])
    way = a_way(next(other for other in CHATS if other != dialect))
    if asked.demand.rests_on:
        assert asked.carried_over([way])[0].unfit == tuple(reliance.member for reliance in asked.demand.rests_on)
    else:
        with pytest.raises(InvalidRequest):
            asked.carried_over([way])
    assert asked.estimate == asked.demand.input_tokens // 3


# --- refusals and names ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dialect", sorted(REGISTRY))
def test_a_refusal_is_told_in_the_clients_dialect(dialect: str) -> None:
    ended = InvalidRequest("`n` must be a number.", field="n")
    body = refusal(REGISTRY[dialect], ended, SIGNED.id, PLAIN)
    assert body == REGISTRY.by_name[dialect].error(ended, SIGNED.id)
    assert json.loads(body)["error"]["message"] == ended.message
    array = PromptHead(streaming=True, framing="array")
    assert json.loads(refusal(REGISTRY[dialect], ended, SIGNED.id, array)) == [json.loads(body)]


def test_a_receipt_keeps_no_name_that_a_client_made_up() -> None:
    demand = a_demand(unlisted=("patient_anna", "tool:teleport"))
    names = ("seed", "patient_anna", "tools.web_search", "tools.teleport", "seed", "tool:teleport")
    assert declared(names, demand) == ("seed", "unlisted", "tools")
    asked = asked_in("openai_chat", patient_anna=1, logit_bias={"7": 1})
    (carried,) = asked.carried_over([a_way("anthropic_messages")])
    assert set(carried.dropped) == {"unlisted", "logit_bias"}
    assert "patient_anna" in asked.rendered(*a_way("anthropic_messages"), RequestOverrides()).dropped, (
        "the client may know"
    )


# --- what a provider did not report ----------------------------------------------------------------------------------


@pytest.mark.parametrize("bytes_per_token", [1, 3])
def test_an_unreported_input_is_estimated_from_its_bytes_however_the_operator_counts_holds(
    bytes_per_token: int,
) -> None:
    snapshot = replace(SNAPSHOT, organisation=replace(SNAPSHOT.organisation, bytes_per_token=bytes_per_token))
    body = json.dumps({**HELLO["openai_chat"], "messages": [{"role": "user", "content": "x" * 900}]}).encode()
    asked = Translation.accepted("openai_chat", body, PLAIN, snapshot)
    answer = {name: value for name, value in ANSWER["openai_chat"].items() if name != "usage"}
    found = asked.whole("openai_chat", json.dumps(answer).encode(), SIGNED)
    assert found.metered.usage.input == -(-len(body) // 3)


def test_an_unreported_picture_is_estimated_within_its_hold() -> None:
    shown = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 900_000}}
    asked = asked_in("openai_chat", messages=[{"role": "user", "content": [shown]}])
    answer = {name: value for name, value in ANSWER["openai_chat"].items() if name != "usage"}
    found = asked.whole("openai_chat", json.dumps(answer).encode(), SIGNED)
    assert found.metered.usage.input <= asked.demand.input_tokens
