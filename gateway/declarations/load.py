"""From directories of documents to one Snapshot, or to everything that is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from gateway.core.catalog import Grant, Model, Provider, Route, RouteId
from gateway.core.cost import Fx
from gateway.core.organisation import Organisation, Team
from gateway.core.snapshot import Snapshot
from gateway.declarations.admission import check_admission, check_cases
from gateway.declarations.aliases import check_redirects, other_names, read_redirects
from gateway.declarations.catalog import ProviderDocument, read_provider
from gateway.declarations.checks import (
    check_contracts,
    check_currencies,
    check_exceptions,
    check_organisation,
    check_policies,
    check_teams,
    resolved_routes,
)
from gateway.declarations.contracts import GrantEntry, read_contracts
from gateway.declarations.deployments import read_deployments, with_deployments
from gateway.declarations.destinations import NAME as OBSERVED
from gateway.declarations.destinations import narrowed, read_destinations
from gateway.declarations.documents import DeclaredDocument, Shelf, digest, find
from gateway.declarations.faults import DocumentFault, Report
from gateway.declarations.feeds import read_feeds
from gateway.declarations.fx import read_fx
from gateway.declarations.models import read_models
from gateway.declarations.names import Declared, Names, Register
from gateway.declarations.organisation import read_organisation, read_teams
from gateway.declarations.policies import PolicyDocument, read_policy
from gateway.declarations.reader import Page, Table, parse
from gateway.declarations.regions import Regions, read_regions

_ALIASES: Final = "aliases"
"""Stem of the one document beside the labs' that holds no models."""
_ABOUT_CALLERS: Final = frozenset({"config/organisation.toml", "config/teams.toml", "config/feeds.toml"})
"""Documents that hold no facts about providers: no policy admits more or less by them."""
_NOBODY: Final = Organisation("", "", "", {})


@dataclass(frozen=True, slots=True)
class Loaded:
    """The documents as values. Only documents without a fault may be put in force.

    `snapshot`: None if something could not be read or names what is not there. With faults beside it, every document
    was read, and a policy does not do what its cases expect: enough to explain, not enough to serve.
    `documents`: every file by its name below `config/`, `policies/` and `sandbox/`, as it was read.
    """

    snapshot: Snapshot | None
    faults: tuple[DocumentFault, ...]
    warnings: tuple[DocumentFault, ...]
    documents: Mapping[str, bytes]


def load(config: Path, policies: Path, *, extra: Sequence[Path] = (), observed: bytes = b"", today: date) -> Loaded:
    """Read and check every document of these directories. Never raises for what stands in a document.

    `extra`: directories of the bundled provider, each with `catalog/` and `models/`; their evidence is of `today`.
    `observed`: the document of `destinations`; empty for none.
    """
    report = Report()
    shelf = find(config, policies, extra, report)
    if not (config.is_dir() and policies.is_dir()):  # every reference to what lies there would be one more fault
        return Loaded(None, tuple(report.faults), (), {})
    documents = {document.name: document.content for document in shelf}
    if observed:
        documents[OBSERVED] = observed
    reading = _Reading(shelf, report, today, observed)
    snapshot = reading.snapshot(digest(documents))
    whole = not report.faults
    reading.judge(snapshot)
    order = sorted(report.faults, key=lambda fault: fault.file)
    return Loaded(snapshot if whole else None, tuple(order), tuple(report.warnings), documents)


