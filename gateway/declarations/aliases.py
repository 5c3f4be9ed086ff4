"""Under which names models are asked for; `models/aliases.toml`: what the operator answers with another model."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.core.catalog import Model, Route
from gateway.core.snapshot import Snapshot
from gateway.declarations.faults import shown
from gateway.declarations.names import Names, Register
from gateway.declarations.reader import Table


def other_names(models: Register[Model], routes: Iterable[Route], names: Names) -> dict[str, str]:
    """Every other name -> the model it stands for: the aliases in the models' documents, and what providers call them.

    A name stands for one model, an id for its own, and what begins with a provider's id is a route. A provider's name
    that breaks these rules, or that several models have, is not a fault: it is just no name of a model.
    """
    aliases: dict[str, str] = {}
    for model in models.values.values():
        for alias in model.aliases:
            _add_alias(alias, model, models, names, aliases)
    called: dict[str, set[str]] = {}
    for route in routes:
        called.setdefault(route.upstream_model, set()).add(route.model.id)
    for name, several in called.items():
        if len(several) == 1 and name not in models.values and not _provider_in(name, names):
            aliases.setdefault(name, several.pop())
    return aliases


def _add_alias(alias: str, model: Model, models: Register[Model], names: Names, aliases: dict[str, str]) -> None:
    table = models[model.id]
    if alias in models.values:
        table.fault("aliases", f"{shown(alias)} is the id of a model", "remove the alias")
    elif provider := _provider_in(alias, names):
        table.fault("aliases", f"{shown(alias)} means a route of {provider}", "remove the alias: it is never looked up")
    elif aliases.setdefault(alias, model.id) != model.id:
        table.fault("aliases", f"{shown(alias)} is another name of {aliases[alias]} already", "remove one of the two")


def _provider_in(name: str, names: Names) -> str:
    """The provider that a name is pinned to; empty for a bare one."""
    provider, slash, _ = name.partition("/")
    return provider if slash and provider in names.providers.names else ""


def read_redirects(table: Table | None, names: Names) -> dict[str, str]:
    """The `[aliases]` of `aliases.toml`: a name, or a prefix that ends in `*`, and the model that answers it."""
    aliases = {}
    for alias in table.names() if table else ():
        if table is not None and (target := _target(table, alias)) and _is_alias(table, alias, names):
            names.models.check(table, alias, target)
            aliases[alias] = target
    return aliases


def _target(table: Table, alias: str) -> str:
    if isinstance(table.raw(alias), dict):
        table.fault(
            alias, "is a table: a dot outside quotes divides a key", 'write the name in quotes, as in "gpt-4.1"'
        )
        return ""
    return table.text(alias)


def _is_alias(table: Table, alias: str, names: Names) -> bool:
    if alias == "*" or "*" in alias[:-1]:
        table.fault(alias, "a * stands for the rest of a name", 'write it once, behind a prefix: "claude-haiku-*"')
    elif provider := _provider_in(alias, names):
        table.fault(alias, f"means a route of {provider}, and those are never redirected", "remove the alias")
    else:
        return True
    return False


def check_redirects(table: Table | None, snapshot: Snapshot) -> None:
    """Report aliases of aliases: which model answers must be plain from one line."""
    for alias, target in snapshot.redirects.items() if table else ():
        entry = snapshot.redirect(target)
        answers = snapshot.redirects.get(entry, target)
        if table is not None and answers != target:
            table.fault(alias, f"{shown(target)} is itself answered by {answers} ({entry})", f'write "{answers}" here')
