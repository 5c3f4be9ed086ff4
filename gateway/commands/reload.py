"""Put changed documents in force in the running gateway, all at once; a bad set keeps the old one."""

from __future__ import annotations

import argparse
from pathlib import Path

from gateway.commands.access.running import running
from gateway.commands.terminal.context import CommandContext, state_options
from gateway.commands.terminal.stop import FAILED, Stop
from gateway.core.errors import Json


def arguments(parser: argparse.ArgumentParser) -> None:
    state_options(parser)


def run(context: CommandContext) -> int:
    from gateway.stores.ledger.workers import states

    home = context.settings().state
    answers = [answer for state in states(home) if (answer := _reloaded(state)) is not None]
    if not answers:
        raise Stop(
            f"no gateway runs with the state directory {home}", "start a gateway, or name its directory with --state"
        )
    answer = next((answer for answer in answers if not answer["reloaded"]), answers[0])  # a worker that refused, if any
    context.out.value(answer)
    digest = str(answer["snapshot"])[:12]
    if answer["reloaded"]:
        context.out.line(f"In force: documents {digest}")
        return 0
    for kind, word in (("faults", "fault"), ("restart", "restart")):
        lines = answer[kind]
        for line in lines if isinstance(lines, list) else ():
            context.out.line(f"{word:<8} {line}")
    do = "correct the faults, then reload again" if answer["faults"] else "restart the gateway for the new ones"
    context.out.line(f"Documents {digest} stay in force; {do}.")
    return FAILED


def _reloaded(state: Path) -> dict[str, Json] | None:
    """The answer of the worker with that state directory; None where no worker runs."""
    with running(state) as ask:
        return None if ask is None else ask("POST", "/reload", {})
