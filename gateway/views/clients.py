"""Lasting settings of coding agents, for pages and for docs/clients.md, made of the same values as their launch.

Placeholders are those of `snippets`.
"""

from __future__ import annotations

import json
from typing import Final

from gateway.core.errors import Json
from gateway.views.agent_launch import AgentLaunch
from gateway.views.launches import AGENTS
from gateway.views.snippets import KEY_VARIABLE, filled

_SHELL: Final = "shell"
_TEMPORARY: Final = "{{directory}}"


def lasting_settings(launch: AgentLaunch) -> tuple[str, str, str]:
    """Name of the agent, place and text of its settings for an address and a model, without a policy."""
    if launch.file.endswith(".toml"):
        return launch.name, launch.file, _as_toml(launch)
    if launch.file.endswith(".json"):
        return launch.name, launch.file, _as_json(launch)
    return launch.name, _SHELL, _as_shell(launch)


def _as_toml(launch: AgentLaunch) -> str:
    """The overrides of the command line, which are keys of the file: those without a table, then table by table."""
    words = [*launch.model.arguments, *launch.always.arguments]
    tables: dict[str, list[str]] = {"": []}
    for path, _, value in (word.partition("=") for word in words if word != "-c"):
        table, _, name = path.rpartition(".")
        tables.setdefault(table, []).append(f"{name} = {value}\n")
    first = "".join(tables.pop(""))
    return first + "".join(f"\n[{table}]\n{''.join(lines)}" for table, lines in tables.items())


def _as_json(launch: AgentLaunch) -> str:
    """The configuration that the launch passes in a variable."""
    (text,) = launch.model.variables.values()
    return json.dumps(json.loads(text), indent=2) + "\n"


def _as_shell(launch: AgentLaunch) -> str:
    """Exports, then the command with its arguments."""
    variables = {**launch.always.variables, **launch.model.variables}
    exports = [
        *(f"export {name}={value}" for name, value in variables.items() if _TEMPORARY not in value),
        *(f"export {name}=${KEY_VARIABLE}" for name in launch.key_variables),
    ]
    command = " ".join((launch.program, *launch.always.arguments, *launch.model.arguments))
    return "\n".join([*exports, command]) + "\n"


CLIENTS: Final = tuple(map(lasting_settings, AGENTS.values()))
"""Name, place and text of the settings of each agent."""


def client_settings(origin: str, model: str) -> list[Json]:
    """The settings of each agent with this gateway's address and a model."""
    return [{"name": name, "where": where, "text": filled(text, origin, model)} for name, where, text in CLIENTS]
