"""How much to think, in the words of the model that is asked.

Anthropic's models differ in what they accept, and refuse the rest with 400. The catalogue says what a model knows, in
its facts: `thinking`, the types that it accepts (default: adaptive, which every model since 4.6 does); `efforts`, the
words (default: all five); `sampling` = "none" where temperature, top_p and top_k are refused (since 4.7).
Source: Anthropic's table of models, thinking and effort (July 2026), and its model capabilities (SDK 2.12.0).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from gateway.core.catalog import Model
from gateway.dialects.neutral import Effort, Reasoning

BUDGETS: Final[dict[Effort, int]] = {
    "minimal": 1_024,
    "low": 1_024,
    "medium": 8_192,
    "high": 24_576,
    "xhigh": 32_768,
    "max": 32_768,
}
"""Effort -> tokens of thinking, for models that know budgets alone. Up to `high` it is Google's table, of its
OpenAI-compatible endpoint, which the other dialects read too; above 32k Anthropic advises batches."""

LEAST_BUDGET: Final = 1_024
_EFFORTS: Final[tuple[Effort, ...]] = ("low", "medium", "high", "xhigh", "max")


@dataclass(frozen=True, slots=True)
class Plan:
    """What of a request's members follows from how much is to be thought. `thinks`: thinking is asked for."""

    thinking: dict[str, Any] | None = None
    effort: str = ""
    dropped: tuple[str, ...] = ()
    thinks: bool = False


def plan(reasoning: Reasoning | None, model: Model, limit: int, *, barred: bool, unproved: bool) -> Plan:
    """`limit`: `max_tokens`. `barred`: nothing may be thought, because a tool must be called. `unproved`: the turn that
    is to be continued lacks its signed thought, which models with budgets demand."""
    if reasoning is None or reasoning == Reasoning():
        return Plan()
    types = model.facts.get("thinking", "adaptive").split()
    if reasoning.effort == "none" or reasoning.budget == 0:
        return _off(types)
    if barred or (unproved and "adaptive" not in types):
        return Plan(dropped=("reasoning",))
    if "adaptive" in types:
        return _adaptive(reasoning, model)
    return _budgeted(reasoning, limit)


def _off(types: Iterable[str]) -> Plan:
    """Models with budgets do not think by themselves; those that always think are asked for as little as they can."""
    if "adaptive" not in types:
        return Plan()
    if "disabled" in types:
        return Plan({"type": "disabled"})
    return Plan(effort="low", dropped=("reasoning",))


def _adaptive(reasoning: Reasoning, model: Model) -> Plan:
    """The model decides, with an effort as guidance; a budget says which one comes nearest."""
    thinking: dict[str, Any] = {"type": "adaptive"}
    if reasoning.visible is not None:
        thinking["display"] = "summarized" if reasoning.visible else "omitted"
    budget = reasoning.budget if reasoning.budget is not None and reasoning.budget > 0 else None
    wanted = reasoning.effort or (_nearest(budget) if budget is not None else None)
    known = model.facts.get("efforts", " ".join(_EFFORTS)).split()
    effort = _known(wanted, known) if wanted is not None else ""
    return Plan(thinking, effort, ("reasoning_budget",) if budget is not None else (), thinks=True)


def _nearest(budget: int) -> Effort:
    return next((effort for effort in _EFFORTS if budget <= BUDGETS[effort]), "max")


def _known(wanted: Effort, known: Iterable[str]) -> str:
    """The word, or the next lower one that the model knows, else the next higher one."""
    place = _EFFORTS.index(wanted) if wanted in _EFFORTS else 0  # `minimal` is below all of them
    nearer = (*reversed(_EFFORTS[: place + 1]), *_EFFORTS[place + 1 :])
    return next((effort for effort in nearer if effort in known), "")


def _budgeted(reasoning: Reasoning, limit: int) -> Plan:
    """A budget counts towards `max_tokens`: what does not fit below is cut to half of it, which leaves the other half
    for the answer."""
    stated = reasoning.budget if reasoning.budget is not None and reasoning.budget > 0 else None
    wanted = stated if stated is not None else BUDGETS[reasoning.effort or "medium"]
    if limit <= LEAST_BUDGET:
        return Plan(dropped=("reasoning",))
    budget = max(wanted if wanted < limit else limit // 2, LEAST_BUDGET)
    thinking: dict[str, Any] = {"type": "enabled", "budget_tokens": budget}
    if reasoning.visible is False:
        thinking["display"] = "omitted"
    cut = stated is not None and budget != stated
    return Plan(thinking, dropped=("reasoning_budget",) if cut else (), thinks=True)
