"""The language of the house, counted per room: no count may rise, and a room that is cleaned lowers its ceiling."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

import pytest

from tests.test_architecture import MODULES, room_of, tree_of

_QUESTION: Final = re.compile(r"(?:\A|[.:;]\s+|\n\n\s*)(What|Who|Whom|Whose|Where|Whence|How|Which|Whoever|Whatever)\b")
_NO_NOUN: Final = re.compile(r"\bis (no|none)\b")
PARTICIPLES: Final = frozenset({"found", "asked", "wanted", "stated", "told", "given"})

QUESTIONS: Final[dict[str, int]] = {}
"""Room -> docstrings with a sentence that opens with a question word, at most."""
NO_NOUNS: Final[dict[str, int]] = {}
"""Room -> strings and docstrings with `is no` or `is none`, at most; "must be" says what is accepted."""
PARTICIPLE_NAMES: Final[dict[str, int]] = {}
"""Room -> identifiers that are a participle, at most; a noun says what the value holds."""

DOCUMENTED: Final = ("http", "upstream")
"""Rooms in which every public class, function and method has a docstring, and the public names that lack one."""
UNDOCUMENTED: Final[dict[str, int]] = {}


def docstrings(tree: ast.Module) -> Iterator[str]:
    """Those of modules, classes and functions, and the strings below a constant or a field."""
    for node in ast.walk(tree):
        for statement in getattr(node, "body", ()) if not isinstance(node, ast.Lambda | ast.IfExp) else ():
            if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
                value = statement.value.value
                if isinstance(value, str):
                    yield value


def strings(tree: ast.Module) -> Iterator[str]:
    """Every string, parts of formatted ones included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def identifiers(tree: ast.Module) -> Iterator[str]:
    """Every name that is bound: variables, parameters, attributes, fields, functions, parts of a pattern."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()) | ast.arg(arg=name):
                yield name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)) | ast.ExceptHandler(name=str(name)):
                yield name


def undocumented(node: ast.Module | ast.ClassDef) -> Iterator[str]:
    """Public classes, functions and methods without a docstring, but for the language's own methods."""
    for member in node.body:
        if isinstance(member, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            if not member.name.startswith("_") and ast.get_docstring(member) is None:
                yield member.name
            if isinstance(member, ast.ClassDef) and not member.name.startswith("_"):
                yield from undocumented(member)


def counted() -> dict[str, Counter[str]]:
    """Measure -> room -> count."""
    counts: dict[str, Counter[str]] = {name: Counter() for name in ("questions", "no_nouns", "participles", "bare")}
    for path in MODULES:
        room, tree = room_of(path), tree_of(path)
        counts["questions"][room] += sum(bool(_QUESTION.search(text)) for text in docstrings(tree))
        counts["no_nouns"][room] += sum(bool(_NO_NOUN.search(text)) for text in strings(tree))
        counts["participles"][room] += sum(name.lstrip("_") in PARTICIPLES for name in identifiers(tree))
        if room in DOCUMENTED:
            counts["bare"][room] += len([*undocumented(tree)])
    return counts


CEILINGS: Final = {
    "questions": QUESTIONS,
    "no_nouns": NO_NOUNS,
    "participles": PARTICIPLE_NAMES,
    "bare": UNDOCUMENTED,
}
COUNTS: Final = counted()


@pytest.mark.parametrize("measure", CEILINGS)
def test_no_room_goes_above_its_ceiling(measure: str) -> None:
    above = {room: n for room, n in COUNTS[measure].items() if n > CEILINGS[measure].get(room, 0)}
    assert above == {}, f"{measure}: rewrite the new ones ({', '.join(sorted(above))})"


@pytest.mark.parametrize("text", ["What a caller sees.", "How it ends", "A reply. What stands beside it is lost."])
def test_a_question_word_at_the_beginning_is_counted(text: str) -> None:
    tree = ast.parse(f'"""{text}"""\nasked = "it is no day"\n')
    assert [bool(_QUESTION.search(doc)) for doc in docstrings(tree)] == [True]
    assert sum(bool(_NO_NOUN.search(part)) for part in strings(tree)) == 1
    assert [*identifiers(tree)] == ["asked"]
    assert [*undocumented(ast.parse("class A:\n    def b(self): ...\n"))] == ["A", "b"]


if __name__ == "__main__":
    for _measure, _rooms in COUNTS.items():
        print(_measure, dict(sorted((room, n) for room, n in _rooms.items() if n)), sum(_rooms.values()))
