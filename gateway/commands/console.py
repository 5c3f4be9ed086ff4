"""Make a link that signs an administrator in to the pages of the running gateway, once, and open it."""

from __future__ import annotations

import argparse
import sys
import webbrowser
from urllib.parse import urlsplit

from gateway.commands.access.running import running
from gateway.commands.terminal.context import CommandContext, state_options
from gateway.commands.terminal.stop import MISUSED, Stop


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--address", metavar="URL", help="the gateway as a browser reaches it (default: this machine)")
    parser.add_argument("--no-open", action="store_true", help="print the link, and open no browser")
    state_options(parser)


def run(context: CommandContext) -> int:
    home = context.settings().state
    base = _base(context.options.address) if context.options.address else ""
    with running(home) as ask:
        if ask is None:
            do = "start a gateway, or name its directory with --state"
            raise Stop(f"no gateway runs with the state directory {home}", do)
        made = ask("POST", "/console-links", {})
    link = f"{base or made['origin']}{made['path']}"
    context.out.value({"link": link})
    context.out.line(f"Open this link within an hour; it signs one administrator in, once:\n{link}")
    if not context.options.no_open and sys.stdout.isatty():
        webbrowser.open(link)
    return 0


def _base(address: str) -> str:
    """Scheme, host and port of the address."""
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.path.strip("/") or parts.query:
        raise Stop("--address must be a scheme and a host", "give it as https://llm.example.org", code=MISUSED)
    return f"{parts.scheme}://{parts.netloc}"
