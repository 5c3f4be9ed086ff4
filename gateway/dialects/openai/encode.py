"""Writers that the dialects of OpenAI share: reasoning efforts, and schemas of arguments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from gateway.dialects.neutral import Effort

BUDGETS: Final[tuple[tuple[int, Effort], ...]] = ((0, "none"), (1_024, "low"), (8_192, "medium"))
"""Tokens of thinking, and the effort that stands for up to so many; `high` for more. The table is Google's, of its
OpenAI-compatible endpoint, read the other way round."""


def effort_of(budget: int) -> Effort:
    """The effort that comes nearest to so many tokens of thinking."""
    return next((effort for most, effort in BUDGETS if budget <= most), "high")


def of_object(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A schema of arguments with the type and the properties that OpenAI demands and others leave out."""
    if schema.get("type", "object") != "object":
        return dict(schema)
    return {"type": "object", **schema} if "properties" in schema else {"type": "object", **schema, "properties": {}}
