"""Privacy by type, read off the source: where a prompt is opened, what a fault may carry, what a log may say."""

from __future__ import annotations

import ast
import copy
import io
import pickle
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest

from gateway.dialects.prompt import Prompt, Sealed
from gateway.dialects.strict_json import read
from gateway.telemetry.events import DocumentFaults, Event
from gateway.telemetry.faults import Reduced
from gateway.telemetry.log import Log, NotAnEvent
from gateway.upstream.calls import ProviderCall, SealedCall
from gateway.upstream.targets import Target
from tests.privacy.hunt import hunt, marker

ROOT = Path(__file__).resolve().parents[2]
ROOMS_WITH_CONTENT = ("asgi", "dialects", "exchange", "sandbox", "upstream")
WORDS = marker("source", "words")
BODY = b'{"messages": "%b"}' % WORDS.encode()

CONTENT = {
    "body",
    "buffer",
    "chunk",
    "content",
    "data",
    "document",
    "event",
    "events",
    "headers",
    "line",
    "message",
    "messages",
    "opening",
    "part",
    "parts",
    "payload",
    "piece",
    "pieces",
    "prompt",
    "query",
    "raw",
    "received",
    "secret",
    "text",
    "values",
    "wanted",
}
"""Names that stand for content or secrets in the rooms that carry them."""


def trees(*rooms: str) -> Iterator[tuple[str, ast.Module]]:
    for room in rooms:
        for path in sorted((ROOT / "gateway" / room).rglob("*.py")):
            yield str(path.relative_to(ROOT)), ast.parse(path.read_text())


def all_trees() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted((ROOT / "gateway").rglob("*.py")):
        yield str(path.relative_to(ROOT)), ast.parse(path.read_text())


# --- the prompt ------------------------------------------------------------------------------------------------------


def openings(tree: ast.AST) -> list[int]:
    """Lines that name a prompt's opening or its inside, called or not."""
    return [
        node.lineno
        for node in ast.walk(tree)
        if (isinstance(node, ast.Attribute) and node.attr in ("unseal", "_document"))
        or (isinstance(node, ast.Constant) and node.value in ("unseal", "_document"))
    ]


def test_a_prompt_is_opened_in_dialects_alone() -> None:
    found = {name for name, tree in all_trees() if openings(tree)}
    assert "gateway/dialects/openai_chat/request.py" in found
    assert {name for name in found if not name.startswith("gateway/dialects/")} == set()


@pytest.mark.parametrize("code", ["prompt.unseal()", "f = prompt.unseal", "getattr(p, 'unseal')()", "p._document"])
def test_an_opening_is_noticed(code: str) -> None:
    assert openings(ast.parse(code)) == [1]


SEALED = [
    (Prompt(read(BODY)), Sealed),
    (ProviderCall(Target("https://a.example"), "/v1", (("x-words", WORDS),), BODY), SealedCall),
]


@pytest.mark.parametrize(("sealed", "refusal"), SEALED, ids=["prompt", "call"])
def test_content_is_neither_shown_nor_copied_nor_compared(sealed: Any, refusal: type[Exception]) -> None:
    assert hunt({"repr": repr([sealed, {1: sealed}]).encode()}) == []
    for escape in (pickle.dumps, copy.copy, copy.deepcopy, hash, lambda s: s == s):
        with pytest.raises(refusal) as caught:
            escape(sealed)
        assert hunt({"fault": f"{caught.value!r} {caught.value}".encode()}) == []


def test_a_sealed_prompt_is_no_text() -> None:
    for shown in (str, bytes, format, len, list, lambda p: f"{p}", lambda p: "x" in p):
        with pytest.raises(Sealed):
            shown(Prompt(read(BODY)))


# --- faults ----------------------------------------------------------------------------------------------------------


def entangled(tree: ast.AST) -> Iterator[int]:
    """Lines that raise inside an `except` without `from None`: the foreign fault would hang on as the context.

    A bare `raise`, and raising the very fault that was caught, go on with what was there.
    """
    for handler in (node for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler)):
        for node in ast.walk(handler):
            if not isinstance(node, ast.Raise) or node.exc is None:
                continue
            same = isinstance(node.exc, ast.Name) and node.exc.id == handler.name
            freed = isinstance(node.cause, ast.Constant) and node.cause.value is None
            if not (same or freed):
                yield node.lineno


def test_no_fault_of_ours_hangs_on_a_foreign_one() -> None:
    found = [f"{name}:{line}" for name, tree in trees(*ROOMS_WITH_CONTENT) for line in entangled(tree)]
    assert found == []


