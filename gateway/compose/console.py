"""The pages of a gateway: their services, their sessions, and the list of pages in the order of the navigation."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from gateway.compose.console_reports import ConsoleReports, ReportSources
from gateway.compose.documents import DocumentSet
from gateway.console.application import Console, ConsoleServices
from gateway.console.catalogue import Catalogue
from gateway.console.compare import compare_page
from gateway.console.first_steps import first_steps_page
from gateway.console.health import health_page
from gateway.console.keys import keys_pages
from gateway.console.model import model_page
from gateway.console.models import models_page
from gateway.console.page import PREFIX, ConsolePage, DocumentsInForce, View, Visit
from gateway.console.places import places_page
from gateway.console.policies import policies_page
from gateway.console.receipts import receipts_pages
from gateway.console.sign_in import sign_in_pages
from gateway.console.spend import spend_pages
from gateway.exchange.services import Services
from gateway.http.drain import Drain
from gateway.identity.operators import Operator, local_operator
from gateway.identity.sessions import Sessions, Visitor
from gateway.settings import Settings
from gateway.stores.keys.keys import digest_of
from gateway.stores.sessions.session_files import SessionFiles
from gateway.telemetry.events import Fault
from gateway.telemetry.faults import reduce

_SESSIONS: Final = "sessions"
_LINKS: Final = "links"
_ANY: Final = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}
"""Addresses that stand for every one of the machine."""
FRONT: Final = f"{PREFIX}/models"


def origin_here(host: str, port: int) -> str:
    """Scheme, host and port of a gateway that listens there, for a browser on the same machine."""
    return f"http://{_ANY.get(host, host)}:{port}"


@dataclass(frozen=True, slots=True)
class OpenConsole:
    """The pages of a running gateway."""

    application: Console
    sessions: Sessions

    def link(self, operator: Operator, credential: str = "") -> str:
        """The path of a page that signs the operator in, once. `credential`: digest of a key to sign in with too."""
        return f"{PREFIX}/enter/{self.sessions.link(operator, credential)}"

    def front(self, secret: str) -> str:
        """The path of the first page; with the secret of a first key, one that signs in the user of this process."""
        return self.link(local_operator(os.geteuid()), digest_of(secret)) if secret else f"{PREFIX}/"


def open_console(
    settings: Settings, home: Path, documented: DocumentSet, sources: ReportSources, drain: Drain
) -> OpenConsole | None:
    """The pages; None where they are switched off. `home`: the state directory that all workers share."""
    if settings.pages_shown == "off":
        return None
    services = sources.services
    clock = services.clock
    directory = home / _SESSIONS
    kept, links = SessionFiles(directory, clock.now), SessionFiles(directory / _LINKS, clock.now)
    sessions = Sessions(kept, links, services.callers, clock.now)

    shared = ConsoleServices(
        in_force=partial(_in_force, documented, services),
        sessions=sessions,
        now=clock.now,
        public=settings.pages_shown == "public",
        draining=lambda: drain.draining,
        report=lambda fault: services.log.emit(Fault(reduce(fault))),
    )
    return OpenConsole(Console(shared, [*_pages(sources, sessions)]), sessions)


def _in_force(documented: DocumentSet, services: Services) -> DocumentsInForce:
    now, health = documented.current(), services.health.view(services.clock.monotonic())
    return DocumentsInForce(now.snapshot, now.means, documented.since, health)


def health_for(documented: DocumentSet, sources: ReportSources) -> Callable[[Operator], Awaitable[View]]:
    """The report of the page on health, for an operator."""
    reports = ConsoleReports(sources)

    def report(operator: Operator) -> Awaitable[View]:
        in_force, now = _in_force(documented, sources.services), sources.services.clock.now()
        return reports.health(Visit(in_force, now, "", visitor=Visitor(operator=operator)))

    return report


def _pages(sources: ReportSources, sessions: Sessions) -> Iterable[ConsolePage]:
    """Every page. Those with a label stand in the navigation, in this order."""
    catalogue = Catalogue()
    reports = ConsoleReports(sources)
    yield models_page(catalogue)
    yield compare_page()
    yield policies_page(reports.cards, reports.draft, reports.why)
    yield places_page(reports.places)
    yield from spend_pages(reports.spend, reports.budgets, reports.focus)
    yield from receipts_pages(reports.receipts, reports.receipt)
    yield from keys_pages(reports.keys, sources.desk)
    yield health_page(reports.health)
    yield first_steps_page(catalogue)
    yield model_page()
    yield from sign_in_pages(sessions, sources.services.clock.monotonic, FRONT)
