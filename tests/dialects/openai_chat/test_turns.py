"""Messages read into turns: who speaks, which call a result answers, what cannot be told."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.core.errors import InvalidRequest
from gateway.dialects import signatures
from gateway.dialects.neutral import Call, Media, Part, Result, Role, Text, Thought, Turn
from gateway.dialects.openai_chat.turns import turns

PNG = "data:image/png;base64,iVBORw0KGgo="
HELLO = {"role": "user", "content": "hello"}


def a_call(id: str = "call_a", name: str = "look", arguments: str = '{"a":1}') -> dict[str, Any]:
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}


def calling(*calls: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": None, "tool_calls": list(calls), **members}


def told(*messages: dict[str, Any]) -> tuple[Turn, ...]:
    return turns(list(messages))[0]


def spoken(message: dict[str, Any]) -> tuple[Part, ...]:
    """The parts of an assistant's message after a user's."""
    return told(HELLO, message)[1].parts


def fault(*messages: object) -> str:
    with pytest.raises(InvalidRequest) as refused:
        turns(list(messages))
    assert "secret" not in refused.value.message
    return str(refused.value.details["field"])


def test_each_message_is_a_turn_of_its_speaker() -> None:
    assert told(
        {"role": "system", "content": "be brief"},
        {
            "role": "user",
            "content": [{"type": "text", "text": "see"}, {"type": "image_url", "image_url": {"url": PNG}}],
        },
        {"role": "assistant", "content": "a dot"},
        {"role": "developer", "content": [{"type": "text", "text": "be kind"}]},
        HELLO,
    ) == (
        Turn(Role.SYSTEM, (Text("be brief"),)),
        Turn(Role.USER, (Text("see"), Media("image", "image/png", "iVBORw0KGgo="))),
        Turn(Role.ASSISTANT, (Text("a dot"),)),
        Turn(Role.SYSTEM, (Text("be kind"),)),
        Turn(Role.USER, (Text("hello"),)),
    )


def test_results_are_turns_of_the_user_and_know_their_tool() -> None:
    found = told(
        HELLO,
        calling(a_call(), a_call("call_b", "hear", "")),
        {"role": "tool", "tool_call_id": "call_b", "content": "a bell"},
        {
            "role": "tool",
            "tool_call_id": "call_a",
            "content": [{"type": "text", "text": "this"}, {"type": "image_url", "image_url": {"url": PNG}}],
        },
    )
    assert found[1] == Turn(Role.ASSISTANT, (Call("call_a", "look", '{"a":1}'), Call("call_b", "hear", "{}")))
    assert found[2] == Turn(Role.USER, (Result("call_b", (Text("a bell"),), "hear"),))
    picture = Media("image", "image/png", "iVBORw0KGgo=")
    assert found[3] == Turn(Role.USER, (Result("call_a", (Text("this"), picture), "look"),))


def test_a_tool_may_answer_nothing() -> None:
    found = told(HELLO, calling(a_call()), {"role": "tool", "tool_call_id": "call_a", "content": ""})
    assert found[2] == Turn(Role.USER, (Result("call_a", (), "look"),))


def test_functions_are_calls_without_ids_and_answered_by_name() -> None:
    found = told(
        HELLO,
        {"role": "assistant", "content": None, "function_call": {"name": "look", "arguments": "{}"}},
        {"role": "function", "name": "look", "content": "dark"},
        {"role": "assistant", "content": "again", "function_call": {"name": "look"}},
        {"role": "function", "name": "look", "content": "light"},
    )
    assert found[1:] == (
        Turn(Role.ASSISTANT, (Call("call_0", "look"),)),
        Turn(Role.USER, (Result("call_0", (Text("dark"),), "look"),)),
        Turn(Role.ASSISTANT, (Text("again"), Call("call_1", "look"))),
        Turn(Role.USER, (Result("call_1", (Text("light"),), "look"),)),
    )


def test_an_id_that_is_made_is_nobody_elses() -> None:
    parts = spoken(calling(a_call("call_1"), a_call("")))
    assert [part.id for part in parts if isinstance(part, Call)] == ["call_1", "call_0"]


def test_a_signature_that_travelled_in_an_id_is_taken_out_of_it() -> None:
    signed = signatures.signed_id("call_a", "c2lnbmVk")
    found = told(HELLO, calling(a_call(signed)), {"role": "tool", "tool_call_id": signed, "content": "x"})
    assert found[1].parts == (Call("call_a", "look", '{"a":1}', "c2lnbmVk"),)
    assert found[2].parts == (Result("call_a", (Text("x"),), "look"),)


@pytest.mark.parametrize(
    ("members", "thoughts"),
    [
        ({"reasoning_content": "so"}, (Thought("so"),)),
        ({"reasoning": "so"}, (Thought("so"),)),
        ({"reasoning_content": "so", "reasoning": "other"}, (Thought("so"),)),
        ({"reasoning_content": "", "reasoning": {"effort": "low"}}, ()),
        ({"reasoning_details": [{"type": "reasoning.summary", "summary": "so"}]}, (Thought("so"),)),
        (
            {
                "reasoning_content": "ab",
                "reasoning_details": [
                    {"type": "reasoning.text", "text": "a", "signature": "scsig.anthropic_messages.s1"},
                    {"type": "reasoning.text", "text": "b", "signature": "own"},
                    {"type": "reasoning.encrypted", "data": "scsig.anthropic_messages.s2"},
                    {"type": "reasoning.text", "text": "c"},
                    {"type": "reasoning.text", "text": ""},
                    7,
                ],
            },
            (
                Thought("a", "s1", "anthropic_messages"),
                Thought("b", "own", "openai_chat"),
                Thought("", "s2", "anthropic_messages", redacted=True),
                Thought("c"),
            ),
        ),
    ],
)
def test_earlier_reasoning_comes_first(members: dict[str, Any], thoughts: tuple[Thought, ...]) -> None:
    assert spoken({"role": "assistant", "content": "yes", **members}) == (*thoughts, Text("yes"))


def test_a_refusal_is_what_the_assistant_said() -> None:
    assert spoken({"role": "assistant", "content": None, "refusal": "no"}) == (Text("no"),)
    assert spoken({"role": "assistant", "content": [{"type": "refusal", "refusal": "no"}]}) == (Text("no"),)


def test_messages_that_say_nothing_are_left_out() -> None:
    found = told({"role": "system", "content": ""}, HELLO, {"role": "assistant", "content": ""}, HELLO)
    assert found == (Turn(Role.USER, (Text("hello"),)), Turn(Role.USER, (Text("hello"),)))
    assert fault({"role": "user", "content": ""}) == "messages"


@pytest.mark.parametrize(
    ("message", "field"),
    [
        ("secret", "messages[1]"),
        ({"role": "secret", "content": "x"}, "messages[1]"),
        ({"role": ["user"], "content": "x"}, "messages[1]"),
        ({"content": "x"}, "messages[1]"),
        ({"role": "user"}, "messages[1].content"),
        ({"role": "user", "content": []}, "messages[1].content"),
        ({"role": "system", "content": None}, "messages[1].content"),
        ({"role": "system", "content": [{"type": "image_url", "image_url": PNG}]}, "messages[1].content[0]"),
        ({"role": "assistant"}, "messages[1]"),
        ({"role": "assistant", "content": [{"type": "image_url", "image_url": PNG}]}, "messages[1].content[0]"),
        ({"role": "assistant", "content": "x", "audio": {"id": "audio_secret"}}, "messages[1].audio"),
        ({"role": "assistant", "content": "x", "refusal": 7}, "messages[1].refusal"),
        ({"role": "assistant", "tool_calls": {"id": "secret"}}, "messages[1].tool_calls"),
        (calling({"type": "custom", "custom": {"name": "secret"}}), "messages[1].tool_calls[0]"),
        (calling(a_call(name="")), "messages[1].tool_calls[0]"),
        (calling({"id": "x", "function": "secret"}), "messages[1].tool_calls[0]"),
        (calling(a_call(), a_call("b", arguments="{secret")), "messages[1].tool_calls[1].arguments"),
        (calling(a_call(arguments="[1]")), "messages[1].tool_calls[0].arguments"),
        (calling({"function": {"name": "f", "arguments": {"a": 1}}}), "messages[1].tool_calls[0].arguments"),
        (
            {"role": "assistant", "function_call": {"name": "f", "arguments": "1"}},
            "messages[1].function_call.arguments",
        ),
        ({"role": "tool", "tool_call_id": "secret", "content": "x"}, "messages[1].tool_call_id"),
        ({"role": "tool", "content": "x"}, "messages[1].tool_call_id"),
        ({"role": "function", "name": "secret", "content": "x"}, "messages[1].name"),
    ],
)
def test_what_cannot_be_told_is_refused_by_its_place(message: object, field: str) -> None:
    assert fault(HELLO, message) == field


@pytest.mark.parametrize("content", [None, 7, [{"type": "input_audio", "input_audio": {}}]])
def test_a_result_holds_words_and_pictures(content: object) -> None:
    place = "messages[2].content" + ("[0]" if isinstance(content, list) else "")
    assert fault(HELLO, calling(a_call()), {"role": "tool", "tool_call_id": "call_a", "content": content}) == place


def test_messages_are_a_list() -> None:
    with pytest.raises(InvalidRequest):
        turns(None)


def test_names_of_speakers_and_marks_for_caches_are_lost() -> None:
    marked = [{"type": "text", "text": "a", "prompt_cache_breakpoint": {"mode": "explicit"}}]
    _, lost = turns(
        [
            {"role": "user", "content": marked, "name": "ada"},
            calling(a_call()),
            {"role": "tool", "tool_call_id": "call_a", "name": "look", "content": "x"},
        ]
    )
    assert lost == ("prompt_cache_breakpoint", "name")
    assert turns([HELLO])[1] == ()
