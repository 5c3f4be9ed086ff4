"""The start of a coding agent as a value, and the places in its texts.

Texts hold the places `{{origin}}` (`https://llm.example.org`, without a path), `{{model}}` and `{{policy}}`; the key is
always an environment variable, never a part of a text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from gateway.core.frozen import frozen


@frozen
class LaunchPart:
    """Settings of one process. `variables` and `arguments` of the agent may hold the place `{{directory}}` too: a
    temporary directory with the `files`, path -> content."""

    variables: Mapping[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)


@frozen
class AgentLaunch:
    """A coding agent as a process of its own.

    `name`: for people. `key_variables` get the key. `always`, `model`, `policy`: settings in every case, with a model,
    and under a policy. `cleared`: variables that would lead the agent elsewhere or contradict the key. `needs_model`:
    the agent has no model of its own. `file`: the agent's own file for lasting settings; empty for one that reads
    variables.
    """

    name: str
    program: str
    key_variables: tuple[str, ...]
    always: LaunchPart
    model: LaunchPart
    policy: LaunchPart
    cleared: tuple[str, ...] = ()
    needs_model: bool = False
    file: str = ""


def fill(text: str, values: Mapping[str, str]) -> str:
    """`text` with the value of each place. A place without a value stays as it is."""
    for name, value in values.items():
        text = text.replace("{{" + name + "}}", value)
    return text
