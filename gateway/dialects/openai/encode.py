"""Budgets of thinking as efforts, for the dialects that know efforts alone."""

from __future__ import annotations

from typing import Final

from gateway.dialects.neutral import Effort

BUDGETS: Final[tuple[tuple[int, Effort], ...]] = ((0, "none"), (1_024, "low"), (8_192, "medium"))
"""Tokens of thinking, and the effort that stands for up to so many; `high` for more. The table is Google's, of its
OpenAI-compatible endpoint, read the other way round."""


def effort_of(budget: int) -> Effort:
    """The effort that comes nearest to so many tokens of thinking."""
    return next((effort for most, effort in BUDGETS if budget <= most), "high")
