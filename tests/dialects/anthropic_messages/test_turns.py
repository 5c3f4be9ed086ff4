"""The system prompt and the messages of a request, read into turns."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.core.errors import InvalidRequest
from gateway.dialects.anthropic_messages.request import NAME
from gateway.dialects.anthropic_messages.turns import turns
from gateway.dialects.neutral import Call, Media, Result, Role, Text, Thought, Turn
from gateway.dialects.signatures import enveloped, signed_id

ASKED = {"role": "user", "content": "How warm is it?"}
CALL = {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Malmö"}}
RESULT = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "4"}


def told(*messages: Any, **members: Any) -> tuple[Turn, ...]:
    return turns({"messages": list(messages), **members})[0]


def lost(*messages: Any) -> tuple[str, ...]:
    return turns({"messages": list(messages)})[1]


def assistant(*blocks: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": list(blocks)}


def user(*blocks: Any) -> dict[str, Any]:
    return {"role": "user", "content": list(blocks)}


def text(said: str, **members: Any) -> dict[str, Any]:
    return {"type": "text", "text": said, **members}


ASKED_TURN = Turn(Role.USER, (Text("How warm is it?"),))


def test_the_system_prompt_comes_first_and_later_ones_keep_their_place() -> None:
    later = {"role": "system", "content": [text("be brief")]}
    assert told(ASKED, later, system="be kind") == (
        Turn(Role.SYSTEM, (Text("be kind"),)),
        ASKED_TURN,
        Turn(Role.SYSTEM, (Text("be brief"),)),
    )


def test_what_claude_code_says_of_itself_is_not_said_to_others() -> None:
    bill = text("x-anthropic-billing-header: cc_version=2.1; cch=fa690;")
    rules = text("be kind", cache_control={"type": "ephemeral"})
    assert told(ASKED, system=[bill, rules])[0] == Turn(Role.SYSTEM, (Text("be kind", "5m"),))
    assert told(ASKED, system=[bill]) == (ASKED_TURN,)


def test_a_system_message_that_only_steers_says_nothing() -> None:
    steers = {"role": "system", "output_config": {"effort": "low"}}
    assert told(ASKED, steers, {**steers, "content": "be brief"}) == (
        ASKED_TURN,
        Turn(Role.SYSTEM, (Text("be brief"),)),
    )


def test_a_system_message_for_one_turn_is_hidden_by_the_next_one() -> None:
    passing = {"role": "system", "content": "only now", "clear_at": "next_user_message"}
    shown = Turn(Role.SYSTEM, (Text("only now"),))
    assert told(ASKED, passing, assistant(text("4"))) == (ASKED_TURN, shown, Turn(Role.ASSISTANT, (Text("4"),)))
    assert shown not in told(ASKED, passing, assistant(text("4")), ASKED)


def test_calls_and_results_find_each_other() -> None:
    shown = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}}
    failed = {**RESULT, "content": [text("4"), shown], "is_error": True, "cache_control": {"type": "ephemeral"}}
    assert told(ASKED, assistant(text("Let me look."), CALL), user(failed, text("well?")))[1:] == (
        Turn(Role.ASSISTANT, (Text("Let me look."), Call("toolu_1", "weather", '{"city":"Malmö"}'))),
        Turn(
            Role.USER,
            (
                Result(
                    "toolu_1", (Text("4"), Media("image", "image/png", "AAAA")), "weather", failed=True, cached="5m"
                ),
                Text("well?"),
            ),
        ),
    )


def test_a_result_may_be_empty() -> None:
    empty = {"type": "tool_result", "tool_use_id": "toolu_1"}
    assert told(ASKED, assistant(CALL), user(empty))[2].parts == (Result("toolu_1", (), "weather"),)


def test_a_signature_inside_an_id_belongs_to_the_call() -> None:
    id_ = signed_id("toolu_1", "google's")
    call, result = told(ASKED, assistant({**CALL, "id": id_}), user({**RESULT, "tool_use_id": id_}))[1:]
    assert call.parts == (Call("toolu_1", "weather", '{"city":"Malmö"}', "google's"),)
    assert result.parts == (Result("toolu_1", (Text("4"),), "weather"),)


@pytest.mark.parametrize(
    ("block", "thoughts"),
    [
        ({"type": "thinking", "thinking": "hm", "signature": "Eq"}, (Thought("hm", "Eq", NAME),)),
        ({"type": "thinking", "thinking": "", "signature": "Eq"}, (Thought("", "Eq", NAME),)),
        ({"type": "thinking", "thinking": "hm", "signature": ""}, (Thought("hm"),)),
        ({"type": "thinking", "thinking": "hm"}, (Thought("hm"),)),
        ({"type": "thinking", "thinking": "", "signature": ""}, ()),
        (
            {"type": "thinking", "thinking": "hm", "signature": enveloped("x", "google_generate")},
            (Thought("hm", "x", "google_generate"),),
        ),
        ({"type": "redacted_thinking", "data": "Em"}, (Thought("", "Em", NAME, redacted=True),)),
        (
            {"type": "redacted_thinking", "data": enveloped("x", "openai_responses")},
            (Thought("", "x", "openai_responses", redacted=True),),
        ),
        ({"type": "redacted_thinking", "data": ""}, ()),
    ],
)
def test_a_thought_keeps_its_proof_and_whose_it_is(block: Any, thoughts: tuple[Thought, ...]) -> None:
    assert told(ASKED, assistant(block, text("4")))[1].parts == (*thoughts, Text("4"))


def test_messages_that_say_nothing_are_left_out() -> None:
    assert told(ASKED, {"role": "assistant", "content": ""}, assistant(), ASKED) == (ASKED_TURN, ASKED_TURN)


def test_what_has_no_place_is_named() -> None:
    cited = text("4", citations=[{"type": "char_location"}])
    read = {
        "type": "document",
        "source": {"type": "text", "media_type": "text/plain", "data": "x"},
        "citations": {"enabled": True},
    }
    assert lost(user(read), assistant(cited, {**CALL, "cache_control": {"type": "ephemeral"}})) == (
        "citations",
        "cache_control",
    )


@pytest.mark.parametrize(
    ("messages", "field"),
    [
        ("MARKER", "messages"),
        ([], "messages"),
        ([{"role": "user", "content": ""}], "messages"),
        (["MARKER"], "messages[0]"),
        ([{"role": "MARKER", "content": "x"}], "messages[0]"),
        ([{"role": "user", "content": None}], "messages[0].content"),
        ([user({"type": "thinking", "thinking": "MARKER", "signature": ""})], "messages[0].content[0].type"),
        ([assistant({"type": "mcp_tool_use", "id": "MARKER"})], "messages[0].content[0].type"),
        ([assistant({"type": "image", "source": {}})], "messages[0].content[0].type"),
        ([{"role": "system", "content": [{"type": "tool_addition"}]}], "messages[0].content[0].type"),
        ([{"role": "system", "content": 7}], "messages[0].content"),
        ([assistant({**CALL, "id": ""})], "messages[0].content[0]"),
        ([assistant({**CALL, "name": ""})], "messages[0].content[0]"),
        ([assistant({**CALL, "input": "MARKER"})], "messages[0].content[0]"),
        ([assistant({**CALL, "toolset_name": "MARKER"})], "messages[0].content[0]"),
        ([assistant({**CALL, "id": 7})], "messages[0].content[0].id"),
        ([user({**RESULT, "tool_use_id": "MARKER"})], "messages[0].content[0].tool_use_id"),
        ([assistant(CALL), user({**RESULT, "content": 7})], "messages[1].content[0].content"),
        ([assistant(CALL), user({**RESULT, "is_error": "MARKER"})], "messages[1].content[0].is_error"),
        (
            [assistant(CALL), user({**RESULT, "content": [{"type": "browser_state"}]})],
            "messages[1].content[0].content[0].type",
        ),
        ([assistant({"type": "thinking", "thinking": "x", "signature": 7})], "messages[0].content[0].signature"),
        ([assistant({"type": "redacted_thinking", "data": 7})], "messages[0].content[0].data"),
    ],
)
def test_what_cannot_be_told_to_others_is_refused_by_its_place(messages: Any, field: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        turns({"messages": messages})
    assert refused.value.details["field"] == field
    assert "MARKER" not in refused.value.message


def test_blocks_of_a_search_that_the_provider_ran_are_lost_by_name() -> None:
    blocks = [{"type": "server_tool_use", "id": "s"}, {"type": "web_search_tool_result", "tool_use_id": "s"}]
    found, lost = turns({"messages": [assistant(*blocks, {"type": "text", "text": "hi"})]})
    assert found == (Turn(Role.ASSISTANT, (Text("hi"),)),)
    assert lost == ("server_tool_use", "web_search_tool_result")
