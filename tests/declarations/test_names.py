from __future__ import annotations

import pytest

from gateway.declarations.names import Declared, Register, is_name, named_as_file, read_model_name, read_name
from tests.declarations.papers import page, told


@pytest.mark.parametrize("word", ["Evroc", "a_b", "a/b", "-a", "a.b", "ä", "a b"])
def test_a_name_becomes_part_of_addresses_and_variables(word: str) -> None:
    paper = page(f'id = "{word}"')
    assert read_name(paper.root, "id") == ""
    assert told(paper) == [
        f'paper.toml: id: "{word}" is not a name; write it with lower-case letters, digits and hyphens'
    ]
    assert not is_name(word)


def test_a_model_may_hold_dots_and_no_slash() -> None:
    paper = page('a = "gpt-4.1"\nb = "openai/gpt-4.1"\nc = "x@fast"')
    assert [read_model_name(paper.root, key) for key in "abc"] == ["gpt-4.1", "", ""]
    assert len(told(paper)) == 2


def test_a_document_is_named_as_its_file() -> None:
    paper = page('id = "evrock"')
    assert named_as_file(paper.root, "id", "evroc") == "evroc"
    assert told(paper) == [
        'paper.toml: id: "evrock" is not the name of the file; call the file evrock.toml or write "evroc"'
    ]


def test_the_first_of_two_of_one_name_stays() -> None:
    paper = page('[[m]]\nid = "x"\n[[m]]\nid = "x"')
    first, second = paper.root.tables("m")
    register: Register[int] = Register()
    register.add("x", 1, first)
    register.add("x", 2, second)
    assert register.values == {"x": 1}
    assert register["x"] is first
    assert told(paper) == ['paper.toml: m[#2].id: "x" is declared already (m[#1]); remove one, or give it another name']


def test_what_has_no_name_is_not_kept() -> None:
    register: Register[int] = Register()
    register.add("", 1, page("").root)
    assert register.values == {}


def test_a_reference_to_nothing_is_reported_with_the_nearest_name() -> None:
    paper = page("")
    Declared("policy", ["strict", "open"]).check(paper.root, "policy", "stric")
    assert told(paper) == [
        'paper.toml: policy: "stric" is not a declared policy; use one of open, strict (did you mean strict?)'
    ]


def test_a_reference_is_not_judged_while_declarations_are_unreadable() -> None:
    paper = page("")
    Declared("model", ["small"], complete=False).check(paper.root, "model", "large")
    assert told(paper) == []
