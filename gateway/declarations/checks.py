"""Checks across documents: every name is declared, and contracts fit the records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from gateway.core.catalog import Model, Provider, Route, RouteId
from gateway.core.cost import Fx
from gateway.core.organisation import Organisation, Team
from gateway.core.posture import Dpa, within, word
from gateway.declarations.catalog import ProviderDocument
from gateway.declarations.contracts import GrantEntry
from gateway.declarations.faults import one_of, shown, some
from gateway.declarations.names import Declared, Names
from gateway.declarations.policies import Case, PolicyDocument
from gateway.declarations.reader import Page


def check_policies(documents: Iterable[PolicyDocument], names: Names) -> None:
    anything = Declared(
        "provider, model or route",
        {*names.providers.names, *names.models.names, *names.routes.names},
        names.routes.complete,
    )
    places = Declared("provider or route", {*names.providers.names, *names.routes.names}, names.routes.complete)
    for document in documents:
        rules = document.policy.rules
        names.providers.check_all(document.routes, "only_providers", rules.only_providers or ())
        names.models.check_all(document.routes, "only_models", rules.only_models or ())
        anything.check_all(document.routes, "ignore", rules.ignored)
        explicit = document.policy.prefer.explicit if document.policy.prefer else ()
        places.check_all(document.prefer, "order", explicit)
        for case in document.cases:
            _check_case_route(case, names.routes)


def _check_case_route(case: Case, routes: Declared) -> None:
    """Warn of a case whose route is gone: removing a route never stops a start."""
    if not routes.complete or case.route in routes.names:
        return
    what = f"{shown(case.route)} is not a declared route any more, so the case proves nothing"
    case.table.report.warn(case.table.file, case.table.key("route"), what, one_of(case.route, routes.names))


def check_organisation(
    page: Page, organisation: Organisation, policies: Declared, models: Declared, regions: Declared
) -> None:
    regions.check(page.root, "home", organisation.home)
    policies.check(page.root, "policy", organisation.policy)
    classes = page.root.table("classes")
    for name, data_class in organisation.classes.items():
        if classes is not None and (table := classes.table(name)) is not None:
            policies.check(table, "policy", data_class.policy)
    if (table := page.root.table("models")) is not None:
        for model in organisation.model_budgets:
            models.check(table, model, model)
    Declared("data class", organisation.classes).check(page.root, "default_class", organisation.default_class)


def check_teams(page: Page, teams: Mapping[str, Team], policies: Declared, classes: Declared) -> None:
    parent = page.root.table("teams")
    for team in teams.values():
        if parent is not None and (table := parent.table(team.id)) is not None:
            policies.check(table, "policy", team.policy)
            classes.check_all(table, "classes", team.classes)


def check_exceptions(documents: Iterable[ProviderDocument], models: Declared) -> None:
    for document in documents:
        for table, exception in zip(document.exceptions, document.provider.exceptions, strict=True):
            models.check_all(table, "models", exception.models or ())


def check_contracts(
    entries: Iterable[GrantEntry], providers: Mapping[str, Provider], names: Declared, today: date
) -> None:
    for entry in entries:
        grant, table = entry.grant, entry.table
        names.check(table, "provider", grant.provider)
        if not grant.in_force(today):
            what = f"the grant ended on {grant.expires_on} and puts nothing in force"
            table.report.warn(table.file, table.key("expires_on"), what, "renew the contract, or remove the grant")
        provider = providers.get(grant.provider)
        if provider is not None:
            exceptions = Declared(f"exception of {provider.id}", {e.id for e in provider.exceptions})
            exceptions.check_all(table, "exceptions", grant.exceptions)
            _obtainable(entry, provider)


def _obtainable(entry: GrantEntry, provider: Provider) -> None:
    """Warn of a grant that the record does not list as obtainable: somebody may have read a contract too kindly."""
    for name, fact in entry.grant.facts.items():
        offered = provider.obtainable.get(name)
        # An agreement that is available is in force once we have signed it.
        signed = name == "dpa" and (dpa := provider.facts.get("dpa")) is not None and dpa.value is Dpa.AVAILABLE
        if entry.posture is None or signed or (offered is not None and within(offered.value, fact.value)):
            continue
        listed = "nothing" if offered is None else f"no better than {word(offered.value)}"
        entry.posture.report.warn(
            entry.posture.file,
            entry.posture.key(name),
            f"the record of {provider.id} lists {listed} as obtainable here",
            f"check the contract; if it says so, add it to [obtainable] of catalog/{provider.id}.toml",
        )


def check_currencies(page: Page, fx: Fx, routes: Iterable[Route]) -> None:
    """Warn of currencies without a rate: what is priced in them is unpriced."""
    without: dict[str, list[str]] = {}
    for route in routes:
        currency = route.price.currency
        if currency and route.price.is_priced and fx.rate(currency) is None:
            without.setdefault(currency, []).append(route.id)
    for currency, ids in without.items():
        what = f"no rate is declared, and {len(ids)} routes are priced in {currency} ({some(ids, 3)})"
        do = f"add what one {currency} is worth in {fx.ledger}; until then they are unpriced"
        page.report.warn(page.file, f"rates.{currency}", what, do)


def resolved_routes(
    documents: Iterable[ProviderDocument], models: Mapping[str, Model], names: Declared
) -> dict[RouteId, Route]:
    """Every route by id, in the order of the documents; a second one of an id needs a variant."""
    selected: dict[RouteId, Route] = {}
    for document in documents:
        for draft in document.routes:
            model = models.get(draft.model)
            names.check(draft.table, "successor", draft.successor)
            if model is None:
                names.check(draft.table, "model", draft.model)
                continue
            route = draft.at(document.provider, model)
            if route.id in selected:
                draft.table.fault("variant", f"{route.id} is declared already", 'tell them apart: variant = "fast"')
            else:
                selected[route.id] = route
    return selected
