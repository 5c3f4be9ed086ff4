"""Replies follow from the shape of a request."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from gateway.sandbox.answer import GeneratedPart, answer
from gateway.sandbox.reply_request import DeclaredFunction, ReplyRequest
from gateway.sandbox.tokens import count

ASKED = ReplyRequest(messages=2, prompt_tokens=31)
THINKING = replace(ASKED, thought="shown")
FORECAST: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer", "minimum": 1}, "unit": {"enum": ["C", "F"]}},
    "required": ["city", "days", "unit"],
}


def test_the_reply_names_the_provider_and_the_counts() -> None:
    reply = answer(ASKED, "sandbox-se")
    assert reply.text.startswith("Hello from sandbox-se. Your request held 2 messages, 31 tokens in all. ")
    assert reply.finish == "stop"
    assert (reply.visible, reply.reasoning) == (count(reply.text), 0)


@pytest.mark.parametrize(
    ("messages", "images", "held"),
    [(1, 0, "held 1 message, 31"), (1, 1, "held 1 message, 1 image, 31"), (2, 3, "held 2 messages, 3 images, 31")],
)
def test_messages_and_images_are_counted_in_words(messages: int, images: int, held: str) -> None:
    assert held in answer(replace(ASKED, messages=messages, images=images), "sandbox-se").text


def test_the_same_shape_has_the_same_reply() -> None:
    assert answer(ASKED, "sandbox-fr") == answer(ASKED, "sandbox-fr")
    assert answer(ASKED, "sandbox-fr") != answer(ASKED, "sandbox-us")


@pytest.mark.parametrize("limit", [1, 2, 17])
def test_a_limit_cuts_the_reply_and_says_so(limit: int) -> None:
    whole, cut = answer(ASKED, "sandbox-se"), answer(replace(ASKED, limit=limit), "sandbox-se")
    assert (cut.visible, cut.finish) == (limit, "length")
    assert whole.text.startswith(cut.text)


def test_a_limit_that_is_long_enough_changes_nothing() -> None:
    whole = answer(THINKING, "sandbox-se")
    assert answer(replace(THINKING, limit=whole.visible + whole.reasoning), "sandbox-se") == whole
    assert answer(replace(THINKING, limit=whole.visible + whole.reasoning - 1), "sandbox-se").finish == "length"


@pytest.mark.parametrize(
    ("stop", "text", "by"),
    [
        ((" sandbox:", "held"), "Hello from sandbox-se. Your request ", "held"),
        (("Your", "Hello"), "", "Hello"),
    ],
)
def test_the_first_stop_word_ends_the_reply_before_it(stop: tuple[str, ...], text: str, by: str) -> None:
    reply = answer(replace(ASKED, stop=stop), "sandbox-se")
    assert (reply.text, reply.stopped_by, reply.finish) == (text, by, "stop")


def test_a_stop_word_that_is_never_said_changes_nothing() -> None:
    assert answer(replace(ASKED, stop=("absent",)), "sandbox-se") == answer(ASKED, "sandbox-se")


def test_a_reply_that_the_limit_ends_first_was_not_stopped() -> None:
    assert answer(replace(ASKED, stop=("held",), limit=2), "sandbox-se").stopped_by == ""


def test_a_thought_comes_first_and_is_counted_apart() -> None:
    plain, thinking = answer(ASKED, "sandbox-se"), answer(THINKING, "sandbox-se")
    assert [part.kind for part in thinking.parts] == ["thought", "text"]
    assert (thinking.visible, thinking.reasoning) == (plain.visible, count(thinking.parts[0].text))
    assert thinking.text == plain.text
    assert answer(replace(ASKED, thought="hidden"), "sandbox-se") == thinking


def test_the_limit_holds_for_thought_and_text_together() -> None:
    whole = answer(THINKING, "sandbox-se")
    within = answer(replace(THINKING, limit=whole.reasoning + 2), "sandbox-se")
    assert (within.reasoning, within.visible, within.finish) == (whole.reasoning, 2, "length")
    spent = answer(replace(THINKING, limit=whole.reasoning), "sandbox-se")
    assert (spent.reasoning, spent.visible, spent.finish) == (whole.reasoning, 0, "length")


def test_a_call_has_arguments_that_fit() -> None:
    reply = answer(replace(ASKED, call=DeclaredFunction("get_forecast", FORECAST)), "sandbox-se")
    (call,) = reply.parts
    assert (call.kind, call.name, reply.finish) == ("call", "get_forecast", "tool_calls")
    assert json.loads(call.text) == {"city": "", "days": 1, "unit": "C"}
    assert reply.visible == count(call.text) + 1


def test_a_call_without_parameters_has_no_arguments() -> None:
    assert answer(replace(ASKED, call=DeclaredFunction("now", {})), "sandbox-se").parts[0].text == "{}"


def test_a_limit_cuts_a_call_too() -> None:
    reply = answer(replace(ASKED, call=DeclaredFunction("get_forecast", FORECAST), limit=4), "sandbox-se")
    assert (reply.visible, reply.finish, reply.parts[0].text) == (4, "length", '{"city')


@pytest.mark.parametrize("limit", [2, 5])
def test_a_function_whose_name_has_no_room_is_not_called(limit: int) -> None:
    reply = answer(replace(THINKING, call=DeclaredFunction("a-b-c", {}), limit=16 + limit), "sandbox-se")
    assert (reply.parts[1:], reply.finish) == ((), "length")


def test_json_is_json() -> None:
    assert json.loads(answer(replace(ASKED, json=True), "sandbox-se").text) == {
        "provider": "sandbox-se",
        "messages": 2,
        "prompt_tokens": 31,
    }
    assert json.loads(answer(replace(ASKED, json=True, schema=FORECAST), "sandbox-se").text)["unit"] == "C"


def test_the_name_of_a_function_costs_its_own_tokens() -> None:
    assert GeneratedPart("call", ("{", "}"), "get-it").tokens == 5
