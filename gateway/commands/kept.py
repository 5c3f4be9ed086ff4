"""What a gateway keeps in its state directory, for reading: it need not run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.commands.asked import Asked
from gateway.commands.stop import Stop

if TYPE_CHECKING:
    from gateway.stores.ledger import SqliteLedger


def kept(asked: Asked) -> SqliteLedger:
    """The receipts of the state directory. Stop if nothing was ever kept there."""
    from gateway.stores.journal import JOURNAL_FILE
    from gateway.stores.ledger import SqliteLedger

    state = asked.settings().state
    if not (state / JOURNAL_FILE).exists():
        raise Stop(
            f"no gateway has run with the state directory {state}",
            "name its own with --state (or SAFECONDUCT_STATE), or start it here: safeconduct serve",
        )
    return SqliteLedger(state / JOURNAL_FILE)
