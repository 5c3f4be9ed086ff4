"""Turns, written as items."""

from __future__ import annotations

import json
from typing import Any

import pytest
from openai.types.responses import ResponseInputItem
from pydantic import TypeAdapter

from gateway.dialects.dialect import Unportable
from gateway.dialects.neutral import Call, Media, Part, Result, Role, Text, Thought, Turn
from gateway.dialects.openai_responses.messages import items
from tests.builders import a_connection

CONNECTION = a_connection(dialect="openai_responses", system_role="developer")
_ITEM: TypeAdapter[Any] = TypeAdapter(ResponseInputItem)
PICTURE = Media("image", "image/png", "AAAA")


def system(*parts: Part) -> Turn:
    return Turn(Role.SYSTEM, parts)


def user(*parts: Part) -> Turn:
    return Turn(Role.USER, parts)


def assistant(*parts: Part) -> Turn:
    return Turn(Role.ASSISTANT, parts)


def written(*turns: Turn) -> list[dict[str, Any]]:
    """The items, each of which the SDK takes for one."""
    _, found, _ = items(turns, CONNECTION)
    for item in found:
        _ITEM.validate_json(json.dumps(item), strict=True)
    return found


def dropped(*turns: Turn) -> tuple[str, ...]:
    return items(turns, CONNECTION)[2]


def test_the_first_system_turn_becomes_the_instructions_and_later_ones_keep_their_place() -> None:
    told = (system(Text("a"), Text(""), Text("b")), user(Text("c")), system(Text("d")), system(), assistant(Text("e")))
    assert items(told, CONNECTION)[0] == "a\n\nb"
    assert [(item["role"], item["content"]) for item in written(*told)] == [
        ("user", "c"),
        ("developer", "d"),
        ("assistant", "e"),
    ]
    assert items(told, a_connection())[1][1]["role"] == "system"


def test_a_system_turn_alone_is_the_input() -> None:
    assert items([system(Text("a"))], CONNECTION)[0] == ""
    assert written(system(Text("a"))) == [{"type": "message", "role": "developer", "content": "a"}]


def test_calls_and_their_results_stand_together_and_before_what_is_said() -> None:
    results = user(Text("And?"), Result("c1", (Text("4"),)), Result("c2", ()), PICTURE)
    found = written(assistant(Text("Look."), Call("c1", "f", '{"a":1}', "sig"), Call("c2", "g")), results)
    assert [item["type"] for item in found] == [
        "message",
        "function_call",
        "function_call",
        "function_call_output",
        "function_call_output",
        "message",
    ]
    assert found[1] == {"type": "function_call", "call_id": "c1", "name": "f", "arguments": '{"a":1}'}
    assert [item["output"] for item in found[3:5]] == ["4", ""]
    assert [part["type"] for part in found[5]["content"]] == ["input_text", "input_image"]


def test_an_id_that_is_too_long_is_cut_alike_in_call_and_result() -> None:
    long = "x" * 65
    call, result = written(assistant(Call(long, "f")), user(Result(long, (Text("4"),))))
    assert call["call_id"] == result["call_id"]
    assert len(call["call_id"]) <= 64
    assert written(assistant(Call("x" * 64, "f")), user(Result("x" * 64, ())))[0]["call_id"] == "x" * 64


def test_a_thought_goes_back_to_its_maker_under_its_id() -> None:
    own = Thought("hm", "rs_1:gAAA", "openai_responses")
    assert written(assistant(own)) == [
        {
            "id": "rs_1",
            "type": "reasoning",
            "summary": [{"type": "summary_text", "text": "hm"}],
            "encrypted_content": "gAAA",
        }
    ]
    _, bare, _ = items([assistant(Thought("", ":gAAA", "openai_responses", redacted=True))], CONNECTION)
    assert bare == [{"type": "reasoning", "summary": [], "encrypted_content": "gAAA"}]


@pytest.mark.parametrize("thought", [Thought("hm"), Thought("hm", "sig", "anthropic_messages")])
def test_a_thought_of_another_maker_is_left_out_and_named(thought: Thought) -> None:
    assert written(assistant(thought, Text("x"))) == [{"type": "message", "role": "assistant", "content": "x"}]
    assert dropped(assistant(thought)) == ("thought",)


@pytest.mark.parametrize(
    ("media", "part"),
    [
        (PICTURE, {"type": "input_image", "image_url": "data:image/png;base64,AAAA", "detail": "auto"}),
        (
            Media("image", url="https://x.test/", detail="low"),
            {"type": "input_image", "image_url": "https://x.test/", "detail": "low"},
        ),
        (
            Media("document", "application/pdf", "AAAA", detail="high"),
            {
                "type": "input_file",
                "file_data": "data:application/pdf;base64,AAAA",
                "filename": "document.pdf",
                "detail": "high",
            },
        ),
        (
            Media("document", "text/plain", "AAAA"),
            {"type": "input_file", "file_data": "data:text/plain;base64,AAAA", "filename": "document"},
        ),
        (
            Media("document", url="https://x.test/", name="a.pdf"),
            {"type": "input_file", "file_url": "https://x.test/", "filename": "a.pdf"},
        ),
        (Media("document", url="https://x.test/"), {"type": "input_file", "file_url": "https://x.test/"}),
    ],
)
def test_media_stand_in_messages_and_in_results(media: Media, part: dict[str, Any]) -> None:
    message, _, output = written(user(media), assistant(Call("c", "f")), user(Result("c", (media,))))
    assert message["content"] == output["output"] == [part]


@pytest.mark.parametrize(
    ("turn", "names"),
    [
        (user(Media("audio", "audio/wav", "AAAA")), ("audio",)),
        (user(Media("video", url="https://x.test/")), ("video",)),
        (user(Result("c", (Media("audio", "audio/wav", "AAAA"),))), ("audio",)),
        (assistant(PICTURE), ("image",)),
        (system(PICTURE), ("image",)),
    ],
)
def test_content_that_has_no_place_is_not_dropped(turn: Turn, names: tuple[str, ...]) -> None:
    with pytest.raises(Unportable) as refused:
        written(turn)
    assert refused.value.names == names


@pytest.mark.parametrize(
    ("turn", "name"),
    [
        (user(Text("x", cached="5m")), "cache_control"),
        (user(Result("c", (Text("x", cached="1h"),))), "cache_control"),
        (user(Result("c", (), failed=True)), "is_error"),
    ],
)
def test_marks_without_a_place_are_named(turn: Turn, name: str) -> None:
    assert dropped(turn) == (name,)
    assert dropped(system(Text("x", cached="5m")), user(Text("y"))) == ("cache_control",)
