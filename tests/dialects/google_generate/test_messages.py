"""Turns written as contents: which parts stand where, and whose signatures travel."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.dialects.dialect import Unportable
from gateway.dialects.google_generate.messages import contents
from gateway.dialects.google_generate.signatures import NAME, UNSIGNED
from gateway.dialects.neutral import Call, Media, Part, Result, Role, Text, Thought, Turn

HELLO = Turn(Role.USER, (Text("hello"),))
PICTURE = Media("image", "image/png", "AA==")
SHOWN = {"inlineData": {"mimeType": "image/png", "data": "AA=="}}


def system(text: str) -> Turn:
    return Turn(Role.SYSTEM, (Text(text),))


def model(*parts: Part) -> Turn:
    return Turn(Role.ASSISTANT, parts)


def user(*parts: Part) -> Turn:
    return Turn(Role.USER, parts)


def told(*turns: Turn) -> list[tuple[str, list[dict[str, Any]]]]:
    return [(content["role"], content["parts"]) for content in contents(turns)[0]["contents"]]


def spoken(*parts: Part) -> list[dict[str, Any]]:
    return told(HELLO, model(*parts))[1][1]


def call(id: str, signature: str = "") -> dict[str, Any]:
    stated = {"functionCall": {"id": id, "name": "f", "args": {}}}
    return {**stated, "thoughtSignature": signature} if signature else stated


def answer(id: str, said: str = "ok") -> dict[str, Any]:
    return {"functionResponse": {"id": id, "name": "f", "response": {"output": said}}}


def test_system_text_goes_to_its_slot_from_wherever_it_stands() -> None:
    members, lost = contents([system("a"), HELLO, model(Text("b")), system("c"), HELLO])
    assert members["systemInstruction"] == {"parts": [{"text": "a"}, {"text": "c"}]}
    assert [content["role"] for content in members["contents"]] == ["user", "model", "user"]
    assert lost == ()


def test_the_model_never_has_the_last_word_because_system_text_moved() -> None:
    assert told(HELLO, model(Text("b")), system("Now in French."))[-1] == ("user", [{"text": "Now in French."}])
    members, _ = contents([system("Say hello.")])
    assert members == {"contents": [{"role": "user", "parts": [{"text": "Say hello."}]}]}
    assert "systemInstruction" in contents([HELLO, system("a")])[0]


def test_turns_of_a_model_are_one_content() -> None:
    assert told(HELLO, model(Text("a")), model(Call("1", "f"))) == [
        ("user", [{"text": "hello"}]),
        ("model", [{"text": "a"}, call("1", UNSIGNED)]),
    ]


def test_turns_of_a_user_stay_apart() -> None:
    assert len(told(HELLO, HELLO)) == 2


def test_answers_stand_together_behind_their_calls() -> None:
    calls = model(Call("1", "f"), Call("2", "f"))
    first, second = (Result(i, (Text("ok"),), "f") for i in ("1", "2"))
    together = ("user", [answer("1"), answer("2")])
    assert told(HELLO, calls, user(first), user(second))[2:] == [together]
    assert told(HELLO, calls, user(first), HELLO, user(second))[2:] == [together, ("user", [{"text": "hello"}])]
    assert told(HELLO, calls, HELLO, user(first), model(Text("a")))[2:] == [
        ("user", [answer("1")]),
        ("user", [{"text": "hello"}]),
        ("model", [{"text": "a"}]),
    ]


def test_what_an_answer_shows_stands_behind_all_answers() -> None:
    calls = model(Call("1", "f"), Call("2", "f"))
    shown = user(Result("1", (Text("a"), PICTURE, Text("b")), "f"), Text("look"))
    assert told(HELLO, calls, shown, user(Result("2", (), "f")))[2] == (
        "user",
        [answer("1", "a\nb"), answer("2", ""), SHOWN, {"text": "look"}],
    )


def test_an_answer_says_whether_it_failed_and_whose_it_is() -> None:
    parts = told(HELLO, model(Call("1", "f")), user(Result("1", (Text("no"),), failed=True)))[2][1]
    assert parts == [{"functionResponse": {"id": "1", "name": "f", "response": {"error": "no"}}}]


@pytest.mark.parametrize(
    ("parts", "written"),
    [
        ([Call("1", "f"), Call("2", "f")], [call("1", UNSIGNED), call("2")]),
        ([Call("1", "f", "{}", "S1"), Call("2", "f")], [call("1", "S1"), call("2")]),
        ([Call("1", "f"), Call("2", "f", "{}", "S2")], [call("1", UNSIGNED), call("2", "S2")]),
        ([Text("a"), Call("1", "f")], [{"text": "a"}, call("1", UNSIGNED)]),
    ],
)
def test_the_first_call_of_a_turn_is_signed(parts: list[Part], written: list[dict[str, Any]]) -> None:
    assert spoken(*parts) == written


OWN = Thought("hm", "S", NAME)
THOUGHT = {"text": "hm", "thought": True}


@pytest.mark.parametrize(
    ("parts", "written"),
    [
        ([OWN, Text("a")], [THOUGHT, {"text": "a", "thoughtSignature": "S"}]),
        ([Thought("", "S", NAME), Text("a")], [{"text": "a", "thoughtSignature": "S"}]),
        ([Text("a"), Thought("", "S", NAME)], [{"text": "a"}, {"text": "", "thoughtSignature": "S"}]),
        ([OWN, PICTURE], [THOUGHT, {"text": "", "thoughtSignature": "S"}, SHOWN]),
        ([OWN, Text(""), Text("a")], [THOUGHT, {"text": "", "thoughtSignature": "S"}, {"text": "a"}]),
        ([OWN, Call("1", "f")], [THOUGHT, {"text": "", "thoughtSignature": "S"}, call("1", UNSIGNED)]),
        ([OWN, OWN], [THOUGHT, {"text": "", "thoughtSignature": "S"}, THOUGHT, {"text": "", "thoughtSignature": "S"}]),
    ],
)
def test_googles_own_signatures_go_back(parts: list[Part], written: list[dict[str, Any]]) -> None:
    assert spoken(*parts) == written


def test_what_others_signed_is_left_out_and_named() -> None:
    members, dropped = contents([HELLO, model(Thought("hm", "S", "anthropic_messages"), Call("1", "f"))])
    assert members["contents"][1]["parts"] == [call("1", UNSIGNED)]
    assert dropped == ("thought",)


def test_what_nobody_signed_goes_with_the_calls_that_it_led_to() -> None:
    assert spoken(Thought("hm"), Text("a")) == [{"text": "a"}]
    assert spoken(Thought("hm"), Call("1", "f", "{}", "S")) == [THOUGHT, call("1", "S")]
    assert contents([HELLO, model(Thought("hm"), Text("a"))])[1] == ()


@pytest.mark.parametrize(
    ("media", "mime"),
    [
        (Media("image", "image/bmp", url="https://x.test/a.png"), "image/bmp"),
        (Media("image", url="https://x.test/a.PNG?b=c.gif"), "image/png"),
        (Media("image", url="https://x.test/a"), "image/jpeg"),
        (Media("image", url="https://x.test/a.mov"), "image/jpeg"),
        (Media("document", url="https://x.test/a.csv"), "text/csv"),
        (Media("document", url="https://x.test/a.png"), "application/pdf"),
        (Media("video", url="https://x.test/a.webm"), "video/webm"),
    ],
)
def test_every_address_has_a_mime_type(media: Media, mime: str) -> None:
    assert told(user(media)) == [("user", [{"fileData": {"mimeType": mime, "fileUri": media.url}}])]


def test_what_has_no_place_is_named() -> None:
    named = Media("document", "application/pdf", "AA==", name="a.pdf", detail="high")
    assert contents([user(named)])[1] == ("filename", "detail")
    cached = [user(Text("a", cached="5m")), model(Call("1", "f")), user(Result("1", (), "f", cached="1h"))]
    assert contents(cached)[1] == ("cache_control",)
    assert contents([user(Media("image", "image/png", "AA==", detail="auto"))])[1] == ()


def test_nothing_at_all_is_no_request() -> None:
    with pytest.raises(Unportable):
        contents([user(Text("")), model(Thought("hm"))])
