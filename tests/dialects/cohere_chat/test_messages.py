"""Turns, written as messages."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.dialects.cohere_chat.messages import messages
from gateway.dialects.dialect import Unportable
from gateway.dialects.neutral import Call, Media, Part, Result, Role, Text, Thought, Turn

IMAGE = Media("image", "image/png", "aGk=", detail="low")


def user(*parts: Part) -> Turn:
    return Turn(Role.USER, parts)


def assistant(*parts: Part) -> Turn:
    return Turn(Role.ASSISTANT, parts)


def system(text: str) -> Turn:
    return Turn(Role.SYSTEM, (Text(text),))


@pytest.mark.parametrize(
    ("turns", "written"),
    [
        ((user(Text("a"), Text("b")),), [{"role": "user", "content": "a\n\nb"}]),
        (
            (user(Text("a")), system("s"), system("t"), user(Text("b"))),
            [
                {"role": "system", "content": "s\n\nt"},
                {"role": "user", "content": "a"},
                {"role": "user", "content": "b"},
            ],
        ),
        (
            (user(Text("a"), IMAGE),),
            [
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "a"},
                        {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk=", "detail": "low"}},
                    ],
                }
            ],
        ),
        (
            (assistant(Text("I look."), Call("c1", "f", '{"a":1}')), user(Result("c1", (Text("42"),)))),
            [
                {
                    "role": "assistant",
                    "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}],
                    "tool_plan": "I look.",
                },
                {"role": "tool", "tool_call_id": "c1", "content": "42"},
            ],
        ),
        (
            (assistant(Thought("Hm"), Text("yes")),),
            [
                {
                    "role": "assistant",
                    "content": [{"type": "thinking", "thinking": "Hm"}, {"type": "text", "text": "yes"}],
                }
            ],
        ),
        ((assistant(Text("")), system("")), []),
    ],
)
def test_turns_become_messages(turns: tuple[Turn, ...], written: list[dict[str, Any]]) -> None:
    assert messages(turns) == (written, ())


def test_pictures_of_a_result_follow_in_the_users_message() -> None:
    told, _ = messages((user(Result("c1", (IMAGE,), name="shot"), Text("and?")),))
    assert [message["role"] for message in told] == ["tool", "user"]
    assert [part["type"] for part in told[1]["content"]] == ["text", "image_url", "text"]


@pytest.mark.parametrize(
    ("turn", "dropped"),
    [
        (user(Text("a", cached="5m")), ("cache_control",)),
        (user(Result("c", (Text("no", cached="5m"),), failed=True)), ("is_error", "cache_control")),
        (assistant(Thought("", "sealed", "anthropic_messages", redacted=True), Text("a")), ("thought",)),
    ],
)
def test_marks_without_a_place_are_named(turn: Turn, dropped: tuple[str, ...]) -> None:
    assert messages((turn,))[1] == dropped


@pytest.mark.parametrize("turn", [user(Media("audio", "audio/wav", "aGk=")), assistant(IMAGE)])
def test_media_without_a_place_cannot_be_carried(turn: Turn) -> None:
    with pytest.raises(Unportable):
        messages((turn,))
