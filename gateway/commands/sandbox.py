"""Run the bundled provider alone, for whoever wants to call it without a gateway."""

from __future__ import annotations

import argparse

from gateway.commands.terminal.context import CommandContext
from gateway.commands.terminal.stop import MISUSED, Stop


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", default="0", metavar="N", help="TCP port on loopback (default: a free one)")


def run(context: CommandContext) -> int:
    import secrets

    from gateway import compose
    from gateway.sandbox import EMBEDDER, MODEL, PERSONAS

    if not context.options.port.isdecimal() or int(context.options.port) > 65_535:
        raise Stop("--port must be a number from 0 to 65535", "leave it out for a free port", code=MISUSED)
    settings = context.settings()
    password = secrets.token_urlsafe(24)

    def ready(port: int) -> None:
        bases = [f"http://127.0.0.1:{port}/{persona}/v1" for persona in PERSONAS]
        context.out.value({"base_urls": list(bases), "key": password, "model": MODEL})
        context.out.line(f"The sandbox offers {MODEL} and {EMBEDDER} (Ctrl-C ends it) at")
        for base in bases:
            context.out.line(f"  {base}")
        context.out.line(f"with the key {password}")
        context.out.line("(OpenAI's SDKs take an address as it is; Anthropic's and Google's take it without /v1).")

    compose.run_sandbox(settings, password, int(context.options.port), ready=ready)
    return 0
