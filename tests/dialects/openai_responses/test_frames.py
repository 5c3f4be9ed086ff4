"""Events as bytes."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.dialects.dialect import Broken
from gateway.dialects.neutral import (
    CallBegan,
    CallWrote,
    Made,
    Media,
    ReplyEvent,
    Said,
    Score,
    Scored,
    Signed,
    Thinking,
)
from gateway.dialects.openai_responses.frames import Output, frame


def test_an_event_names_its_type_twice_and_its_number_once() -> None:
    expected = b'event: a.b\ndata: {"type":"a.b","sequence_number":3,"delta":"\xc3\xa5"}\n\n'
    assert frame("a.b", 3, delta="å") == expected


SIGNED = "scsig.anthropic_messages.abc"


def an_output(*, sealing: bool = False, scoring: bool = False) -> Output:
    return Output("01J", sealing=sealing, scoring=scoring)


def kinds(output: Output, *events: ReplyEvent) -> list[str]:
    """What is told, without the common prefix."""
    told = [kind for event in events for kind, _ in output.tell(event)]
    return [kind.removeprefix("response.") for kind in [*told, *(kind for kind, _ in output.close())]]


def items(output: Output, *events: ReplyEvent) -> list[dict[str, Any]]:
    kinds(output, *events)
    return output.items


def test_words_grow_in_one_part_and_a_refusal_in_the_next() -> None:
    output = an_output()
    assert kinds(output, Said("Hi"), Said(""), Said(" there"), Said("No", refusal=True)) == [
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "content_part.added",
        "refusal.delta",
        "refusal.done",
        "content_part.done",
        "output_item.done",
    ]
    (message,) = output.items
    assert [part.get("text") or part.get("refusal") for part in message["content"]] == ["Hi there", "No"]
    assert output.refused


def test_a_thought_is_one_item_and_its_seal_only_for_those_who_want_it() -> None:
    thought = (Thinking("a"), Thinking(""), Thinking("b"), Signed(SIGNED))
    (plain,) = items(an_output(), *thought)
    assert plain == {"id": "rs_foreign_01J_0", "type": "reasoning", "summary": [{"type": "summary_text", "text": "ab"}]}
    assert items(an_output(sealing=True), *thought) == [{**plain, "encrypted_content": SIGNED}]


def test_a_seal_without_words_is_an_item_only_for_those_who_want_it() -> None:
    assert items(an_output(), Signed(SIGNED), Signed(SIGNED, redacted=True)) == []
    bare, redacted = items(an_output(sealing=True), Signed(SIGNED), Signed(SIGNED, redacted=True))
    assert (bare["summary"], bare["encrypted_content"]) == ([], SIGNED)
    assert redacted["encrypted_content"] == f"redacted.{SIGNED}"


def test_a_redacted_thought_is_one_of_its_own() -> None:
    found = items(an_output(sealing=True), Thinking("a"), Signed(SIGNED, redacted=True))
    assert [item.get("encrypted_content") for item in found] == ["scsig.none", f"redacted.{SIGNED}"]
    found = items(an_output(), Thinking("a"), Signed(SIGNED, redacted=True), Thinking("b"))
    assert [item["summary"][0]["text"] for item in found] == ["a", "b"]


def test_a_call_has_an_id_for_itself_and_one_for_its_result() -> None:
    call = (CallBegan(0, "", "f", "sig"), CallWrote(0, '{"a":'), CallWrote(0, ""), CallWrote(0, "1}"))
    assert items(an_output(), *call, CallBegan(1, "c2", "g")) == [
        {
            "id": "fc_01J_0",
            "type": "function_call",
            "status": "completed",
            "arguments": '{"a":1}',
            "call_id": "call_01J_0__scsig_c2ln",
            "name": "f",
        },
        {
            "id": "fc_01J_1",
            "type": "function_call",
            "status": "completed",
            "arguments": "{}",
            "call_id": "c2",
            "name": "g",
        },
    ]


@pytest.mark.parametrize("between", [CallBegan(1, "c2", "g"), Said("x")])
def test_a_call_that_is_complete_takes_no_more(between: ReplyEvent) -> None:
    output = an_output()
    called = (CallBegan(0, "c1", "f"), CallWrote(0, "{}"), between)
    kinds(an_output(), *called, CallWrote(0, " "))
    with pytest.raises(Broken):
        kinds(output, *called, Said("y"), CallWrote(0, '{"late": 1}'))


def test_calls_that_are_written_at_once_are_items_one_after_another() -> None:
    both = (
        CallBegan(0, "c1", "f"),
        CallBegan(1, "c2", "g"),
        Said("x"),
        CallWrote(1, '{"b":2}'),
        CallWrote(0, '{"a":1}'),
    )
    first, second, said = items(an_output(), *both)
    assert [(call["call_id"], call["arguments"]) for call in (first, second)] == [("c1", '{"a":1}'), ("c2", '{"b":2}')]
    assert said["content"][0]["text"] == "x"


def test_a_picture_is_a_call_with_a_result() -> None:
    (made,) = items(an_output(), Made(Media("image", "image/png", "AAAA")), Made(Media("audio", "audio/wav", "AAAA")))
    assert (made["type"], made["result"], made["status"]) == ("image_generation_call", "AAAA", "completed")


SCORES = (Score("Hi", -0.5, (("Ho", -1.5),)),)
TOLD = [
    {
        "token": "Hi",
        "bytes": [72, 105],
        "logprob": -0.5,
        "top_logprobs": [{"token": "Ho", "bytes": [72, 111], "logprob": -1.5}],
    }
]


def test_log_probabilities_are_told_with_their_words_to_those_who_want_them() -> None:
    output = an_output(scoring=True)
    assert list(output.tell(Said("Hi"))) == []
    told = [*output.tell(Scored(SCORES)), *output.tell(Said("!")), *output.close()]
    deltas = [members for kind, members in told if kind == "response.output_text.delta"]
    assert [(delta["delta"], delta["logprobs"]) for delta in deltas] == [("Hi", TOLD), ("!", [])]
    assert output.items[0]["content"][0]["logprobs"] == TOLD


def test_log_probabilities_that_come_late_are_told_all_the_same() -> None:
    (message,) = items(an_output(scoring=True), Scored(SCORES), Said("Hi"), Scored(SCORES), Scored(SCORES))
    assert message["content"][0]["logprobs"] == [*TOLD, *TOLD]
    assert message["content"][0]["text"] == "Hi"


def test_log_probabilities_that_nobody_wants_are_not_told() -> None:
    (message,) = items(an_output(), Said("Hi"), Scored(SCORES))
    assert message["content"][0]["logprobs"] == []
