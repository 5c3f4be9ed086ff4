"""What a client of the matrix is told and what it gives back, whichever SDK it is, Python or Node."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tests.sdk.scenarios import ASKED, SCENARIOS

PATIENCE_S: Final = 20.0
SHAPE: Final[dict[str, Any]] = ASKED["shape"]
IMAGE: Final[dict[str, str]] = ASKED["image"]


@dataclass(frozen=True, slots=True)
class Command:
    """`base_url`: without a version; each client adds what its users configure. `version`: of the API, where it is not
    the one that the SDK asks for by itself."""

    client: str
    base_url: str
    key: str
    model: str
    scenario: str
    version: str = ""

    @property
    def wants(self) -> dict[str, Any]:
        return SCENARIOS[self.scenario]


@dataclass(frozen=True, slots=True)
class Result:
    """What the SDK showed its user, in one form for all.

    `finish`: stop, tool_calls, length; "left" where the client went away. `usage`: input with what was `cached`,
    output with `reasoning`. `error`: class, status, code, message. `headers`: lower-case names.
    """

    text: str = ""
    tool_calls: list[dict[str, Any]] = field(default_factory=list)
    finish: str | None = None
    usage: dict[str, int] | None = None
    reasoning: str = ""
    error: dict[str, Any] | None = None
    headers: dict[str, str] = field(default_factory=dict)


def usage(input: int, cached: int | None, output: int, reasoning: int | None) -> dict[str, int]:
    return {"input": input, "cached": cached or 0, "output": output, "reasoning": reasoning or 0}


def failed(fault: Exception, status: int | None, code: Any, message: str | None, **partial: Any) -> Result:
    error = {"class": type(fault).__name__, "status": status, "code": code, "message": message}
    return Result(error=error, **partial)


def call(name: str, arguments: str | Mapping[str, Any] | None) -> dict[str, Any]:
    return {"name": name, "arguments": json.loads(arguments or "{}") if isinstance(arguments, str) else arguments or {}}


def headers_of(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def second(first: Result, last: Result) -> Result:
    """Both rounds as one result: what was called and thought in the first, the rest from the last."""
    return Result(
        last.text, first.tool_calls, last.finish, last.usage, first.reasoning or last.reasoning, None, last.headers
    )


def tools_of(wants: Mapping[str, Any]) -> Iterable[tuple[str, dict[str, Any]]]:
    return [(name, ASKED["tools"][name]) for name in wants.get("tools", ())]


def told(tool: str) -> str:
    """What the tool of that name answers."""
    return str(ASKED["tools"][tool]["result"])
