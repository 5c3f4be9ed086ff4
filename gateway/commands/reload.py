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
        raise Stop(f"no gateway runs with the state directory {home}", "start one, or name it with --state")
    answer = next((answer for answer in answers if answer["faults"]), answers[0])  # of all workers, the worst off
    context.out.value(answer)
    faults, digest = answer["faults"], str(answer["snapshot"])[:12]
    if not isinstance(faults, list) or not faults:
        context.out.line(f"In force: documents {digest}")
        return 0
    for fault in faults:
        context.out.line(f"fault    {fault}")
    context.out.line(f"Documents {digest} stay in force; correct the faults, then reload again.")
    return FAILED


def _reloaded(state: Path) -> dict[str, Json] | None:
    """What the worker of that state directory says; None if none runs there."""
    with running(state) as ask:
        return None if ask is None else ask("POST", "/reload", {})
