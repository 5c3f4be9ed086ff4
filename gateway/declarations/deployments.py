"""`deployments.toml`: the operator's names of deployments, at providers that leave the names to their customer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from gateway.core.catalog import Provider, Route, RouteId
from gateway.declarations.faults import shown
from gateway.declarations.names import Declared
from gateway.declarations.reader import Page, Table

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def read_deployments(
    page: Page, providers: Mapping[str, Provider], names: Declared, routes: Declared
) -> Mapping[RouteId, str]:
    """Route -> the name of its deployment. A name that no route or record takes is a fault."""
    deployments: dict[RouteId, str] = {}
    for provider in page.root.names():
        table = page.root.table(provider)
        if table is None:
            continue
        names.check(table, "", provider)
        record = providers.get(provider)
        if record is not None and not record.connection.deployments:
            table.fault("", f"{provider} names its models itself", "remove the table")
            continue
        for model in table.names():
            if name := _deployment(table, model):
                route = RouteId(f"{provider}/{model}")
                routes.check(table, model, route)
                deployments[route] = name
    return deployments


def with_deployments(routes: Mapping[RouteId, Route], deployments: Mapping[RouteId, str]) -> Mapping[RouteId, Route]:
    """The routes, each with the name of its deployment."""
    if not deployments:
        return routes
    return {id: replace(route, deployment=deployments.get(id, "")) for id, route in routes.items()}


def _deployment(table: Table, model: str) -> str:
    if isinstance(table.raw(model), dict):
        table.fault(
            model, "is a table: a dot outside quotes divides a key", 'write the name in quotes, as in "gpt-4.1"'
        )
        return ""
    name = table.text(model)
    if name and not _NAME.fullmatch(name):
        table.fault(model, f"{shown(name)} is not the name of a deployment", "use letters, digits, dot, _ and -")
        return ""
    return name
