"""Members of servers' own that make a provider generate more than the limit of the dialect says: a hold covers them.

Sources, read in November 2026: the request types of vLLM (`best_of`, `min_tokens`), llama.cpp's server (`n_predict`,
which it prefers to `max_tokens`), Ollama (`num_predict`) and Hugging Face's servers (`max_new_tokens`,
`min_new_tokens`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from gateway.core.errors import InvalidRequest
from gateway.dialects import members

CANDIDATES: Final = ("best_of", "n")
MOST_CANDIDATES: Final = 128
_AT_LEAST: Final = frozenset({"min_tokens", "min_new_tokens"})
_UP_TO: Final = frozenset({"max_new_tokens", "n_predict", "num_predict"})
_OLLAMA: Final = "options"
_EVERY: Final = frozenset({*CANDIDATES, *_AT_LEAST, *_UP_TO, _OLLAMA})


class GenerationBound(NamedTuple):
    """`candidates`: completions that the provider generates, of which it returns some. `least_output`: tokens that each
    may have whatever the limit of the dialect says."""

    candidates: int = 1
    least_output: int = 0


_PLAIN: Final = GenerationBound()


def generation_bound(values: Mapping[str, Any]) -> GenerationBound:
    """The bound that these members of a request's top level set. InvalidRequest for a count of another type."""
    if _EVERY.isdisjoint(values):
        return _PLAIN
    candidates = [members.count(values, name, most=MOST_CANDIDATES) or 1 for name in CANDIDATES]
    return GenerationBound(max(candidates), max(_limits(values), default=0))


def _limits(values: Mapping[str, Any]) -> Iterator[int]:
    for name in _AT_LEAST:
        yield members.count(values, name, least=0) or 0
    for name in _UP_TO:
        yield _up_to(values.get(name), name)
    if isinstance(options := values.get(_OLLAMA), dict):
        yield _up_to(options.get("num_predict"), "options.num_predict")


def _up_to(limit: object, name: str) -> int:
    """Tokens; a negative limit means that generation has none."""
    if limit is None:
        return 0
    if isinstance(limit, bool) or not isinstance(limit, int | float):
        raise InvalidRequest(f"`{name}` must be a number.", field=name)
    return min(math.ceil(limit), members.MOST) if limit >= 0 else members.MOST
