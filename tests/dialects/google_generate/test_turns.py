"""Contents read into turns: thoughts with their signatures, calls with their answers."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.core.errors import InvalidRequest
from gateway.dialects import signatures
from gateway.dialects.google.fields import GoogleObject
from gateway.dialects.google_generate.signatures import NAME, UNSIGNED, closed
from gateway.dialects.google_generate.turns import turns
from gateway.dialects.neutral import Call, Media, Part, Result, Role, Text, Thought, Turn

OWN = "T1dO"
FOREIGN = closed(signatures.enveloped("s", "anthropic_messages"))[0]
PASSED_ON = signatures.enveloped("s", "openai_chat")
HELLO = {"role": "user", "parts": [{"text": "hello"}]}
PICTURE = {"inlineData": {"mimeType": "image/png", "data": "AA=="}}


def read(*contents: dict[str, Any], **members: Any) -> tuple[tuple[Turn, ...], tuple[str, ...]]:
    return turns(GoogleObject({"contents": list(contents), **members}))


def model(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"role": "model", "parts": list(parts)}


def said(*parts: dict[str, Any]) -> tuple[Part, ...]:
    """What a model's turn of these parts is read as."""
    found, lost = read(HELLO, model(*parts, {"text": "."}))
    assert lost == ()
    assert found[1].parts[-1] == Text(".")
    return found[1].parts[:-1]


def call(name: str = "f", **members: Any) -> dict[str, Any]:
    return {"functionCall": {"name": name, **members}}


def answer(name: str = "f", **members: Any) -> dict[str, Any]:
    return {"functionResponse": {"name": name, "response": {"output": "ok"}, **members}}


def test_roles_are_turns_and_the_system_comes_first() -> None:
    found, lost = read(
        {"parts": {"text": "a"}}, model({"text": "b"}), HELLO, systemInstruction={"parts": [{"text": "be"}]}
    )
    assert [turn.role for turn in found] == [Role.SYSTEM, Role.USER, Role.ASSISTANT, Role.USER]
    assert [turn.parts for turn in found] == [(Text("be"),), (Text("a"),), (Text("b"),), (Text("hello"),)]
    assert lost == ()


def test_what_says_nothing_is_left_out() -> None:
    found, _ = read(HELLO, model({"text": ""}), {"role": "user"}, systemInstruction={"parts": [{"text": ""}]})
    assert found == (Turn(Role.USER, (Text("hello"),)),)


@pytest.mark.parametrize(
    ("parts", "thoughts"),
    [
        ([{"text": "hm", "thought": True}], (Thought("hm"),)),
        ([{"text": "", "thought": True}], ()),
        ([{"text": "h", "thought": True}, {"text": "m", "thought": True}], (Thought("hm"),)),
        ([{"text": "hm", "thought": True, "thoughtSignature": OWN}], (Thought("hm", OWN, NAME),)),
        (
            [{"text": "hm", "thought": True}, {"text": "a", "thoughtSignature": OWN}],
            (Thought("hm", OWN, NAME), Text("a")),
        ),
        ([{"text": "a", "thought_signature": OWN}], (Thought("", OWN, NAME), Text("a"))),
        ([{"text": "a"}, {"thoughtSignature": OWN}], (Text("a"), Thought("", OWN, NAME))),
        (
            [{"text": "hm", "thought": True}, {"text": "", "thought": True, "thoughtSignature": FOREIGN}],
            (Thought("hm", "s", "anthropic_messages"),),
        ),
        (
            [{"text": "hm", "thought": True}, {"text": "", "thoughtSignature": FOREIGN}],
            (Thought("hm"), Thought("", "s", "anthropic_messages", redacted=True)),
        ),
        (
            [{"text": "", "thoughtSignature": OWN}, {"text": "hm", "thought": True}],
            (Thought("", OWN, NAME), Thought("hm")),
        ),
        ([{"text": "a", "thoughtSignature": UNSIGNED}], (Text("a"),)),
    ],
)
def test_a_signature_completes_the_thought_before_it(parts: list[dict[str, Any]], thoughts: tuple[Part, ...]) -> None:
    assert said(*parts) == thoughts


@pytest.mark.parametrize(
    ("part", "read_as"),
    [
        ({**call(id="a1", args={"x": 1}), "thoughtSignature": OWN}, Call("a1", "f", '{"x":1}', OWN)),
        (call(id=signatures.signed_id("a1", OWN)), Call("a1", "f", "{}", OWN)),
        ({**call(id="a1"), "thoughtSignature": UNSIGNED}, Call("a1", "f")),
        ({**call(id="a1"), "thoughtSignature": FOREIGN}, Call("a1", "f")),
        ({**call(id="a1"), "thoughtSignature": closed(PASSED_ON)[0]}, Call("a1", "f", "{}", PASSED_ON)),
        (call(), Call("call_0", "f")),
    ],
)
def test_calls_keep_their_ids_and_signatures(part: dict[str, Any], read_as: Call) -> None:
    assert said(part) == (read_as,)


