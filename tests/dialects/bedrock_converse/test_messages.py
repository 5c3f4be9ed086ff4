"""Turns, written as messages of Converse."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.dialects.bedrock_converse.ids import NAME
from gateway.dialects.bedrock_converse.messages import converse_turns
from gateway.dialects.dialect import Unportable
from gateway.dialects.neutral import Call, Conversation, Media, Part, Result, Role, Text, Thought, Turn
from tests.dialects.bedrock_converse.requests import sent, user

PNG = Media("image", "image/png", "AAAA")
PDF = Media("document", "application/pdf", "AAAA", name="salaries.pdf")


def content(*parts: Part) -> list[dict[str, Any]]:
    _, body = sent(Conversation((user(*parts),)))
    found: list[dict[str, Any]] = body["messages"][0]["content"]
    return found


def assistant(*parts: Part) -> Turn:
    return Turn(Role.ASSISTANT, parts)


def test_turns_of_one_side_become_one_message_and_system_turns_the_system() -> None:
    turns = (
        Turn(Role.SYSTEM, (Text("rules"),)),
        user(Text("a")),
        user(Text("b")),
        assistant(Text("c")),
        user(Text("d")),
    )
    _, body = sent(Conversation(turns))
    assert body["system"] == [{"text": "rules"}]
    assert [(m["role"], [b["text"] for b in m["content"]]) for m in body["messages"]] == [
        ("user", ["a", "b"]),
        ("assistant", ["c"]),
        ("user", ["d"]),
    ]


def test_blank_words_are_left_out_since_converse_refuses_them() -> None:
    assert content(Text(" \n"), Text("a"), Text("")) == [{"text": "a"}]


def test_a_system_turn_alone_is_the_users() -> None:
    _, body = sent(Conversation((Turn(Role.SYSTEM, (Text("rules"),)),)))
    assert ("system" in body, body["messages"]) == (False, [{"role": "user", "content": [{"text": "rules"}]}])


def test_pictures_and_documents_are_bytes_and_no_name_of_a_file_leaves() -> None:
    rendered, body = sent(Conversation((user(Text("look"), PNG, PDF),)))
    assert body["messages"][0]["content"][1:] == [
        {"image": {"format": "png", "source": {"bytes": "AAAA"}}},
        {"document": {"format": "pdf", "source": {"bytes": "AAAA"}, "name": "document-1"}},
    ]
    assert rendered.dropped == ("name",)


def test_calls_results_and_thoughts() -> None:
    turns = (
        user(),
        assistant(
            Thought("hm", "sig", NAME),
            Thought("", "c2VhbGVk", NAME, redacted=True),
            Thought("other", "sig", "anthropic_messages"),
            Call("x" * 70, "look", '{"at":1}'),
        ),
        user(Text("go on"), Result("x" * 70, (Text("seen"), PNG), failed=True, cached="5m"), Result("y", ())),
    )
    rendered, body = sent(Conversation(turns))
    thoughts, [answer] = body["messages"][1]["content"][:2], body["messages"][1]["content"][2:]
    assert thoughts == [
        {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "sig"}}},
        {"reasoningContent": {"redactedContent": "c2VhbGVk"}},
    ]
    called = answer["toolUse"]
    assert (called["name"], called["input"]) == ("look", {"at": 1})
    assert len(called["toolUseId"]) <= 64
    first, mark, second, words = body["messages"][2]["content"]
    assert first["toolResult"] == {
        "toolUseId": called["toolUseId"],
        "content": [{"text": "seen"}, {"image": {"format": "png", "source": {"bytes": "AAAA"}}}],
        "status": "error",
    }
    assert (list(mark), words) == (["cachePoint"], {"text": "go on"})
    assert second["toolResult"] == {"toolUseId": "y", "content": [{"json": {}}], "status": "success"}
    assert rendered.dropped == ("thought",)


def test_an_answer_that_is_to_be_continued_ends_without_blanks() -> None:
    _, body = sent(Conversation((user(), assistant(Text("so \n")))))
    assert body["messages"][1]["content"] == [{"text": "so"}]


@pytest.mark.parametrize(
    ("turns", "name"),
    [
        ((user(Media("image", "image/png", url="https://a.example/x.png")),), "image"),
        ((user(Media("image", "image/tiff", "AAAA")),), "image"),
        ((user(PDF),), "document"),
        ((user(), assistant(PNG)), "image"),
        ((Turn(Role.SYSTEM, (PNG,)), user()), "image"),
        ((assistant(Text("a")), user()), "messages"),
        ((user(Text(" ")),), "messages"),
        ((user(), assistant(Call("a", "bad name"))), "tools"),
    ],
)
def test_what_converse_cannot_carry_is_named(turns: tuple[Turn, ...], name: str) -> None:
    with pytest.raises(Unportable) as caught:
        converse_turns(turns, cached=True)
    assert caught.value.names == (name,)


def test_films_and_sounds_have_formats() -> None:
    film, sound = Media("video", "video/mp4", "AAAA"), Media("audio", "audio/mpeg", "AAAA", detail="high")
    assert [*map(list, content(film, sound))] == [["video"], ["audio"]]
