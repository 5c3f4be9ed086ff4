"""Turns of a conversation, written as a system prompt and messages."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from gateway.dialects.anthropic_messages.messages import AnthropicTurns, anthropic_turns, mark
from gateway.dialects.dialect import Unportable
from gateway.dialects.neutral import Call, Media, Part, Result, Role, Text, Thought, Turn

NAME = "anthropic_messages"


def system(*parts: Part) -> Turn:
    return Turn(Role.SYSTEM, parts)


def user(*parts: Part) -> Turn:
    return Turn(Role.USER, parts)


def assistant(*parts: Part) -> Turn:
    return Turn(Role.ASSISTANT, parts)


def blocks(*parts: Part) -> Any:
    """What a user's parts become."""
    (message,) = anthropic_turns([user(*parts)]).messages
    return message["content"]


def text(said: str) -> dict[str, Any]:
    return {"type": "text", "text": said}


HELLO = user(Text("hello"))
CALL = Call("toolu_1", "weather", '{"city": "Malmö"}')
RESULT = Result("toolu_1", (Text("4"),), "weather")


def test_a_conversation_keeps_its_order() -> None:
    found = anthropic_turns([system(Text("be kind")), HELLO, assistant(Text("hi")), user(Text("and?"))])
    assert found == AnthropicTurns(
        [text("be kind")],
        [
            {"role": "user", "content": [text("hello")]},
            {"role": "assistant", "content": [text("hi")]},
            {"role": "user", "content": [text("and?")]},
        ],
        (),
        unproved=False,
        dropped=(),
    )


def test_later_system_turns_join_the_first_in_their_order() -> None:
    found = anthropic_turns([system(Text("a")), HELLO, system(Text("b")), user(Text("more"))])
    assert found.system == [text("a"), text("b")]
    assert found.messages == [{"role": "user", "content": [text("hello"), text("more")]}]


def test_what_is_said_behind_the_models_last_word_is_what_it_answers() -> None:
    found = anthropic_turns([system(Text("a")), HELLO, assistant(Text("hi")), system(Text("b"))])
    assert found.system == [text("a")]
    assert found.messages[-1] == {"role": "user", "content": [text("b")]}


def test_where_nobody_else_speaks_the_last_system_turn_is_the_users() -> None:
    found = anthropic_turns([system(Text("a")), system(Text("b"))])
    assert (found.system, found.messages) == ([text("a")], [{"role": "user", "content": [text("b")]}])
    assert anthropic_turns([]).messages == []