def test_media_stand_in_their_place() -> None:
    found, lost = read({"parts": [{"text": "a"}, {**PICTURE, "mediaResolution": {"level": "MEDIA_RESOLUTION_LOW"}}]})
    assert found[0].parts == (Text("a"), Media("image", "image/png", "AA==", detail="low"))
    assert lost == ()
    film = {"fileData": {"fileUri": "https://youtu.be/1"}, "videoMetadata": {"fps": 1}, "mediaResolution": {}}
    found, lost = read({"parts": [film]})
    assert found[0].parts == (Media("video", url="https://youtu.be/1"),)
    assert lost == ("videoMetadata", "mediaResolution")


def test_code_that_google_ran_becomes_words() -> None:
    code = {"executableCode": {"language": "PYTHON", "code": "print(1)"}}
    ran = {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1"}}
    assert said(code, ran) == (Text("```python\nprint(1)\n```"), Text("```\n1\n```"))


def test_what_nobody_else_could_be_told_is_lost_by_name() -> None:
    parts: list[dict[str, Any]] = [
        {"toolCall": {}, "partMetadata": {}},
        {"toolResponse": {}},
        {**PICTURE, "thought": True},
    ]
    found, lost = read(HELLO, model(*parts, {"text": "a"}))
    assert found[1].parts == (Text("a"),)
    assert lost == ("partMetadata", "toolCall", "toolResponse", "thought")


def answers(calls: list[dict[str, Any]], *parts: dict[str, Any]) -> list[str]:
    """The ids that these responses are read as answers to."""
    found, _ = read(HELLO, model(*calls), {"role": "user", "parts": list(parts)})
    return [part.call for part in found[2].parts if isinstance(part, Result)]


def test_answers_find_their_calls_by_id() -> None:
    assert answers([call(id="a"), call(id="b")], answer(id="b"), answer(id="a")) == ["b", "a"]
    assert answers([call(id="a")], answer(id=signatures.signed_id("a", OWN))) == ["a"]


def test_answers_without_ids_find_the_first_open_call_of_their_name() -> None:
    assert answers([call("f"), call("g"), call("f")], answer("g"), answer("f"), answer("f")) == [
        "call_1",
        "call_0",
        "call_2",
    ]
    assert answers([call("f", id="a"), call("f", id="b")], answer("f"), answer("f")) == ["a", "b"]
    assert answers([call("f")], answer("f", id="x")) == ["call_0"], "only one side knows ids"


def test_made_ids_are_none_of_the_clients_own() -> None:
    found, _ = read(HELLO, model(call("f"), call("f")), {"parts": [answer(), answer()]}, model(call(id="call_0")))
    assert [part.id for part in found[1].parts if isinstance(part, Call)] == ["call_1", "call_2"]


def test_an_answer_names_its_tool_and_says_whether_it_failed() -> None:
    failed = {"functionResponse": {"id": "a", "name": "other", "response": {"error": "no"}}}
    found, _ = read(HELLO, model(call(id="a")), {"role": "function", "parts": [failed]})
    assert found[2] == Turn(Role.USER, (Result("a", (Text("no"),), "f", failed=True),))


FAULTS: dict[str, tuple[list[dict[str, Any]], str]] = {
    "empty part": ([model({})], "contents[1].parts[0]"),
    "two kinds": ([model({"text": "MARKER", **PICTURE})], "contents[1].parts[0]"),
    "unknown kind": ([model({"hologram": "MARKER"})], "contents[1].parts[0]"),
    "call without name": ([model({"functionCall": {}})], "contents[1].parts[0].functionCall.name"),
    "arguments": ([model(call(args="MARKER"))], "contents[1].parts[0].functionCall.args"),
    "answer to nothing": ([{"parts": [answer(id="MARKER")]}], "contents[1].parts[0].functionResponse.id"),
    "answer by name to nothing": ([{"parts": [answer("MARKER")]}], "contents[1].parts[0].functionResponse.name"),
    "answer to another": (
        [model(call(id="a")), {"parts": [answer(id="MARKER")]}],
        "contents[2].parts[0].functionResponse.id",
    ),
    "text": ([model({"text": 7})], "contents[1].parts[0].text"),
}


@pytest.mark.parametrize(("contents", "field"), FAULTS.values(), ids=FAULTS)
def test_faults_name_the_part_and_never_its_value(contents: list[dict[str, Any]], field: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read(HELLO, *contents)
    assert refused.value.details == {"field": field}
    assert "MARKER" not in refused.value.message


def test_somebody_must_say_something() -> None:
    with pytest.raises(InvalidRequest) as refused:
        read({"parts": [{"text": ""}]}, systemInstruction={"parts": {"text": "be"}})
    assert refused.value.details == {"field": "contents"}
    with pytest.raises(InvalidRequest) as refused:
        read(HELLO, systemInstruction={"parts": [PICTURE]})
    assert refused.value.details == {"field": "systemInstruction.parts[0].text"}
