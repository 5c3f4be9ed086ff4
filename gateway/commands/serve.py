"""Run the gateway in the foreground until a signal ends it."""

from __future__ import annotations

import argparse
import gc
import shlex
from functools import partial
from typing import TYPE_CHECKING

from gateway.commands.terminal.address import unusable
from gateway.commands.terminal.context import CommandContext, document_options, state_options
from gateway.commands.terminal.first_steps import first_steps
from gateway.commands.terminal.stop import MISUSED, Stop

if TYPE_CHECKING:
    from gateway.compose import Ready, Worker
    from gateway.settings import Settings

OF_THE_FIRST_KEY = "unrestricted"
"""The policy of the key that is made at start, in the sandbox only."""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", metavar="H", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", metavar="N", help="TCP port, 0 for a free one (default: 8080)")
    parser.add_argument("--workers", metavar="N", help="processes on this port, with a Redis (default: 1)")
    parser.add_argument("--with-key", action="store_true", help="create a key at start, and print how to use it")
    document_options(parser)
    state_options(parser)


def run(context: CommandContext) -> int:
    gc.disable()  # nothing of start-up is garbage, and looking takes a fifth of it; `compose` looks again from then on
    try:
        return _run(context)
    finally:
        gc.enable()


def _run(context: CommandContext) -> int:
    settings = context.settings()
    if context.options.with_key and not settings.sandbox:
        do = "start it with --sandbox, or create a key: safeconduct keys create --team T --policy P"
        raise Stop(
            "--with-key is for the sandbox: a real key needs a team and a policy of your choice", do, code=MISUSED
        )
    if settings.workers > 1 and not settings.counters_url:
        do = "name one in SAFECONDUCT_REDIS_URL (docs/operations.md, Several workers), or leave --workers out"
        raise Stop(
            "more than one worker needs a Redis: without it each would spend every budget anew", do, code=MISUSED
        )
    _harden(context, settings)
    placed = _placed(settings) if settings.workers > 1 else None
    if isinstance(placed, int):
        return placed
    _serve(context, settings, placed)
    return 0


def _placed(settings: Settings) -> Worker | int:
    """In each worker its place; in the process that began them their exit code, when all have ended."""
    from gateway.compose import start_workers
    from gateway.telemetry.log import standard_output

    try:
        return start_workers(settings, standard_output(settings.log_level))
    except OSError as fault:
        raise unusable(fault, settings.host, settings.port) or fault from None


def _harden(context: CommandContext, settings: Settings) -> None:
    """No start where something would record what passes, and no dump of this process."""
    from gateway.telemetry.hardening import forbid_dumps, of_this_process

    if settings.unsafe_allow_debug:
        return
    if refusals := of_this_process(context.environ):
        do = "correct that, then start again; docs/operations.md, Starting, says more"
        raise Stop("this process could record content, so it does not start", do, faults=refusals)
    forbid_dumps()


def _serve(context: CommandContext, settings: Settings, placed: Worker | None) -> None:
    """`placed`: among the workers of the gateway; None for the only process."""
    from gateway import compose
    from gateway.stores.ledger.workers import state_of
    from gateway.telemetry.library import take_over
    from gateway.telemetry.log import standard_output

    log = standard_output(settings.log_level)
    take_over(log)
    opened = partial(compose.access, environ=context.environ)
    first = placed is None or (placed.number == 1 and not placed.again)
    first_key = OF_THE_FIRST_KEY if first and context.options.with_key else ""
    own = settings.model_copy(update={"state": state_of(settings.state, placed.number if placed else 1)})
    place = compose.WorkerPlace(settings.state, placed.listening if placed else None, first_key)

    def ready(now: Ready) -> None:
        if first:
            _welcome(context, settings, now)
        if placed is not None:
            placed.ready()

    try:
        compose.run_gateway(own, opened, log, ready=ready, place=place)
    except compose.DocumentsRefused as refused:
        do = "correct the faults, then start again; `safeconduct check` lists them"
        raise Stop("the configuration has errors; the gateway was not started", do, faults=refused.faults) from None
    except OSError as fault:
        raise unusable(fault, settings.host, settings.port) or fault from None
    finally:
        log.flush()


def _welcome(context: CommandContext, settings: Settings, ready: Ready) -> None:
    """Prints the address; with a first key also the first requests, ready to paste. Without a terminal, standard output
    has lines of the log alone."""
    from gateway.compose import origin_here

    origin = origin_here(settings.host, ready.port)
    base, pages = f"{origin}/v1", f"{origin}{ready.pages}" if ready.pages else None
    context.out.value({"base_url": base, "key": ready.secret or None, "pages": pages})
    context.out.greeting(f"Safeconduct listens on {origin} (Ctrl-C ends it)")
    if pages:
        context.out.greeting(f"Pages{', signed in once within an hour' if ready.secret else ''}: {pages}")
    if ready.secret:
        state = f" --state {shlex.quote(context.options.state)}" if context.options.state else ""
        for line in first_steps(base, ready.secret, f"{context.program} {{}}{state}"):
            context.out.greeting(line)