def test_results_stand_together_before_what_else_is_said() -> None:
    second = Call("toolu_2", "now")
    found = anthropic_turns(
        [HELLO, assistant(CALL, second), user(RESULT), user(Text("well?")), user(Result("toolu_2", (), failed=True))]
    )
    assert found.messages[1:] == [
        {
            "role": "assistant",
            "content": [
                {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Malmö"}},
                {"type": "tool_use", "id": "toolu_2", "name": "now", "input": {}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "toolu_1", "content": [text("4")]},
                {"type": "tool_result", "tool_use_id": "toolu_2", "is_error": True},
                text("well?"),
            ],
        },
    ]
    assert found.called == ("weather", "now")


def test_ids_take_the_form_that_anthropic_demands_on_both_sides() -> None:
    found = anthropic_turns([HELLO, assistant(Call("functions.f:0", "f")), user(Result("functions.f:0", ()))])
    assert found.messages[1]["content"][0]["id"] == found.messages[2]["content"][0]["tool_use_id"]
    assert ":" not in found.messages[1]["content"][0]["id"]


PDF = "application/pdf"


@pytest.mark.parametrize(
    ("part", "block"),
    [
        (Text("x", "5m"), {"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}}),
        (
            Media("image", "image/png", "AAAA", cached="1h"),
            {
                "type": "image",
                "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"},
                "cache_control": {"type": "ephemeral", "ttl": "1h"},
            },
        ),
        (
            Media("image", url="https://x.test/a.png"),
            {"type": "image", "source": {"type": "url", "url": "https://x.test/a.png"}},
        ),
        (
            Media("document", PDF, "AAAA", name="a.pdf"),
            {"type": "document", "source": {"type": "base64", "media_type": PDF, "data": "AAAA"}, "title": "a.pdf"},
        ),
        (
            Media("document", url="https://x.test/a.pdf"),
            {"type": "document", "source": {"type": "url", "url": "https://x.test/a.pdf"}},
        ),
        (
            Media("document", "text/csv", base64.b64encode("å,b".encode()).decode()),
            {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "å,b"}},
        ),
    ],
)
def test_what_a_user_says_and_shows(part: Part, block: dict[str, Any]) -> None:
    assert blocks(part) == [block]


@pytest.mark.parametrize(
    "media",
    [
        Media("audio", "audio/wav", "AAAA"),
        Media("video", "video/mp4", "AAAA"),
        Media("video", url="https://x.test/a.mp4"),
        Media("image", "image/tiff", "AAAA"),
        Media("document", "application/msword", "AAAA"),
        Media("document", "text/plain", base64.b64encode(b"\xff").decode()),
        Media("document", "text/plain", "no base64"),
    ],
)
def test_what_cannot_be_shown_makes_the_request_unportable(media: Media) -> None:
    with pytest.raises(Unportable) as unportable:
        blocks(media)
    assert unportable.value.names == (media.kind,)


@pytest.mark.parametrize(
    "turn", [system(Media("image", "image/png", "AAAA")), assistant(Media("image", url="https://x/"))]
)
def test_only_users_show_things(turn: Turn) -> None:
    with pytest.raises(Unportable):
        anthropic_turns([HELLO, turn])


@pytest.mark.parametrize("name", ["a.b", "", "a" * 129])
def test_a_call_by_a_name_that_cannot_be_makes_the_request_unportable(name: str) -> None:
    with pytest.raises(Unportable) as unportable:
        anthropic_turns([HELLO, assistant(Call("t", name))])
    assert unportable.value.names == ("tools",)


def test_how_closely_to_look_is_not_said() -> None:
    found = anthropic_turns(
        [user(Media("image", "image/png", "AAAA", detail="low"), Media("image", url="https://x/", detail="auto"))]
    )
    assert found.dropped == ("detail",)


def test_blanks_say_nothing() -> None:
    assert blocks(Text(" \n"), Text("x")) == [text("x")]
    assert anthropic_turns([HELLO, assistant(Text("")), user(Text("x"))]).messages[0]["content"] == [
        text("hello"),
        text("x"),
    ]


def test_an_answer_to_be_continued_does_not_end_in_blanks() -> None:
    assert anthropic_turns([HELLO, assistant(Text("It is \n"))]).messages[-1]["content"] == [text("It is")]
    assert anthropic_turns([HELLO, assistant(Text("It is "), CALL)]).messages[-1]["content"][0] == text("It is ")


@pytest.mark.parametrize(
    ("thought", "block"),
    [
        (Thought("hm", "Eq", NAME), {"type": "thinking", "thinking": "hm", "signature": "Eq"}),
        (Thought("", "Em", NAME, redacted=True), {"type": "redacted_thinking", "data": "Em"}),
        (Thought("hm", "x", "google_generate"), None),
        (Thought("hm"), None),
        (Thought("hm", "", NAME), None),
    ],
)
def test_thoughts_go_back_to_their_maker_alone(thought: Thought, block: Any) -> None:
    found = anthropic_turns([HELLO, assistant(thought, Text("4"))])
    assert found.messages[1]["content"] == ([block] if block else []) + [text("4")]
    assert found.dropped == (() if block else ("thought",))


OWN = Thought("hm", "Eq", NAME)


@pytest.mark.parametrize(
    ("turns", "unproved"),
    [
        ([HELLO], False),
        ([HELLO, assistant(Text("4"))], False),
        ([HELLO, assistant(CALL), user(RESULT)], True),
        ([HELLO, assistant(Text("Let me look."), CALL), user(RESULT)], True),
        ([HELLO, assistant(OWN, CALL), user(RESULT)], False),
        ([HELLO, assistant(Thought("", "Em", NAME, redacted=True), CALL), user(RESULT)], False),
        ([HELLO, assistant(Thought("hm", "x", "google_generate"), CALL), user(RESULT)], True),
        ([HELLO, assistant(CALL), user(RESULT), assistant(Text("4")), user(Text("and?"))], False),
    ],
)
def test_a_turn_with_calls_must_begin_with_its_proof(turns: list[Turn], unproved: bool) -> None:
    assert anthropic_turns(turns).unproved is unproved


def test_a_mark_means_five_minutes_by_itself() -> None:
    assert (mark("5m"), mark("1h")) == ({"type": "ephemeral"}, {"type": "ephemeral", "ttl": "1h"})
