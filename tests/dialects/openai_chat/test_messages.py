"""Turns written as messages: order, roles, ids, and what providers could not read."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.core.catalog import Connection
from gateway.dialects.dialect import Unportable
from gateway.dialects.neutral import Call, Media, Part, Result, Role, Text, Thought, Turn
from gateway.dialects.openai.ids import LONGEST_ID, call_id
from gateway.dialects.openai_chat.messages import messages
from tests.builders import a_connection

PICTURE = Media("image", "image/png", "iVBORw0KGgo=")
PICTURE_PART = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
OPENAI = a_connection(system_role="developer", lenient=False, accepts_store=True)


def system(text: str) -> Turn:
    return Turn(Role.SYSTEM, (Text(text),))


def user(*parts: Part | str) -> Turn:
    return Turn(Role.USER, tuple(Text(part) if isinstance(part, str) else part for part in parts))


def assistant(*parts: Part | str) -> Turn:
    return Turn(Role.ASSISTANT, user(*parts).parts)


def written(*turns: Turn, connection: Connection | None = None) -> list[dict[str, Any]]:
    return messages(turns, connection or a_connection())[0]


def dropped(*turns: Turn, connection: Connection | None = None) -> tuple[str, ...]:
    return messages(turns, connection or a_connection())[1]


def test_words_are_one_string() -> None:
    assert written(system("be brief"), user("a", "b"), assistant("c"), user("d")) == [
        {"role": "system", "content": "be brief"},
        {"role": "user", "content": "a\n\nb"},
        {"role": "assistant", "content": "c"},
        {"role": "user", "content": "d"},
    ]


@pytest.mark.parametrize(
    ("part", "written_as"),
    [
        (PICTURE, PICTURE_PART),
        (
            Media("image", url="https://x.test/a.png", detail="low"),
            {"type": "image_url", "image_url": {"url": "https://x.test/a.png", "detail": "low"}},
        ),
        (
            Media("document", "application/pdf", "JVBERi0=", name="a.pdf"),
            {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERi0="}},
        ),
        (
            Media("document", "application/pdf", "JVBERi0="),
            {"type": "file", "file": {"filename": "document.pdf", "file_data": "data:application/pdf;base64,JVBERi0="}},
        ),
        (
            Media("document", "text/plain", "aGk="),
            {"type": "file", "file": {"filename": "document", "file_data": "data:text/plain;base64,aGk="}},
        ),
        (
            Media("audio", "audio/mpeg", "UklGRg=="),
            {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "mp3"}},
        ),
    ],
)
def test_what_is_no_word_is_a_part(part: Media, written_as: dict[str, Any]) -> None:
    assert written(user("see", part)) == [{"role": "user", "content": [{"type": "text", "text": "see"}, written_as]}]


@pytest.mark.parametrize(
    "turn",
    [
        user(Media("video", "video/mp4", "AAAA")),
        user(Media("audio", "audio/flac", "AAAA")),
        user(Media("audio", url="https://x.test/a.wav")),
        user(Media("document", url="https://x.test/a.pdf")),
        assistant(Media("image", "image/png", "AAAA")),
        Turn(Role.SYSTEM, (Media("image", "image/png", "AAAA"),)),
    ],
)
def test_what_has_no_place_is_said_and_never_left_out(turn: Turn) -> None:
    (part,) = turn.parts
    with pytest.raises(Unportable) as refused:
        written(turn)
    assert isinstance(part, Media)
    assert refused.value.names == (part.kind,)


def test_what_is_said_behind_the_models_last_word_is_what_it_answers() -> None:
    turns = (system("first"), user("a"), assistant("b"), system("second"))
    assert written(*turns)[0] == {"role": "system", "content": "first"}
    assert written(*turns)[-1] == {"role": "user", "content": "second"}
    assert messages(turns, OPENAI)[0][-1] == {"role": "developer", "content": "second"}


def test_later_system_texts_go_where_every_provider_takes_them() -> None:
    turns = (user("a"), system("first"), assistant("b"), system("second"), user("c"))
    assert written(*turns)[0] == {"role": "system", "content": "first\n\nsecond"}
    assert [message["role"] for message in written(*turns)] == ["system", "user", "assistant", "user"]


def test_they_keep_their_place_where_the_provider_is_known_to_allow_it() -> None:
    turns = (system("first"), user("a"), system("second"))
    assert written(*turns, connection=OPENAI) == [
        {"role": "developer", "content": "first"},
        {"role": "user", "content": "a"},
        {"role": "developer", "content": "second"},
    ]


def test_a_call_and_its_result() -> None:
    turns = (
        user("a"),
        assistant("let me see", Call("c1", "look", '{"a":1}')),
        user(Result("c1", (Text("dark"),), "look")),
    )
    function = {"name": "look", "arguments": '{"a":1}'}
    assert written(*turns)[1:] == [
        {
            "role": "assistant",
            "content": "let me see",
            "tool_calls": [{"id": "c1", "type": "function", "function": function}],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "dark"},
    ]


def test_a_call_alone_has_no_content() -> None:
    assert written(assistant(Call("c1", "look")))[0]["content"] is None


def test_nothing_stands_between_calls_and_results() -> None:
    turns = (
        assistant(Call("c1", "look"), Call("c2", "hear")),
        system("careful"),
        user(Result("c1", (Text("see"), PICTURE), "look"), "what now?"),
        user(Result("c2", (Text("a bell"), Text("twice")))),
        assistant("good"),
    )
    assert written(*turns, connection=OPENAI)[1:] == [
        {"role": "tool", "tool_call_id": "c1", "content": "see"},
        {"role": "tool", "tool_call_id": "c2", "content": "a bell\n\ntwice"},
        {"role": "developer", "content": "careful"},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "Result of look:"},
                PICTURE_PART,
                {"type": "text", "text": "what now?"},
            ],
        },
        {"role": "assistant", "content": "good"},
    ]


def test_what_waits_for_a_result_that_never_comes_is_still_said() -> None:
    assert written(assistant(Call("c1", "look")), user("never mind"))[1:] == [{"role": "user", "content": "never mind"}]
    assert written(assistant(Call("c1", "look")), user("a"), assistant("b"))[1:] == [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "b"},
    ]


def test_a_result_that_is_a_picture_says_where_it_is() -> None:
    found = written(assistant(Call("c1", "look")), user(Result("c1", (PICTURE,))))
    assert found[1] == {"role": "tool", "tool_call_id": "c1", "content": "The result is in the next message."}
    assert found[2]["content"] == [{"type": "text", "text": "Result of c1:"}, PICTURE_PART]


def test_an_empty_result_is_empty() -> None:
    found = written(assistant(Call("c1", "look")), user(Result("c1", ())))
    assert found[1] == {"role": "tool", "tool_call_id": "c1", "content": ""}


def test_long_ids_are_shortened_alike_on_both_sides() -> None:
    long = "toolu_" + "x" * 80
    call, result = written(assistant(Call(long, "look")), user(Result(long, (Text("a"),))))
    assert call["tool_calls"][0]["id"] == result["tool_call_id"] == call_id(long)
    assert len(call_id(long)) <= LONGEST_ID


@pytest.mark.parametrize(
    ("parts", "returned", "lost"),
    [
        ((Thought("so"), Call("c", "f")), "so", ()),
        ((Thought("so", "s", "openai_chat"), Thought("then"), Call("c", "f")), "so\n\nthen", ()),
        ((Thought("so", "s", "anthropic_messages"), Call("c", "f")), None, ("thought",)),
        ((Thought("", "s", "openai_chat", redacted=True), Call("c", "f")), None, ()),
        ((Thought("so"), Text("yes")), None, ("thought",)),
        ((Call("c", "f"),), None, ()),
    ],
)
def test_reasoning_goes_back_beside_calls(parts: tuple[Part, ...], returned: str | None, lost: tuple[str, ...]) -> None:
    assert written(assistant(*parts))[0].get("reasoning_content") == returned
    assert dropped(assistant(*parts)) == lost


def test_reasoning_does_not_go_where_it_would_be_refused() -> None:
    turn = assistant(Thought("so"), Call("c", "f"))
    assert "reasoning_content" not in written(turn, connection=OPENAI)[0]
    assert dropped(turn, connection=OPENAI) == ("thought",)


def test_a_turn_of_nothing_else_is_left_out() -> None:
    assert written(user("a"), assistant(Thought("so")), Turn(Role.SYSTEM, ())) == [{"role": "user", "content": "a"}]


def test_of_a_user_only_words_media_and_results_are_written() -> None:
    assert written(user("a", Thought("so"), Call("c", "f"))) == [{"role": "user", "content": "a"}]


def test_marks_that_have_no_place_are_named_once() -> None:
    turns = (
        user(Text("a", "5m"), Text("b", "1h")),
        assistant(Call("c", "f")),
        user(Result("c", (Text("x"),), failed=True, cached="5m")),
    )
    assert dropped(*turns) == ("cache_control", "is_error")
    assert dropped(assistant(Call("c", "f")), user(Result("c", (Text("x", "5m"),)))) == ("cache_control",)
    assert dropped(user("a")) == ()
