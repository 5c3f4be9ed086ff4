"""Tools that the client runs, as functions of other dialects: offered, called in history, and called in a reply."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from gateway.core.errors import InvalidRequest
from gateway.core.usage import NO_USAGE, Metered, UsageSource
from gateway.dialects.dialect import Broken, ReplyIdentity
from gateway.dialects.neutral import (
    Answer,
    Call,
    CallBegan,
    CallWrote,
    Finished,
    Reply,
    ReplyEnded,
    ReplyEvent,
    Result,
    Role,
    StopReason,
    Text,
    Turn,
)
from gateway.dialects.openai_responses.client_tools import CallShape, call_shapes, flat_name, shaped_call
from gateway.dialects.openai_responses.reply import ResponsesWriter
from gateway.dialects.openai_responses.tools import offered
from gateway.dialects.openai_responses.turns import turns

F = {"type": "function", "name": "search"}
PATCH = {"type": "custom", "name": "apply_patch", "format": {"type": "grammar", "syntax": "lark", "definition": "x: Y"}}
NAMESPACE = {"type": "namespace", "name": "mcp__graph", "description": "d", "tools": [F, {**PATCH, "name": "edit"}]}
SEARCH = {"type": "tool_search", "execution": "client"}
SHELL = {"type": "shell", "environment": {"type": "local"}}
TOOLS = [F, PATCH, NAMESPACE, SEARCH, {"type": "local_shell"}, SHELL]
NAMES = ["search", "apply_patch", "mcp__graph__search", "mcp__graph__edit", "tool_search", "local_shell", "shell"]


def test_every_tool_that_the_client_runs_is_a_function_elsewhere() -> None:
    found = offered({"tools": TOOLS})
    assert [tool.name for tool in found.tools] == NAMES
    assert found.lost == ()
    assert all(tool.schema["type"] == "object" for tool in found.tools)


def test_tools_that_the_provider_runs_are_lost_by_name() -> None:
    found = offered({"tools": [{"type": "tool_search"}, {"type": "shell"}, {"type": "web_search"}, {"type": "mcp"}]})
    assert (found.tools, found.lost) == ((), ("tools.tool_search", "tools.shell", "tools.web_search", "tools.mcp"))


@pytest.mark.parametrize("kind", ["additional_tools", "tool_search_output"])
def test_items_bring_tools_along(kind: str) -> None:
    values = {"tools": [SEARCH], "input": [{"type": kind, "role": "developer", "tools": [F, NAMESPACE]}]}
    assert [tool.name for tool in offered(values).tools] == ["tool_search", "search", *NAMES[2:4]]
    assert call_shapes(values)["mcp__graph__search"] == CallShape("function_call", "search", "mcp__graph")


def test_a_fault_in_a_namespace_is_named_by_its_place() -> None:
    with pytest.raises(InvalidRequest) as refused:
        offered({"tools": [{"type": "namespace", "name": "n", "tools": [{"type": "function"}]}]})
    assert refused.value.details["field"] == "tools[0].tools[0].name"


@pytest.mark.parametrize(
    ("choice", "name"),
    [
        ({"type": "custom", "name": "apply_patch"}, "apply_patch"),
        ({"type": "function", "name": "search", "namespace": "mcp__graph"}, "mcp__graph__search"),
        ({"type": "shell"}, "shell"),
    ],
)
def test_a_choice_may_name_each_of_them(choice: Mapping[str, Any], name: str) -> None:
    found = offered({"tools": TOOLS, "tool_choice": choice}).choice
    assert found is not None
    assert (found.kind, found.names) == ("named", (name,))


def test_a_long_name_is_cut_and_stays_one_of_its_kind() -> None:
    names = {flat_name("tool" * 10 + end, "mcp__" + "server" * 6) for end in "ab"}
    assert len(names) == 2
    assert all(len(name) == 64 for name in names)


def test_a_name_that_a_plain_function_has_too_is_that_functions() -> None:
    assert call_shapes({"tools": [{**F, "name": "shell"}, SHELL]}) == {}


ACTION = {"type": "exec", "command": ["ls"], "env": {}}
OPERATION = {"type": "delete_file", "path": "a"}
CALLS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("apply_patch", {"input": "*** Begin"}, {"type": "custom_tool_call", "name": "apply_patch", "input": "*** Begin"}),
    (
        "mcp__graph__edit",
        {"input": "x"},
        {"type": "custom_tool_call", "name": "edit", "namespace": "mcp__graph", "input": "x"},
    ),
    (
        "mcp__graph__search",
        {"q": 1},
        {"type": "function_call", "name": "search", "namespace": "mcp__graph", "arguments": '{"q":1}'},
    ),
    ("tool_search", {"query": "q"}, {"type": "tool_search_call", "execution": "client", "arguments": {"query": "q"}}),
    ("local_shell", {"command": ["ls"], "env": {}}, {"type": "local_shell_call", "action": ACTION}),
    (
        "shell",
        {"commands": ["ls"]},
        {"type": "shell_call", "action": {"commands": ["ls"], "timeout_ms": None, "max_output_length": None}},
    ),
]
HEAD = ReplyIdentity("1", "m", 1, lambda: 9)


@pytest.mark.parametrize(("name", "arguments", "item"), CALLS)
def test_a_call_comes_back_in_the_clients_own_form(name: str, arguments: dict[str, Any], item: dict[str, Any]) -> None:
    values = {"tools": TOOLS, "stream": True}
    text = json.dumps(arguments, separators=(",", ":"))
    body = ResponsesWriter(values, HEAD).whole(
        Reply((Answer((Call("c1", name, text),), StopReason.CALLS),), Metered(NO_USAGE, UsageSource.PROVIDER, {}))
    )
    (whole,) = json.loads(body)["output"]
    assert {key: whole[key] for key in item} == item
    assert (whole["call_id"], whole["status"]) == ("c1", "completed")
    writer = ResponsesWriter(values, HEAD)
    pieces: list[ReplyEvent] = [CallWrote(0, text[:5]), CallWrote(0, text[5:])]
    written = b"".join(map(writer.write, [CallBegan(0, "c1", name), *pieces, Finished(StopReason.CALLS), ReplyEnded()]))
    told = [json.loads(line[6:]) for line in written.splitlines() if line.startswith(b"data: ")]
    (added,) = [event["item"] for event in told if event["type"] == "response.output_item.added"]
    (done,) = [event["item"] for event in told if event["type"] == "response.output_item.done"]
    assert (added["type"], added["id"], done) == (item["type"], whole["id"], whole)
    assert told[-1]["response"]["output"] == [whole]
    if item["type"] == "custom_tool_call":
        deltas = [event for event in told if event["type"] == "response.custom_tool_call_input.delta"]
        assert "".join(event["delta"] for event in deltas) == item["input"]


@pytest.mark.parametrize(("name", "arguments", "item"), CALLS)
def test_a_call_in_history_is_told_as_the_function_that_stands_for_it(
    name: str, arguments: dict[str, Any], item: dict[str, Any]
) -> None:
    answer = "tool_search_output" if name == "tool_search" else f"{item['type']}_output"
    output: Any = {"tools": [F]} if name == "tool_search" else {"output": "ok"}
    found, lost = turns("", [{**item, "call_id": "c1", "id": "i1"}, {"type": answer, "call_id": "c1", **output}])
    assert lost == ()
    call, result = found[0].parts[0], found[1].parts[0]
    assert isinstance(call, Call)
    assert isinstance(result, Result)
    assert (call.name, json.loads(call.arguments)) == (name, arguments)
    assert (result.call, result.name) == ("c1", name)


def test_a_patch_that_failed_is_a_result_that_failed() -> None:
    call = {"type": "apply_patch_call", "call_id": "c1", "operation": OPERATION, "status": "completed"}
    output = {"type": "apply_patch_call_output", "call_id": "c1", "status": "failed", "output": "no"}
    found, _ = turns("", [call, output])
    assert found[1] == Turn(Role.USER, (Result("c1", (Text("no"),), "apply_patch", failed=True),))


def test_the_output_of_a_local_shell_may_name_the_item_of_its_call() -> None:
    call = {"type": "local_shell_call", "id": "lsh_1", "call_id": "c1", "action": ACTION}
    found, _ = turns("", [call, {"type": "local_shell_call_output", "id": "lsh_1", "output": "a"}])
    assert found[1].parts == (Result("c1", (Text("a"),), "local_shell"),)


def test_a_search_that_the_provider_ran_is_lost_by_name() -> None:
    call = {"type": "tool_search_call", "id": "t", "execution": "server", "arguments": {}}
    output = {"type": "tool_search_output", "execution": "server", "tools": [F]}
    _, lost = turns("", [call, output, {"role": "user", "content": "hi"}])
    assert lost == ("tool_search_call", "tool_search_output")


def test_arguments_that_no_call_of_the_kind_can_hold_are_broken() -> None:
    with pytest.raises(Broken):
        shaped_call(CallShape("shell_call"), "c", "[1]", "completed")
