"""A request to the admin endpoints of each journal of a state directory: every worker writes its own."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Final

from gateway.commands.access.receipts_access import journals_of, shared_postgres
from gateway.commands.access.running import office, running
from gateway.commands.terminal.context import CommandContext
from gateway.core.errors import Json

_PATIENCE_S: Final = 3600.0
"""For a running gateway, which reads every receipt of many days."""


def ask_each_journal(context: CommandContext, path: str, body: Mapping[str, Json]) -> list[dict[str, Json]]:
    """The answer of each worker to this POST. Stop if nothing was ever kept, and for what an endpoint refuses."""
    return [_answer(context, journal.parent, path, body) for journal in journals_of(context)]


def note_other_gateways(context: CommandContext) -> None:
    """Say that gateways with state directories of their own were not asked, where a ledger is shared."""
    if shared_postgres(context.settings()) is not None:
        context.out.note("This covers one state directory. Run the command beside each gateway of the ledger.")


def _answer(context: CommandContext, state: Path, path: str, body: Mapping[str, Json]) -> dict[str, Json]:
    """By the worker that runs there, else by this process under the lock of its journal."""
    with ExitStack() as stack:
        ask = stack.enter_context(running(state, _PATIENCE_S))
        if ask is None:
            here = Namespace(**{**vars(context.options), "state": str(state)})
            ask = stack.enter_context(office(replace(context, options=here)))
        return ask("POST", path, body)
