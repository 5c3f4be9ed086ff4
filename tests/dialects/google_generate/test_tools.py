"""Tools and which of them to call."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.core.errors import InvalidRequest
from gateway.dialects.google.fields import GoogleObject
from gateway.dialects.google_generate.tools import GenerateTools, offered
from gateway.dialects.neutral import Tool, ToolChoice

DECLARED = [{"name": "f"}, {"name": "g"}]
F, G = Tool("f"), Tool("g")


def read(tools: Any = None, **calling: Any) -> GenerateTools:
    given: dict[str, Any] = {"tools": [{"functionDeclarations": DECLARED}] if tools is None else tools}
    return offered(GoogleObject(given | ({"toolConfig": {"functionCallingConfig": calling}} if calling else {})))


@pytest.mark.parametrize(
    ("declared", "tool"),
    [
        ({"name": "f"}, F),
        ({"name": "f", "description": "d", "parameters": {"type": "OBJECT"}}, Tool("f", "d", {"type": "object"})),
        ({"name": "f", "parametersJsonSchema": {"$id": "x"}}, Tool("f", schema={"$id": "x"})),
        ({"name": "f", "parameters_json_schema": {"type": "OBJECT"}}, Tool("f", schema={"type": "OBJECT"})),
    ],
)
def test_functions_are_read_with_either_kind_of_schema(declared: dict[str, Any], tool: Tool) -> None:
    assert read([{"function_declarations": [declared]}]).tools == (tool,)
    assert read({"functionDeclarations": declared}).tools == (tool,), "a single value stands for a list"


@pytest.mark.parametrize(
    ("calling", "tools", "choice"),
    [
        ({}, (F, G), None),
        ({"mode": "MODE_UNSPECIFIED"}, (F, G), None),
        ({"mode": "AUTO"}, (F, G), ToolChoice()),
        ({"mode": "auto", "allowedFunctionNames": ["g"]}, (G,), ToolChoice()),
        ({"mode": "NONE"}, (F, G), ToolChoice("none")),
        ({"mode": "ANY"}, (F, G), ToolChoice("required")),
        ({"mode": 2}, (F, G), ToolChoice("required")),
        ({"mode": "ANY", "allowed_function_names": ["f", "g"]}, (F, G), ToolChoice("named", ("f", "g"))),
    ],
)
def test_modes_are_choices(calling: dict[str, Any], tools: tuple[Tool, ...], choice: ToolChoice | None) -> None:
    found = read(**calling)
    assert (found.tools, found.choice, found.lost) == (tools, choice, ())


def test_validated_calls_are_plain_ones_elsewhere_and_that_is_said() -> None:
    found = read(mode="VALIDATED", allowedFunctionNames=["f"])
    assert (found.tools, found.choice, found.lost) == ((F,), ToolChoice(), ("functionCallingConfig.mode",))


def test_what_only_google_runs_is_lost_by_name() -> None:
    tools = [{"googleSearch": {}, "url_context": {}}, {"MARKER x": {}}, {"functionDeclarations": [{"name": "f"}]}]
    assert read(tools).lost == ("tools.googleSearch", "tools.urlContext", "tools")
    assert read([{"codeExecution": {}}], mode="NONE").choice is None


def test_what_is_said_beside_functions_and_choices_is_lost_by_name() -> None:
    given = {
        "tools": [{"functionDeclarations": [{"name": "f", "response": {}, "behavior": "BLOCKING"}]}],
        "toolConfig": {
            "functionCallingConfig": {"streamFunctionCallArguments": True, "other": False},
            "retrievalConfig": {"languageCode": "sv"},
            "includeServerSideToolInvocations": True,
            "other": 1,
        },
    }
    assert offered(GoogleObject(given)).lost == (
        "response",
        "behavior",
        "functionCallingConfig.streamFunctionCallArguments",
        "retrievalConfig",
        "includeServerSideToolInvocations",
        "toolConfig.other",
    )


FAULTS: dict[str, tuple[Any, dict[str, Any]]] = {
    "no name": ([{"functionDeclarations": [{}]}], {}),
    "parameters": ([{"functionDeclarations": [{"name": "f", "parameters": "MARKER"}]}], {}),
    "JSON Schema": ([{"functionDeclarations": [{"name": "f", "parametersJsonSchema": "MARKER"}]}], {}),
    "tool": (["MARKER"], {}),
    "mode": (None, {"mode": "MARKER"}),
    "unknown function": (None, {"mode": "ANY", "allowedFunctionNames": ["MARKER"]}),
    "nothing to call": ([], {"mode": "ANY"}),
}


@pytest.mark.parametrize(("tools", "calling"), FAULTS.values(), ids=FAULTS)
def test_faults_name_the_field_and_never_its_value(tools: Any, calling: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read(tools, **calling)
    assert "MARKER" not in refused.value.message + str(refused.value.details)
