"""Custom tools as functions, and back."""

from __future__ import annotations

import pytest

from gateway.dialects.openai.tools import custom_arguments, custom_input, custom_tool

LARK = {"syntax": "lark", "definition": "start: WORD"}


@pytest.mark.parametrize("form", [{"type": "grammar", **LARK}, {"type": "grammar", "grammar": LARK}])
def test_a_grammar_stands_in_the_description(form: object) -> None:
    tool = custom_tool("apply_patch", "Changes files.", form)
    assert tool.name == "apply_patch"
    assert tool.description.startswith("Changes files.\n\n")
    assert "Lark" in tool.description
    assert tool.description.endswith("start: WORD")
    assert list(tool.schema["properties"]) == tool.schema["required"] == ["input"]


@pytest.mark.parametrize("form", [None, "x", {"type": "text"}, {"type": "grammar"}, {"type": "grammar", "grammar": 7}])
def test_without_a_grammar_the_description_is_the_tools_own(form: object) -> None:
    assert custom_tool("f", "Words.", form).description == "Words."


@pytest.mark.parametrize("text", ["", 'a "b"\n', "{}", "*** Begin Patch"])
def test_the_input_comes_back_as_it_was(text: str) -> None:
    assert custom_input(custom_arguments(text)) == text


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ("", ""),
        ("{}", ""),
        ('{"patch":"x"}', "x"),
        ('"x"', "x"),
        ("*** Begin", "*** Begin"),
        ('{"input":7}', '{"input":7}'),
        ('{"a":"x","b":"y"}', '{"a":"x","b":"y"}'),
        ("[1]", "[1]"),
    ],
)
def test_arguments_of_another_form_are_not_lost(arguments: str, text: str) -> None:
    assert custom_input(arguments) == text
