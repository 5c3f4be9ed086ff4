"""What reached a provider, whichever its dialect."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Seen:
    """A request, as far as the scenarios are about it. `calls` and `results` name the tool; pictures are base64.

    `reasons`: thinking is asked for; `shows`: its words too, where the dialect lets one say so.
    """

    model: str
    system: str
    said: str
    images: tuple[str, ...] = ()
    tools: Mapping[str, Any] = field(default_factory=dict)
    calls: tuple[tuple[str, Any], ...] = ()
    results: tuple[tuple[str, str], ...] = ()
    shape: Mapping[str, Any] | None = None
    streaming: bool = False
    output_limit: int | None = None
    reasons: bool = False
    shows: bool = False
    thoughts: tuple[str, ...] = ()
    signatures: tuple[str, ...] = ()


def spoken(contents: Iterable[Any]) -> str:
    """The words of several contents, each a string or a list of parts that may have a `text`."""
    found: list[str] = []
    for content in contents:
        parts = [{"text": content}] if isinstance(content, str) else content or []
        found += [part["text"] for part in parts if isinstance(part.get("text"), str)]
    return "\n".join(found)
