"""Run the bundled provider alone, for whoever wants to call it without a gateway."""

from __future__ import annotations

import argparse

from gateway.commands.terminal.context import CommandContext
from gateway.commands.terminal.stop import MISUSED, Stop


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", default="0", metavar="N", help="TCP port on loopback (default: a free one)")


def run(asked: CommandContext) -> int:
    import secrets

    from gateway import compose
    from gateway.asgi.server import run as run_loop
    from gateway.sandbox import EMBEDDER, MODEL, PERSONAS

    if not asked.options.port.isdecimal() or int(asked.options.port) > 65_535:
        raise Stop("--port is no port", "write a number from 0 to 65535", code=MISUSED)
    settings = asked.settings()
    password = secrets.token_urlsafe(24)

    def ready(port: int) -> None:
        bases = [f"http://127.0.0.1:{port}/{persona}/v1" for persona in PERSONAS]
        asked.out.value({"base_urls": list(bases), "key": password, "model": MODEL})
        asked.out.line(f"The sandbox offers {MODEL} and {EMBEDDER} (Ctrl-C ends it) at")
        for base in bases:
            asked.out.line(f"  {base}")
        asked.out.line(f"with the key {password}")
        asked.out.line("(OpenAI's SDKs take an address as it is; Anthropic's and Google's take it without /v1).")

    async def serve() -> None:
        await compose.serve_sandbox(settings, password, int(asked.options.port), ready=ready)

    run_loop(serve)
    return 0
