"""`organisation.toml` and `teams.toml`: whom this deployment serves, under which policies and within which
budgets and limits."""

from __future__ import annotations

from typing import Final
from zoneinfo import ZoneInfo

from gateway.core.organisation import Budget, DataClass, Organisation, Team
from gateway.declarations.budgets import read_budgets
from gateway.declarations.faults import shown
from gateway.declarations.limits import read_limits
from gateway.declarations.names import is_name, read_name
from gateway.declarations.reader import Page, Table

_MOST_BYTES: Final = 8
"""Prose in English has four to five bytes in a token; nothing has more for long."""


def read_organisation(page: Page) -> Organisation:
    root = page.root
    root.require(
        id='id = "acme"',
        name='name = "Acme"',
        policy='policy = "…", the policy that holds for everybody (policies/ has them)',
    )
    classes: dict[str, DataClass] = {}
    if (table := root.table("classes")) is not None:
        for name in table.names():
            classes |= _data_class(table, name)
    return Organisation(
        id=read_name(root, "id"),
        name=root.text("name"),
        policy=root.text("policy"),
        classes=classes,
        default_class=root.text("default_class"),
        budgets=read_budgets(root),
        harmless=frozenset(root.words("harmless") or ()),
        limits=read_limits(root, "limits"),
        timezone=_timezone(root),
        model_budgets=_of_models(root),
        shared_pseudonyms=root.flag("shared_pseudonyms") or False,
        bytes_per_token=_bytes_per_token(root),
        home=root.text("home"),
    )


def _bytes_per_token(root: Table) -> int:
    holds = root.table("holds")
    number = holds.whole("bytes_per_token", least=1) if holds is not None else None
    if holds is not None and number is not None and number > _MOST_BYTES:
        what = f"no text has {number} bytes in each token"
        holds.fault("bytes_per_token", what, "write 1, which no tokenizer exceeds, or an estimate such as 3")
        return 1
    return number or 1


def _of_models(root: Table) -> dict[str, tuple[Budget, ...]]:
    """Model id -> the budgets of everybody who asks it."""
    models = root.table("models")
    budgets: dict[str, tuple[Budget, ...]] = {}
    for name in models.names() if models else ():
        if models is not None and (table := models.table(name)) is not None:
            budgets[name] = read_budgets(table)
    return budgets


def _timezone(root: Table) -> str:
    name = root.text("timezone") or "UTC"
    try:
        return ZoneInfo(name).key
    except (ValueError, KeyError, OSError):  # nothing of that name, or something else than a time zone
        root.fault(
            "timezone", f"{shown(name)} must be a time zone", 'write its name in full: timezone = "Europe/Stockholm"'
        )
        return "UTC"


def _data_class(classes: Table, name: str) -> dict[str, DataClass]:
    table = classes.table(name)
    if table is None or not is_declarable(classes, name):
        return {}
    table.require(policy='policy = "…", the policy that requests of this class are held to')
    return {name: DataClass(name, table.text("policy"), read_budgets(table))}


def is_declarable(table: Table, name: str) -> bool:
    """Whether a key can be a name of its own; reported where not."""
    if not is_name(name):
        table.fault(name, f"{shown(name)} is not a name", "write it with lower-case letters, digits and hyphens")
        return False
    return True


def read_teams(page: Page) -> dict[str, Team]:
    teams = page.root.table("teams")
    register: dict[str, Team] = {}
    for name in teams.names() if teams else ():
        table = teams.table(name) if teams else None
        if teams is None or table is None or not is_declarable(teams, name):
            continue
        table.require(name='name = "the team, as people know it"', policy='policy = "…" (policies/ has them)')
        register[name] = Team(
            id=name,
            name=table.text("name"),
            policy=table.text("policy"),
            classes=frozenset(table.words("classes") or ()),
            budgets=read_budgets(table),
            limits=read_limits(table, "limits"),
            key_limits=read_limits(table, "key_limits"),
            end_users=table.flag("end_users") or False,
        )
    if not register and not (teams and teams.names()):
        page.root.fault(
            "teams", "no team is declared, so no key can be made", "add [teams.everyone] with name and policy"
        )
    return register
