"""Put changed documents in force in the running gateway, all at once; a bad set keeps the old one."""

from __future__ import annotations

import argparse

from gateway.commands.asked import Asked, state_options
from gateway.commands.running import running
from gateway.commands.stop import FAILED, Stop


def arguments(parser: argparse.ArgumentParser) -> None:
    state_options(parser)


def run(asked: Asked) -> int:
    state = asked.settings().state
    with running(state) as ask:
        if ask is None:
            raise Stop(f"no gateway runs with the state directory {state}", "start one, or name it with --state")
        answer = ask("POST", "/reload", {})
    asked.out.value(answer)
    faults, digest = answer["faults"], str(answer["snapshot"])[:12]
    if not isinstance(faults, list) or not faults:
        asked.out.line(f"In force: documents {digest}")
        return 0
    for fault in faults:
        asked.out.line(f"fault    {fault}")
    asked.out.line(f"Documents {digest} stay in force; correct the faults, then reload again.")
    return FAILED
