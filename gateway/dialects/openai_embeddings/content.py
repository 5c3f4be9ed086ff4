"""The inputs of an Embeddings request: texts, or token ids."""

from __future__ import annotations

from typing import Any, Final

from gateway.core.errors import InvalidRequest
from gateway.dialects.prompt import Prompt

INPUTS_MOST: Final = 2_048


def inputs_of(value: object) -> tuple[str | tuple[int, ...], ...]:
    """Texts, or token ids: one of them alone, or a list."""
    many = value if isinstance(value, list) and not _is_tokens(value) else [value]
    if not 1 <= len(many) <= INPUTS_MOST:
        raise fault("input", f"must hold from 1 to {INPUTS_MOST} inputs")
    return tuple(_input(one) for one in many)


def inputs(prompt: Prompt) -> int:
    """The number of vectors that the client waits for."""
    return len(inputs_of(prompt.unseal().values.get("input")))


def _input(one: object) -> str | tuple[int, ...]:
    if isinstance(one, str) and one:
        return one
    if isinstance(one, list) and _is_tokens(one):
        return tuple(one)
    raise fault("input", "must be a string or a list of token ids, or a list of such; none of them empty")


def _is_tokens(value: list[Any]) -> bool:
    return bool(value) and all(type(token) is int and token >= 0 for token in value)


def fault(name: str, what: str) -> InvalidRequest:
    return InvalidRequest(f"`{name}` {what}.", field=name)
