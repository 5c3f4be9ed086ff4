"""Request bodies of several shapes and sizes, all valid Chat Completions."""

from __future__ import annotations

import json
from typing import Any, Final

from tests.bench.load import BODY

_PLAIN: Final[dict[str, Any]] = BODY | {"model": "small"}
_WORDS: Final = "The committee met on Tuesday to discuss. "


def of_size(size: int) -> bytes:
    """One long message; about `size` bytes in all."""
    said = {"role": "user", "content": _WORDS * (size // len(_WORDS))}
    return json.dumps({**_PLAIN, "messages": [said]}).encode()


def _tool(number: int) -> dict[str, Any]:
    described = {f"member_{n}": {"type": "string", "description": _WORDS} for n in range(6)}
    schema = {"type": "object", "properties": described, "required": ["member_1"]}
    return {"type": "function", "function": {"name": f"tool_{number}", "description": _WORDS, "parameters": schema}}


USUAL: Final = json.dumps(_PLAIN).encode()
"""The body of the load: 1 kB."""
SHAPES: Final[dict[str, bytes]] = {
    "1 kB": USUAL,
    "16 kB": of_size(16_000),
    "256 kB": of_size(256_000),
    "4 MB": of_size(4_000_000),
    "30 tools": json.dumps({**_PLAIN, "tools": [_tool(n) for n in range(30)]}).encode(),
    "1,000 messages": json.dumps({**_PLAIN, "messages": _PLAIN["messages"] * 500}).encode(),
    "code": json.dumps({**_PLAIN, "messages": [{"role": "user", "content": 'x = {"a": [1]}\n' * 16_000}]}).encode(),
}
