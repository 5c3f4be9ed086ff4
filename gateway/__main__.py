"""`safeconduct COMMAND`: the table of commands. Only the module of the command that runs is imported."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import Final

COMMANDS: Final[Mapping[str, str]] = {
    "serve": "run the gateway",
    "check": "check every document, and say what each policy admits",
    "explain": "which routes may serve a model, and why not the others",
    "routes": "list every route with posture and price",
    "catalogue": "compare with price lists, accept their changes, compare two catalogues",
    "policy": "compare policies, and draft one",
    "facts": "list every fact by age and source, or verify one",
    "keys": "create, list, rotate and revoke keys",
    "usage": "what was used and what it cost",
    "places": "where words went, by country",
    "health": "providers, stores, and facts that end soon",
    "reconcile": "compare the ledger with a provider's bill",
    "receipts": "read receipts, newest first",
    "reprice": "rate receipts again at the prices of today",
    "verify": "check that no receipt was changed or removed",
    "backup": "copy everything in the state directory, also while the gateway runs",
    "restore": "put a backup back into a state directory",
    "books": "check that the books add up; who shares the budgets",
    "reload": "put changed documents in force",
    "console": "sign in to the pages, by a link that works once",
    "launch": "start a coding agent with this gateway's address and a key",
    "sandbox": "run the bundled provider alone",
}

CODES: Final = "Exit codes: 0 done; 1 not done, or what was looked at is not in order; 2 called wrongly."


def main(words: Sequence[str] | None = None) -> int:
    """Dispatch; the exit code of the command (0 done, 1 not done or not in order, 2 called wrongly)."""
    arguments = list(sys.argv[1:] if words is None else words)
    name = arguments[0] if arguments else "--help"
    if name in COMMANDS:
        from gateway.commands.terminal.invocation import invoke

        command = import_module(f"gateway.commands.{name}")
        return invoke(name, COMMANDS[name], command, arguments[1:], os.environ)
    if name in ("-h", "--help", "help"):
        print(usage())
        return 0
    if name in ("-V", "--version"):
        from importlib.metadata import version

        print(f"safeconduct {version('safeconduct')}")
        return 0
    near = get_close_matches(name, COMMANDS, n=1)
    do = f"did you mean `safeconduct {near[0]}`?" if near else "safeconduct --help lists the commands"
    print(f"safeconduct: unknown command\n  -> {do}", file=sys.stderr)
    return 2


def usage() -> str:
    """The commands, a line each."""
    lines = [f"  {name.ljust(9)} {summary}" for name, summary in COMMANDS.items()]
    return "\n".join(["safeconduct COMMAND [--help] [--json] …", "", *lines, "", CODES])


if __name__ == "__main__":
    sys.exit(main())
