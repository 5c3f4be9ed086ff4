"""Run the gateway in the foreground, until it is told to end."""

from __future__ import annotations

import argparse
import errno
from functools import partial
from typing import TYPE_CHECKING

from gateway.commands.asked import Asked, document_options, state_options
from gateway.commands.stop import Stop

if TYPE_CHECKING:
    from gateway.compose import Ready
    from gateway.settings import Settings


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", metavar="H", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", metavar="N", help="TCP port, 0 for a free one (default: 8080)")
    parser.add_argument("--with-key", action="store_true", help="create a key at start, and print how to use it")
    document_options(parser)
    state_options(parser)


def run(asked: Asked) -> int:
    from gateway import compose
    from gateway.asgi.server import run as run_loop
    from gateway.telemetry import hardening, library
    from gateway.telemetry.log import standard_output

    settings = asked.settings()
    refusals = () if settings.unsafe_allow_debug else hardening.of_this_process(asked.environ)
    if refusals:
        raise Stop("this process could record content, so it does not start", "see docs/operations.md", faults=refusals)
    if not settings.unsafe_allow_debug:
        hardening.forbid_dumps()
    log = standard_output(settings.log_level)
    library.take_over(log)
    first_key = _first_policy(asked, settings)
    opened = partial(compose.access, environ=asked.environ)

    async def serve() -> None:
        await compose.serve(settings, opened, log, ready=partial(_welcome, asked, settings), first_key=first_key)

    try:
        run_loop(serve)
    except compose.DocumentsRefused as refused:
        do = "correct them, then start again; `safeconduct check` lists their faults"
        raise Stop("the documents are not in order", do, faults=refused.faults) from None
    except OSError as fault:
        if fault.errno != errno.EADDRINUSE:
            raise
        where = f"{settings.host}:{settings.port}"
        raise Stop(
            f"{where} is taken by another process", "end that one, or choose another --port (make run PORT=…)"
        ) from None
    return 0


def _first_policy(asked: Asked, settings: Settings) -> str:
    if not asked.options.with_key:
        return ""
    if not settings.sandbox:
        do = "start it with --sandbox, or create a key: safeconduct keys create --team T --policy P"
        raise Stop("--with-key is for the sandbox: a real key needs a team and a policy of your choice", do)
    return "unrestricted"


def _welcome(asked: Asked, settings: Settings, ready: Ready) -> None:
    """What a newcomer needs, ready to paste."""
    out, base = asked.out, f"http://{settings.host}:{ready.port}/v1"
    out.value({"base_url": base, "key": ready.secret or None})
    out.line(f"Safeconduct listens on http://{settings.host}:{ready.port} (Ctrl-C ends it)")
    if not ready.secret:
        return
    request = '{"model": "sandbox-small", "messages": [{"role": "user", "content": "Hello"}]}'
    for text in (
        "",
        "In another terminal:",
        "",
        f"export OPENAI_BASE_URL={base}",
        f"export OPENAI_API_KEY={ready.secret}",
        "",
        "# a request, answered on the cheapest route that policy admits",
        *_curl(request),
        "",
        "# the same under a stricter policy, on a route that keeps content: refused, with reasons",
        *_curl(request.replace("sandbox-small", "sandbox-us/sandbox-small"), "x-safeconduct-policy: eu-zero-retention"),
        "",
        "# where it went, and why not elsewhere",
        f".venv/bin/safeconduct receipts --limit 2{_state(settings)}",
        f".venv/bin/safeconduct explain --model sandbox-small --policy eu-zero-retention{_state(settings)}",
        "",
    ):
        out.line(text)


def _curl(request: str, *headers: str) -> list[str]:
    lines = ['curl -sS "$OPENAI_BASE_URL/chat/completions" -H "Authorization: Bearer $OPENAI_API_KEY" \\']
    lines += [f'  -H "{header}" \\' for header in headers]
    return [*lines, f"  -H \"Content-Type: application/json\" -d '{request}'"]


def _state(settings: Settings) -> str:
    from gateway.settings import Settings as Defaults

    default = Defaults.model_fields["state"].default
    return "" if settings.state == default else f" --state {settings.state}"