class _Reading:
    """One pass over all documents, in the order in which they need one another."""

    def __init__(self, shelf: Shelf, report: Report, today: date, observed: bytes) -> None:
        self._shelf, self._report, self._today = shelf, report, today
        self._observed = observed
        self._pages: dict[str, Page] = {}
        self._unreadable: set[str] = set()
        self._policies: list[PolicyDocument] = []
        self._models: Register[Model] = Register()
        self._providers: Register[ProviderDocument] = Register()

    def snapshot(self, digest: str) -> Snapshot:
        """Everything that could be read. Worth something only while the report holds no fault."""
        regions = self._regions()
        self._read_models()
        self._read_providers(regions)
        self._read_policies(regions)
        snapshot = self._checked(regions, digest)
        for page in self._pages.values():
            page.close()
        return snapshot

    def _page(self, document: DeclaredDocument | None) -> Page | None:
        """The document's page; None for a missing document and for one that is not TOML."""
        if document is None:
            return None
        content = parse(document.file, document.content, self._report)
        if content is None:
            self._unreadable.add(document.name)
            return None
        page = Page(document.file, content, self._report, self._today)
        self._pages[document.name] = page
        return page

    def _single(self, name: str) -> Page | None:
        return self._page(self._shelf.single.get(name))

    def _regions(self) -> Regions:
        page = self._single("regions.toml")
        return read_regions(page) if page else {}

    def _read_models(self) -> None:
        """A bundled model gives way to one of the operator's documents with the same id."""
        declared: frozenset[str] = frozenset()
        for shelf in (self._shelf, *self._shelf.bundled):
            for document in shelf.models:
                page = self._page(document)
                if page is not None and document.stem != _ALIASES:
                    read_models(page, self._models, declared)
                    page.close()
            declared = frozenset(self._models.values)

    def _read_providers(self, regions: Regions) -> None:
        for shelf, pinned in ((self._shelf, None), *((bundled, self._today) for bundled in self._shelf.bundled)):
            for document in shelf.catalog:
                page = self._page(document)
                if page is not None:
                    read = read_provider(page, document.stem, regions, pinned)
                    self._providers.add(read.provider.id, read, page.root)
                    page.close()

    def _read_policies(self, regions: Regions) -> None:
        for document in self._shelf.policies:
            page = self._page(document)
            if page is not None:
                self._policies.append(read_policy(page, document.stem, regions))

    def _checked(self, regions: Regions, digest: str) -> Snapshot:
        """Everything put together, each reference checked."""
        names = self._names()
        check_exceptions(self._providers.values.values(), names.models)
        documents = self._narrowed()
        providers = {document.provider.id: document.provider for document in documents}
        routes = resolved_routes(documents, self._models.values, names.models)
        check_policies(self._policies, names)
        organisation, teams = self._organisation(names, regions)
        snapshot = Snapshot(
            organisation=organisation,
            teams=teams,
            policies={document.policy.name: document.policy for document in self._policies},
            providers=providers,
            models=self._models.values,
            routes=self._deployed(routes, providers, names),
            grants=self._grants(regions, providers, names.providers),
            regions=regions,
            fx=self._fx(routes.values()),
            aliases=other_names(self._models, routes.values(), names),
            feeds=self._feeds(names.providers),
            redirects=read_redirects(self._aliases(), names),
            digest=digest,
        )
        check_redirects(self._aliases(), snapshot)
        return snapshot

    def _narrowed(self) -> list[ProviderDocument]:
        """The records, each with the answers of its control plane."""
        page = self._page(DeclaredDocument(OBSERVED, OBSERVED, self._observed)) if self._observed else None
        observed = read_destinations(page) if page is not None else {}
        return [
            narrowed(document, observed[name]) if name in observed else document
            for name, document in self._providers.values.items()
        ]

    def _names(self) -> Names:
        """The names that may be referred to. A document that cannot be read still declares the name of its file."""
        catalog = [document for shelf in (self._shelf, *self._shelf.bundled) for document in shelf.catalog]
        models = [document for shelf in (self._shelf, *self._shelf.bundled) for document in shelf.models]
        read = self._providers.values.values()
        routes = {draft.id_at(document.provider) for document in read for draft in document.routes}
        return Names(
            providers=Declared("provider", {document.stem for document in catalog}),
            models=Declared("model", self._models.values.keys(), self._all_read(models)),
            routes=Declared("route", routes, self._all_read(catalog)),
            policies=Declared("policy", {document.stem for document in self._shelf.policies}),
        )

    def _all_read(self, documents: Iterable[DeclaredDocument]) -> bool:
        return self._unreadable.isdisjoint(document.name for document in documents)

    def _organisation(self, names: Names, regions: Regions) -> tuple[Organisation, Mapping[str, Team]]:
        page, organisation = self._single("organisation.toml"), _NOBODY
        if page is not None:
            organisation = read_organisation(page)
            check_organisation(page, organisation, names.policies, names.models, Declared("region word", regions))
        classes = Declared("data class", organisation.classes, complete=page is not None)
        page, teams = self._single("teams.toml"), {}
        if page is not None:
            teams = read_teams(page)
            check_teams(page, teams, names.policies, classes)
        return organisation, teams

    def _grants(
        self, regions: Regions, providers: Mapping[str, Provider], names: Declared
    ) -> Mapping[str, tuple[Grant, ...]]:
        page = self._single("contracts.toml")
        entries: tuple[GrantEntry, ...] = read_contracts(page, regions) if page else ()
        check_contracts(entries, providers, names, self._today)
        grants: dict[str, tuple[Grant, ...]] = {}
        for entry in entries:
            grants[entry.grant.provider] = (*grants.get(entry.grant.provider, ()), entry.grant)
        return grants

    def _fx(self, routes: Iterable[Route]) -> Fx:
        page = self._single("fx.toml")
        if page is None:
            return Fx("USD", {})
        fx = read_fx(page)
        check_currencies(page, fx, routes)
        return fx

    def _feeds(self, providers: Declared) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
        page = self._single("feeds.toml")
        return read_feeds(page, providers) if page else {}

    def _deployed(
        self, routes: Mapping[RouteId, Route], providers: Mapping[str, Provider], names: Names
    ) -> Mapping[RouteId, Route]:
        page = self._single("deployments.toml")
        deployments = read_deployments(page, providers, names.providers, names.routes) if page else {}
        return with_deployments(routes, deployments)

    def _aliases(self) -> Table | None:
        document = next((d for d in self._shelf.models if d.stem == _ALIASES), None)
        page = self._pages.get(document.name) if document else None
        return page.root.table("aliases") if page else None

    def judge(self, snapshot: Snapshot) -> None:
        """The cases of the policies against the facts, for policies and facts without a fault."""
        faulty = self._report.faulty
        about = (*self._shelf.catalog, *self._shelf.models, *self._shelf.single.values())
        if not snapshot.routes or not faulty.isdisjoint(d.file for d in about if d.name not in _ABOUT_CALLERS):
            return
        sound = [document for document in self._policies if document.root.file not in faulty]
        check_admission(sound, snapshot, self._today)
        check_cases(sound, snapshot, self._today)
