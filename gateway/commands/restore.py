"""Put a backup back into a state directory, or accept the loss since a backup."""

from __future__ import annotations

import argparse
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.commands.access.receipts_access import journals_of
from gateway.commands.terminal.context import CommandContext, state_options
from gateway.commands.terminal.stop import MISUSED, Stop

if TYPE_CHECKING:
    from gateway.settings import Settings


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directory", metavar="DIR", nargs="?", help="the copy that `safeconduct backup` made")
    parser.add_argument(
        "--accept-loss",
        action="store_true",
        help="open hard budgets though the spending since the backup is unknown; without DIR: after a restoration",
    )
    state_options(parser)


def run(context: CommandContext) -> int:
    settings = context.settings()
    if context.options.directory:
        return _restore(context, settings)
    if not context.options.accept_loss:
        raise Stop("restore needs a backup", "name its directory, or --accept-loss", code=MISUSED)
    return _accept(context, settings)


def _restore(context: CommandContext, settings: Settings) -> int:
    from gateway.stores.books.restored import Loss, note
    from gateway.stores.journal.backup import checked, put_back
    from gateway.stores.journal.journal import Journal

    source = Path(context.options.directory)
    backup = checked(source)
    put_back(backup, source, settings.state)
    accepted = context.options.accept_loss
    for journal in journals_of(context):
        with closing(Journal.open(journal.parent, settings.durability)) as books:
            if not accepted:
                note(books, Loss(backup.taken_at, context.now()))
    since = backup.taken_at.isoformat(timespec="seconds")
    context.out.value({"state": str(settings.state), "known_until": since, "loss_accepted": accepted})
    context.out.line(f"Restored into {settings.state}. The books know nothing after {since}.")
    if not accepted:
        context.out.line("Hard budgets of the present windows are closed. Compare with your providers' bills")
        context.out.line("(`safeconduct reconcile`), then open them: safeconduct restore --accept-loss")
    return 0


def _accept(context: CommandContext, settings: Settings) -> int:
    from gateway.stores.books.restored import accept
    from gateway.stores.journal.journal import Journal

    losses = []
    for journal in journals_of(context):
        with closing(Journal.open(journal.parent, settings.durability)) as books:
            losses.append(accept(books))
    known = sorted(loss.known_until for loss in losses if loss is not None)
    since = known[0].isoformat(timespec="seconds") if known else None
    context.out.value({"known_until": since, "loss_accepted": bool(known)})
    context.out.line(f"The loss since {since} is accepted." if known else "The books have no loss to accept.")
    return 0