@pytest.mark.parametrize(
    ("body", "caught"),
    [
        ("raise Ours()", True),
        ("raise Ours() from fault", True),
        ("if x:\n  raise Ours()", True),
        ("raise Ours() from None", False),
        ("raise", False),
        ("raise fault", False),
    ],
)
def test_an_entangled_fault_is_noticed(body: str, caught: bool) -> None:
    inside = body.replace("\n", "\n  ")
    assert bool(list(entangled(ast.parse(f"try:\n  x()\nexcept ValueError as fault:\n  {inside}")))) is caught


def telling(tree: ast.AST) -> Iterator[int]:
    """Lines that raise with content, a secret or a caught fault among what the fault is made from."""
    foreign = {n.name for n in ast.walk(tree) if isinstance(n, ast.ExceptHandler) and n.name}
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            for argument in (*node.exc.args, *(k.value for k in node.exc.keywords)):
                if any(_is_content(part, foreign) for part in _parts(argument)):
                    yield node.lineno


def _parts(node: ast.expr) -> Iterator[ast.expr]:
    """What an argument is made from. What `len`, `_kind` and the like make of content is no content any more; nor is
    the `kind` of a neutral part, which is one of our own words, or a path to `where` a part stands, made of them."""
    if isinstance(node, ast.Call) and not (isinstance(node.func, ast.Name) and node.func.id in ("str", "repr")):
        return
    if isinstance(node, ast.Attribute) and node.attr in ("kind", "where"):
        return
    yield node
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):
            yield from _parts(child)


def _is_content(node: ast.expr, foreign: set[str]) -> bool:
    return isinstance(node, ast.Name) and (node.id in CONTENT or node.id in foreign)


def test_no_fault_is_made_from_content() -> None:
    found = [f"{name}:{line}" for name, tree in trees(*ROOMS_WITH_CONTENT) for line in telling(tree)]
    assert found == []


@pytest.mark.parametrize(
    ("code", "caught"),
    [
        ("raise Ours(f'not {body!r}')", True),
        ("raise Ours('x', given=values)", True),
        ("raise Ours(str(message))", True),
        ("raise Ours(part.name)", True),
        ("raise Ours('%s' % raw)", True),
        ("try:\n  x()\nexcept E as fault:\n  raise Ours(f'{fault}') from None", True),
        ("try:\n  x()\nexcept E as fault:\n  raise Ours(str(fault)) from None", True),
        ("raise Ours(f'`{name}` must be a list')", False),
        ("raise Ours(f'{len(body)} bytes')", False),
        ("raise Ours(part.kind)", False),
        ("raise ours(part.where, 'must be a string')", False),
    ],
)
def test_a_telling_fault_is_noticed(code: str, caught: bool) -> None:
    assert bool(list(telling(ast.parse(code)))) is caught


# --- the log ---------------------------------------------------------------------------------------------------------


def test_the_log_takes_events_alone() -> None:
    stream = io.BytesIO()
    log = Log(stream, level="debug")
    for given in (WORDS, BODY, {"event": WORDS}, ValueError(WORDS), Prompt(read(BODY))):
        with pytest.raises(NotAnEvent) as caught:
            log.emit(given)  # type: ignore[arg-type]
        assert hunt({"fault": str(caught.value).encode(), "log": stream.getvalue()}) == []
    assert stream.getvalue() == b""


@pytest.mark.parametrize("event", get_args(Event), ids=lambda e: e.__name__)
def test_an_event_has_typed_fields_of_names_and_numbers(event: type[Any]) -> None:
    """Nothing that could carry a whole object, an exception or bytes."""
    assert is_dataclass(event)
    hints = get_type_hints(event)
    allowed = (str, int, bool, Reduced, DocumentFaults, tuple[str, ...], Mapping[str, int])
    wrong = [f.name for f in fields(event) if hints[f.name] not in allowed and get_origin(hints[f.name]) is not Literal]
    assert wrong == []


def test_only_telemetry_writes_anywhere() -> None:
    """No `print`, `sys.stdout`, `open` for writing, `logging` or `tempfile` in rooms that carry content."""
    found = [
        f"{name}:{node.lineno}"
        for name, tree in trees(*ROOMS_WITH_CONTENT)
        for node in ast.walk(tree)
        if (isinstance(node, ast.Name) and node.id in ("print", "open", "breakpoint"))
        or (
            isinstance(node, ast.Attribute) and node.attr in ("stdout", "stderr", "print_exc", "format_exc", "exc_info")
        )
        or (isinstance(node, ast.Import) and {a.name for a in node.names} & {"tempfile", "traceback", "pdb", "cgitb"})
    ]
    assert found == []
