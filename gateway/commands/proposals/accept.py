"""`catalogue accept`: changes of a proposal written into the documents, with an entry in the record of changes."""

from __future__ import annotations

import argparse
import getpass
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.commands.access.document_edits import put_documents
from gateway.commands.access.documents import declared_snapshot
from gateway.commands.proposals.opened import opened
from gateway.commands.terminal.context import CommandContext
from gateway.commands.terminal.stop import MISUSED, Stop
from gateway.core.catalog import Route
from gateway.core.catalogue_changes import CatalogueChange
from gateway.core.catalogue_edits import Proposal, by_route, outdated, price_evidence
from gateway.core.offers import PRICE
from gateway.core.snapshot import Snapshot
from gateway.views.change_record import change_record

if TYPE_CHECKING:
    from gateway.declarations.route_editor import RouteEdit

RECORD: Final = "CHANGES.md"
"""The record of changes, in `config/catalog/`."""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("proposal", metavar="PROPOSAL", help="the file that `catalogue update` wrote")
    parser.add_argument("ids", nargs="*", metavar="ID", help="changes to take (default: every proposed one)")
    parser.add_argument("--all", action="store_true", help="every change, also those that wait for a decision")
    parser.add_argument("--provider", metavar="P", help="of the proposed changes, those of this provider record")
    parser.add_argument("--by", metavar="NAME", help="the person who decides (default: the user of this machine)")


def run(context: CommandContext) -> int:
    proposal, settings = opened(context.options.proposal), context.settings()
    snapshot = declared_snapshot(settings, context.out)
    changes = _chosen(context, proposal)
    if stale := outdated(changes, snapshot):
        do = "run `catalogue update` again"
        raise Stop("the catalogue has changed since the comparison", do, faults=[change.id for change in stale])
    contents = _edited(settings.config, changes, proposal, snapshot)
    by = context.options.by or getpass.getuser()
    record = settings.config / "catalog" / RECORD
    before = record.read_text(encoding="utf-8") if record.is_file() else ""
    if changes:
        contents[record] = change_record(before, changes, proposal, by, context.today).encode()
        put_documents(contents, settings, "leave out the changes that cause them")
    files = sorted(path.name for path in contents if path != record)
    context.out.value({"accepted": [change.id for change in changes], "files": [*files], "record": str(record)})
    context.out.line(f"{len(changes)} changes are in {len(files)} documents; {record} records them.")
    context.out.note(f"`{context.program} reload` puts the documents in force.")
    return 0


def _chosen(context: CommandContext, proposal: Proposal) -> list[CatalogueChange]:
    options = context.options
    if options.ids and (options.all or options.provider):
        raise Stop("IDs stand alone", "leave out --all and --provider, or the IDs", code=MISUSED)
    if options.ids:
        known = {change.id: change for change in proposal.changes}
        if unknown := [name for name in options.ids if name not in known]:
            raise Stop(f"the proposal has no change {unknown[0]}", "`catalogue review` lists them", code=MISUSED)
        return [known[name] for name in dict.fromkeys(options.ids)]
    return [
        change
        for change in proposal.changes
        if (options.all or change.is_proposed) and options.provider in (None, change.route.partition("/")[0])
    ]


def _edited(
    config: Path, changes: Sequence[CatalogueChange], proposal: Proposal, snapshot: Snapshot
) -> dict[Path, bytes]:
    """The new bytes of every document with a change."""
    from gateway.declarations.editor import CannotEdit
    from gateway.declarations.route_editor import with_routes

    edits: dict[Path, list[RouteEdit]] = {}
    for name, of_route in by_route(changes).items():
        route = snapshot.routes[name]
        path = config / "catalog" / f"{route.provider.id}.toml"
        edits.setdefault(path, []).append(_edit(route, of_route, proposal))
    contents: dict[Path, bytes] = {}
    for path, of_document in edits.items():
        try:
            contents[path] = with_routes(path.read_bytes(), of_document)
        except (CannotEdit, OSError) as fault:
            what = fault.reason if isinstance(fault, CannotEdit) else f"cannot be read ({fault.strerror})"
            raise Stop(f"{path} {what}", "nothing was written") from None
    return contents


def _edit(route: Route, changes: Sequence[CatalogueChange], proposal: Proposal) -> RouteEdit:
    from gateway.declarations.route_editor import RouteEdit

    evidence = price_evidence(route, changes, proposal)
    others = [vote for change in changes if not change.field.startswith(PRICE) for vote in change.supporters]
    cites = next((f": {vote.cites}" for vote in others if vote.cites), "")
    labels = " and ".join(dict.fromkeys(f"{vote.feed}, {vote.feed.dated}" for vote in others))
    return RouteEdit(
        model=route.model.id,
        variant=route.variant,
        figures={change.field: change.after for change in changes},
        comment=f"{labels}{cites}".replace("\n", " "),
        source=evidence.source if evidence else "",
        read_on=evidence.read_on if evidence else None,
    )
