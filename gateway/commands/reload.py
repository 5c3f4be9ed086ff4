"""Put changed documents in force in the running gateway; a bad set keeps the old one."""

from __future__ import annotations

import argparse

from gateway.commands.asked import Asked, state_options
from gateway.commands.running import running
from gateway.commands.stop import Stop


def arguments(parser: argparse.ArgumentParser) -> None:
    state_options(parser)


def run(asked: Asked) -> int:
    state = asked.settings().state
    with running(state) as ask:
        if ask is None:
            raise Stop(f"no gateway runs with the state directory {state}", "start one, or name it with --state")
        answer = ask("POST", "/reload", {})
    asked.out.value(answer)
    faults = answer["faults"]
    if isinstance(faults, list) and faults:
        raise Stop(
            "the documents are not in order: the old ones stay in force",
            "correct them, then reload again",
            faults=[str(fault) for fault in faults],
        )
    asked.out.line(f"In force: documents {str(answer['snapshot'])[:12]}")
    return 0
