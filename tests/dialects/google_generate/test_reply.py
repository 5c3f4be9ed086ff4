"""Replies written for clients of generateContent."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from gateway.core.errors import UpstreamFailed
from gateway.core.usage import Metered, Usage, UsageSource
from gateway.dialects import signatures
from gateway.dialects.dialect import Broken, ReplyIdentity
from gateway.dialects.google_generate.events import events, reader
from gateway.dialects.google_generate.reply import GoogleWriter, writer
from gateway.dialects.google_generate.request import accept
from gateway.dialects.google_generate.signatures import NAME, UNSIGNED, closed
from gateway.dialects.neutral import (
    Answer,
    Call,
    CallBegan,
    CallWrote,
    Finished,
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
from gateway.dialects.prompt import Prompt, PromptHead
from tests.builders import a_snapshot
from tests.dialects.google_generate import goldens
from tests.dialects.google_generate.strategies import UNKEPT, replies

HEAD = ReplyIdentity("01JREPLY", "small", 1_700_000_000, lambda: 12)
USED = Used(Metered(Usage(input=8, output=4, reasoning=2), UsageSource.PROVIDER, {}))
FOREIGN = signatures.enveloped("s", "anthropic_messages")


def a_prompt(framing: Any = "events") -> Prompt:
    asked = PromptHead(model="small", streaming=True, framing=framing)
    return accept(b'{"contents":{"parts":{"text":"hello"}}}', asked, a_snapshot())[1]


def a_writer(framing: Any = "events") -> GoogleWriter:
    return writer(a_prompt(framing), HEAD)


def stream(*told: ReplyEvent) -> list[dict[str, Any]]:
    """The chunks that these events become."""
    writing = a_writer()
    return goldens.checked(b"".join(map(writing.write, told)))


def parts(*told: ReplyEvent) -> list[dict[str, Any]]:
    """The parts of all chunks but the last."""
    chunks = stream(*told, Finished(StopReason.END), ReplyEnded())
    return [part for chunk in chunks[:-1] for part in chunk["candidates"][0]["content"]["parts"]]


def chunk(*parts: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {
        "candidates": [{"content": {"parts": list(parts), "role": "model"}, **members, "index": 0}],
        "modelVersion": "small",
        "responseId": "01JREPLY",
    }


def test_a_stream_is_chunks_of_which_the_last_has_the_reason_and_the_usage() -> None:
    assert stream(Said("Hel"), Said("lo"), Finished(StopReason.END), USED, ReplyEnded()) == [
        chunk({"text": "Hel"}),
        chunk({"text": "lo"}),
        {
            **chunk({"text": ""}, finishReason="STOP"),
            "usageMetadata": {
                "promptTokenCount": 8,
                "candidatesTokenCount": 4,
                "thoughtsTokenCount": 2,
                "totalTokenCount": 14,
                "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 8}],
            },
        },
    ]


def test_events_end_as_googles_do() -> None:
    assert a_writer().write(Said("é")).endswith('"text":"é"}],"role":"model"},"index":0}],'.encode() + REST)


REST = b'"modelVersion":"small","responseId":"01JREPLY"}\r\n\r\n'


def test_a_call_is_one_whole_part() -> None:
    found = parts(
        Said("a"),
        CallBegan(0, "c1", "f", "T1dO"),
        CallWrote(0, '{"x":'),
        CallBegan(1, "", "g"),
        CallWrote(0, "1}"),
    )
    assert found == [
        {"text": "a"},
        {"functionCall": {"id": "c1", "name": "f", "args": {"x": 1}}, "thoughtSignature": "T1dO"},
        {"functionCall": {"id": "call_01JREPLY_0_1", "name": "g", "args": {}}},
    ]


def test_the_first_call_is_never_without_a_signature() -> None:
    found = parts(CallBegan(0, "c1", "f"), CallBegan(1, "c2", "g"), Said("a"), CallBegan(2, "c3", "f"))
    assert [part.get("thoughtSignature", "") for part in found] == [UNSIGNED, "", "", ""]
    assert found[2] == {"text": "a"}, "words behind a call stay behind it"


def test_thoughts_and_their_signatures_are_parts() -> None:
    own, theirs = signatures.enveloped("T1dO", NAME), closed(FOREIGN)[0]
    assert parts(Thinking("hm"), Signed(FOREIGN), Signed(FOREIGN, redacted=True), Signed(own)) == [
        {"text": "hm", "thought": True},
        {"text": "", "thoughtSignature": theirs, "thought": True},
        {"text": "", "thoughtSignature": theirs},
        {"text": "", "thoughtSignature": "T1dO"},
    ]


def test_media_and_scores_are_told() -> None:
    flag, film = Media("image", "image/png", "AA=="), Media("video", "video/mp4", url="https://x.test/a")
    assert parts(Made(flag), Made(film)) == [
        {"inlineData": {"mimeType": "image/png", "data": "AA=="}},
        {"fileData": {"mimeType": "video/mp4", "fileUri": "https://x.test/a"}},
    ]
    scored = stream(Scored((Score("a", -1.5), Score("b", -0.5, (("b", -0.5), ("c", -2.0))))), ReplyEnded())[0]
    assert scored["candidates"][0]["logprobsResult"] == {
        "chosenCandidates": [{"token": "a", "logProbability": -1.5}, {"token": "b", "logProbability": -0.5}],
        "topCandidates": [
            {"candidates": []},
            {"candidates": [{"token": "b", "logProbability": -0.5}, {"token": "c", "logProbability": -2.0}]},
        ],
    }


def test_nothing_is_written_for_nothing() -> None:
    writing = a_writer()
    for event in (Said(""), Thinking(""), USED, Finished(StopReason.END)):
        assert writing.write(event) == b""


@pytest.mark.parametrize(
    ("stop", "reason"),
    [
        (StopReason.END, "STOP"),
        (StopReason.SEQUENCE, "STOP"),
        (StopReason.CALLS, "STOP"),
        (StopReason.LENGTH, "MAX_TOKENS"),
        (StopReason.FILTERED, "SAFETY"),
    ],
)
def test_stops_are_reasons(stop: StopReason, reason: str) -> None:
    assert stream(Finished(stop), ReplyEnded())[-1]["candidates"][0]["finishReason"] == reason


def test_every_candidate_ends_in_the_last_chunk() -> None:
    last = stream(
        Said("a"), Said("b", 1), Finished(StopReason.END), Finished(StopReason.LENGTH, choice=1), ReplyEnded()
    )[-1]
    assert [(c["index"], c["finishReason"]) for c in last["candidates"]] == [(0, "STOP"), (1, "MAX_TOKENS")]


@pytest.mark.parametrize("framing", ["events", "array"])
def test_an_error_ends_a_stream_that_began(framing: Any) -> None:
    writing = a_writer(framing)
    out = writing.write(Said("a")) + writing.keepalive() + writing.failure(UpstreamFailed("The provider failed."))
    told = json.loads(out) if framing == "array" else [json.loads(data) for data in goldens.datas(out)]
    assert [[*one] for one in told] == [["candidates", "modelVersion", "responseId"], ["error"]]


def test_an_array_holds_what_the_events_hold() -> None:
    told = (Thinking("hm"), Said("a"), Finished(StopReason.END), USED, ReplyEnded())
    writing = a_writer("array")
    assert writing.keepalive() == b""
    assert json.loads(b"".join(writing.write(event) + writing.keepalive() for event in told)) == stream(*told)


@pytest.mark.parametrize("arguments", ["{", "[]", "MARKER", '"x"'])
def test_arguments_that_are_no_object_are_broken(arguments: str) -> None:
    writing = a_writer()
    writing.write(CallBegan(0, "c1", "f"))
    writing.write(CallWrote(0, arguments))
    with pytest.raises(Broken) as broken:
        writing.write(Finished(StopReason.CALLS))
    assert "MARKER" not in str(broken.value)
    reply = Reply((Answer((Call("c1", "f", arguments),)),), USED.metered)
    with pytest.raises(Broken):
        writing.whole(reply)


def test_arguments_for_a_call_that_was_written_are_broken() -> None:
    writing = a_writer()
    writing.write(CallBegan(0, "c1", "f"))
    writing.write(CallWrote(0, "{}"))
    writing.write(Said("a"))
    with pytest.raises(Broken):
        writing.write(CallWrote(0, "{}"))


@pytest.mark.parametrize("between", [Said("\n"), Thinking("hm")])
def test_what_stands_between_a_call_and_its_arguments_follows_the_call(between: ReplyEvent) -> None:
    writing = a_writer()
    events_ = [
        CallBegan(0, "c1", "f"),
        between,
        CallWrote(0, '{"x":'),
        CallWrote(0, "1}"),
        Finished(StopReason.CALLS),
        ReplyEnded(),
    ]
    out = b"".join(map(writing.write, events_))
    found = [event for data in goldens.datas(out) for event in reader().read(data)]
    assert found[:2] == [CallBegan(0, "c1", "f"), CallWrote(0, '{"x":1}')]
    assert between in found


@UNKEPT
@given(replies)
def test_a_whole_reply_is_read_as_it_was(reply: Reply) -> None:
    body = a_writer().whole(reply)
    goldens.response(body)
    assert goldens.heard(events(body)) == reply


@UNKEPT
@given(replies)
def test_a_stream_tells_what_the_whole_reply_does(reply: Reply) -> None:
    writing = a_writer()
    out = b"".join(map(writing.write, _events(reply)))
    goldens.checked(out)
    reading = reader()
    found = [event for data in goldens.datas(out) for event in reading.read(data)]
    assert goldens.heard([*found, *reading.close()]) == reply


def _events(reply: Reply) -> list[ReplyEvent]:
    """What a provider's stream would have been read as."""
    found: list[ReplyEvent] = []
    for choice, answer in enumerate(reply.answers):
        place = 0
        for part in answer.parts:
            match part:
                case Text(text):
                    found += [Said(text[:1], choice), Said(text[1:], choice)]
                case Thought(text, signature):
                    found += [Thinking(text, choice), *([Signed(signature, choice)] if signature else [])]
                case Media():
                    found.append(Made(part, choice))
                case Call():
                    found += [CallBegan(place, part.id, part.name, part.signature, choice)]
                    found += [CallWrote(place, part.arguments, choice)]
                    place += 1
        found += [Scored(answer.scores, choice)] if answer.scores else []
        found.append(Finished(answer.stop, choice=choice))
    return [*found, Used(reply.metered), ReplyEnded()]


def test_a_refusal_is_said_in_words_and_a_silent_answer_has_a_part() -> None:
    reply = Reply((Answer((), refusal="I will not."), Answer(())), USED.metered)
    told = goldens.response(a_writer().whole(reply))["candidates"]
    assert [candidate["content"]["parts"] for candidate in told] == [[{"text": "I will not."}], [{"text": ""}]]
    assert parts(Said("I will not.", refusal=True)) == [{"text": "I will not."}]


def test_a_call_without_an_id_gets_one_in_a_whole_reply_too() -> None:
    reply = Reply((Answer((Text("a"), Call("", "f"))),), USED.metered)
    (candidate,) = goldens.response(a_writer().whole(reply))["candidates"]
    assert candidate["content"]["parts"][1]["functionCall"]["id"] == "call_01JREPLY_0_1"
