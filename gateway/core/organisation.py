"""Organisation and teams of a deployment, with their policies, budgets and limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from gateway.core.limits import Limit

BUDGET_WINDOWS: Final = ("hour", "day", "week", "month", "total")


@dataclass(frozen=True, slots=True)
class Budget:
    """A cap in nano-units of the ledger's currency per window (`hour`, `day`, `week`, `month`, or `total`).

    Hard: what has no room in it is refused. `soft`: it is served, and said.
    """

    limit: int
    window: str
    soft: bool = False
    floor: int | None = None
    """Down to how many tokens an output limit is lowered to fit in; None: it is not."""


@dataclass(frozen=True, slots=True)
class DataClass:
    """A label that requests may carry, the policy it is held to, and the budgets of all requests that carry it."""

    name: str
    policy: str
    budgets: tuple[Budget, ...] = ()


@dataclass(frozen=True, slots=True)
class Team:
    """A tenant: its policy and what it may use."""

    id: str
    name: str
    policy: str
    classes: frozenset[str] = frozenset()
    budgets: tuple[Budget, ...] = ()
    limits: tuple[Limit, ...] = ()
    key_limits: tuple[Limit, ...] = ()
    """Of each of its keys."""
    end_users: bool = False
    """Whether receipts tell the end users apart that its clients name, under pseudonyms."""


@dataclass(frozen=True, slots=True)
class Organisation:
    """The one organisation this deployment serves."""

    id: str
    name: str
    policy: str
    classes: Mapping[str, DataClass]
    default_class: str = ""
    budgets: tuple[Budget, ...] = ()
    harmless: frozenset[str] = frozenset()
    """Request members that the operator declares harmless although no dialect table lists them."""
    limits: tuple[Limit, ...] = ()
    timezone: str = "UTC"
    """Time zone in which the days, weeks and months of budgets begin."""
    model_budgets: Mapping[str, tuple[Budget, ...]] = field(default_factory=dict)
    """Model id -> budgets of everybody who asks it."""
    shared_pseudonyms: bool = False
    """Whether an identifier has one pseudonym in all teams, so that teams share caches at a provider; otherwise no
    provider can tell that two teams have the same user."""
    home: str = ""
    """Region word of the places that count as inside in reports; empty for the one that reports choose."""
    bytes_per_token: int = 1
    """Bytes of text that are held as one token. At 1 no tokenizer makes more tokens; above 1 a tokenizer may."""
