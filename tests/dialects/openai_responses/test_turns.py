"""Items of a request's input, read into turns."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.core.errors import InvalidRequest
from gateway.dialects.neutral import Call, Media, Result, Role, Text, Thought, Turn
from gateway.dialects.openai_responses.turns import turns


def call(id_: str = "c1", **members: Any) -> dict[str, Any]:
    return {"type": "function_call", "call_id": id_, "name": "f", "arguments": "{}", **members}


def output(id_: str = "c1", output: Any = "4") -> dict[str, Any]:
    return {"type": "function_call_output", "call_id": id_, "output": output}


def said(role: str, text: str, **members: Any) -> dict[str, Any]:
    return {"role": role, "content": text, **members}


def read(*items: Any) -> tuple[Turn, ...]:
    return turns("", list(items))[0]


def user(*parts: Any) -> Turn:
    return Turn(Role.USER, parts)


def assistant(*parts: Any) -> Turn:
    return Turn(Role.ASSISTANT, parts)


def test_instructions_come_first_and_text_alone_is_the_users() -> None:
    found, lost = turns("Be brief.", "hi")
    assert found == (Turn(Role.SYSTEM, (Text("Be brief."),)), user(Text("hi")))
    assert lost == ()


def test_every_message_keeps_its_place() -> None:
    found = read(said("developer", "a"), said("user", "b"), said("system", "c"), said("assistant", "d", type="message"))
    assert [turn.role for turn in found] == [Role.SYSTEM, Role.USER, Role.SYSTEM, Role.ASSISTANT]
    assert [turn.parts for turn in found] == [(Text(word),) for word in "abcd"]


def test_what_an_assistant_says_and_does_at_once_is_one_turn_and_its_results_another() -> None:
    thought = {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "hm"}]}
    found = read(
        thought, said("assistant", "Look."), call("a"), call("b"), output("a"), output("b", ""), call("c"), output("c")
    )
    assert found == (
        assistant(Thought("hm"), Text("Look."), Call("a", "f"), Call("b", "f")),
        user(Result("a", (Text("4"),), "f"), Result("b", (), "f")),
        assistant(Call("c", "f")),
        user(Result("c", (Text("4"),), "f")),
    )


def test_a_late_result_goes_to_its_call() -> None:
    found = read(call("a"), said("user", "wait"), output("a"))
    assert found == (assistant(Call("a", "f")), user(Result("a", (Text("4"),), "f")), user(Text("wait")))


def test_an_id_may_be_used_again_once_it_is_answered() -> None:
    assert len(read(call("a"), output("a"), call("a"), output("a"))) == 4


def test_a_result_may_hold_pictures() -> None:
    picture = {"type": "input_image", "image_url": "data:image/png;base64,AAAA"}
    found = read(call(), output(output=[{"type": "input_text", "text": "see"}, picture]))
    assert found[1] == user(Result("c1", (Text("see"), Media("image", "image/png", "AAAA")), "f"))


def test_a_call_of_a_custom_tool_is_told_with_its_words_inside_an_object() -> None:
    custom = {"type": "custom_tool_call", "call_id": "c1", "name": "patch", "input": 'a "b"'}
    found = read(custom, {"type": "custom_tool_call_output", "call_id": "c1", "output": "ok"})
    assert found[0] == assistant(Call("c1", "patch", '{"input":"a \\"b\\""}'))
    assert found[1] == user(Result("c1", (Text("ok"),), "patch"))


def test_signatures_come_out_of_call_ids() -> None:
    found = read(call("call_1__scsig_c2ln", arguments=""), output("call_1__scsig_c2ln"))
    assert found == (assistant(Call("call_1", "f", "{}", "sig")), user(Result("call_1", (Text("4"),), "f")))


def reasoning(sealed: Any = None, *words: str, **members: Any) -> dict[str, Any]:
    summary = [{"type": "summary_text", "text": word} for word in words]
    return {"type": "reasoning", "id": "rs_1", "summary": summary, "encrypted_content": sealed, **members}


@pytest.mark.parametrize(
    ("item", "thought"),
    [
        (reasoning("gAAA", "a", "b"), Thought("a\n\nb", "rs_1:gAAA", "openai_responses")),
        (reasoning("gAAA"), Thought("", "rs_1:gAAA", "openai_responses", redacted=True)),
        (reasoning("gAAA", id=None), Thought("", ":gAAA", "openai_responses", redacted=True)),
        (reasoning("scsig.anthropic_messages.abc", "a"), Thought("a", "abc", "anthropic_messages")),
        (reasoning("scsig.anthropic_messages.abc"), Thought("", "abc", "anthropic_messages")),
        (reasoning("redacted.scsig.anthropic_messages.abc"), Thought("", "abc", "anthropic_messages", redacted=True)),
        (reasoning("scsig.none", "a"), Thought("a")),
        (reasoning(None, "a", content=[{"type": "reasoning_text", "text": "all"}]), Thought("all")),
    ],
)
def test_a_thought_knows_its_maker(item: dict[str, Any], thought: Thought) -> None:
    assert read(item) == (assistant(thought),)


def test_what_says_nothing_is_left_out() -> None:
    assert read(reasoning(), reasoning("scsig.none"), said("assistant", ""), said("user", "hi")) == (user(Text("hi")),)


def test_a_picture_that_was_made_is_shown_again() -> None:
    made = {"type": "image_generation_call", "id": "ig_1", "status": "completed", "result": "iVBORw0KGgo="}
    assert read(made) == (assistant(Media("image", "image/png", "iVBORw0KGgo=")),)


def test_what_has_no_place_is_named() -> None:
    cited = {"type": "output_text", "text": "hi", "annotations": [{"type": "url_citation"}]}
    _, lost = turns(
        "",
        [
            {"role": "assistant", "content": [cited], "phase": "commentary"},
            {"type": "web_search_call", "id": "ws_1", "status": "completed"},
            call(namespace="n"),
            output(),
        ],
    )
    assert set(lost) == {"annotations", "phase", "web_search_call"}


faults: dict[str, tuple[list[Any], str]] = {
    "reference": ([{"type": "item_reference", "id": "MARKER"}], "input[0]"),
    "reference without type": ([{"id": "MARKER"}], "input[0]"),
    "item of a tool that no other has": ([{"type": "computer_call", "call_id": "MARKER"}], "input[0]"),
    "unknown item": ([{"type": "MARKER"}], "input[0]"),
    "no item": (["MARKER"], "input[0]"),
    "role": ([said("MARKER", "x")], "input[0].role"),
    "role that is no word": ([{"role": ["MARKER"], "content": "x"}], "input[0].role"),
    "picture in a system message": (
        [{"role": "system", "content": [{"type": "input_image", "image_url": "https://x.test/MARKER"}]}],
        "input[0].content[0]",
    ),
    "arguments that are no JSON": ([call(arguments="{MARKER"), output()], "input[0].arguments"),
    "arguments that are no object": ([call(arguments="[1]"), output()], "input[0].arguments"),
    "arguments that are no text": ([call(arguments={"MARKER": 1}), output()], "input[0].arguments"),
    "name": ([call(name=""), output()], "input[0].name"),
    "call id": ([call(""), output()], "input[0].call_id"),
    "two calls of one id": ([call("a"), call("a"), output("a")], "input[1].call_id"),
    "call without output": ([said("user", "x"), call("MARKER")], "input[1].call_id"),
    "output without call": ([output("MARKER")], "input[0].call_id"),
    "output before its call": ([output(), call()], "input[0].call_id"),
    "second output": ([call(), output(), output()], "input[2].call_id"),
    "output that is a number": ([call(), output(output=7)], "input[1].output"),
    "custom input": ([{"type": "custom_tool_call", "call_id": "c", "name": "f", "input": 7}], "input[0].input"),
    "sealed thought that is no text": ([reasoning({"MARKER": 1})], "input[0]"),
    "summary": ([reasoning(None, summary="MARKER")], "input[0].summary"),
    "part of a summary": ([reasoning(None, summary=["MARKER"])], "input[0].summary"),
    "picture that is kept": ([{"type": "image_generation_call", "id": "MARKER"}], "input[0].result"),
    "nothing said": ([said("user", "")], "input"),
}


@pytest.mark.parametrize(("items", "field"), faults.values(), ids=faults.keys())
def test_faults_name_the_item_and_never_its_value(items: list[Any], field: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        turns("", items)
    assert refused.value.details["field"] == field
    assert "MARKER" not in refused.value.message


def test_an_input_that_is_no_list_is_a_fault() -> None:
    with pytest.raises(InvalidRequest):
        turns("", None)
