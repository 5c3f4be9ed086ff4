"""The context of one command call, and the options that several commands share."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Protocol

from gateway.commands.terminal.printing import Printer

if TYPE_CHECKING:
    from gateway.settings import Settings


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class CommandContext:
    """One call of a command: its options, where it prints, the environment, the time, and how the program is called."""

    options: argparse.Namespace
    out: Printer
    environ: Mapping[str, str]
    now: Callable[[], datetime] = _now
    program: str = "safeconduct"

    @property
    def today(self) -> date:
        return self.now().date()

    def settings(self) -> Settings:
        """The settings of the environment, with the options of the command line over them. Raises SettingsRefused."""
        from gateway.settings import Settings, read, variable

        named = {name: getattr(self.options, name, None) for name in Settings.model_fields}
        variables = {variable(name): _written(value) for name, value in named.items() if value not in (None, False, "")}
        return read({**self.environ, **variables})


def _written(value: object) -> str:
    return "true" if value is True else str(value)


class Command(Protocol):
    """A module of this room that is a command."""

    def arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the command's own options."""

    def run(self, context: CommandContext) -> int:
        """Do it; the exit code."""


def document_options(parser: argparse.ArgumentParser) -> None:
    """For commands that read the documents."""
    group = parser.add_argument_group("documents")
    group.add_argument("--config", metavar="DIR", help="documents that say what is (default: the shipped ones)")
    group.add_argument(
        "--policies", metavar="DIR", help="documents that say what may happen (default: the shipped ones)"
    )
    group.add_argument("--sandbox", action="store_true", help="with the sandbox's own providers")


def state_options(parser: argparse.ArgumentParser) -> None:
    """For commands that need the gateway's state or its admin socket."""
    group = parser.add_argument_group("state")
    group.add_argument("--state", metavar="DIR", help="the gateway's state directory (default: .safeconduct)")
