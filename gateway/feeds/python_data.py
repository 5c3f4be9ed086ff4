"""Python source that only builds values, read without running it: calls become objects, and no name is looked up."""

from __future__ import annotations

import ast
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from gateway.feeds.json_text import MOST
from gateway.feeds.refused import FeedRefused

_AGAIN: Final = "bring the file again; it may be cut off or of another kind"


def assigned(content: bytes, name: str) -> Any:
    """The value that the module assigns to `name`, as plain objects, lists, texts and numbers.

    `Provider(id="x")` becomes `{"id": "x"}`, a member `or_` becomes `or`, `Decimal("1")` a decimal, a date its text.
    FeedRefused for anything else.
    """
    if len(content) > MOST:
        raise FeedRefused(f"has more than {MOST} bytes", "bring the price list alone")
    try:
        tree = ast.parse(content.decode())
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise FeedRefused("is not a Python module", _AGAIN) from None
    for statement in tree.body:
        target = _target(statement)
        if target is not None and target[0] == name:
            try:
                return _plain(target[1])
            except (RecursionError, InvalidOperation):
                raise FeedRefused("has a number or a nesting beyond all bounds", _AGAIN) from None
    raise FeedRefused(f"assigns no {name}", _AGAIN)


def _target(statement: ast.stmt) -> tuple[str, ast.expr] | None:
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) and statement.value is not None:
        return statement.target.id, statement.value
    if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
        return statement.targets[0].id, statement.value
    return None


def _plain(node: ast.expr) -> Any:
    if isinstance(node, ast.Constant):
        return Decimal(str(node.value)) if isinstance(node.value, float) else node.value
    if isinstance(node, ast.List | ast.Tuple):
        return [_plain(each) for each in node.elts]
    if isinstance(node, ast.Dict):
        return {_plain(key): _plain(value) for key, value in zip(node.keys, node.values, strict=True) if key}
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_plain(node.operand)
    if isinstance(node, ast.Call):
        return _call(node)
    raise FeedRefused(f"computes a value at line {node.lineno}, where data is expected", _AGAIN)


def _call(node: ast.Call) -> Any:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    arguments = [_plain(each) for each in node.args]
    if name == "Decimal" and len(arguments) == 1 and isinstance(arguments[0], str | int):
        return Decimal(arguments[0])
    if name in ("date", "time") and all(isinstance(each, int) for each in arguments):
        return ("-" if name == "date" else ":").join(f"{each:02}" for each in arguments)
    if arguments:
        raise FeedRefused(f"calls {name} at line {node.lineno}, where data is expected", _AGAIN)
    return {keyword.arg.rstrip("_"): _plain(keyword.value) for keyword in node.keywords if keyword.arg}
