"""Commands called as a person calls them, on documents and a state of the test's own."""

from __future__ import annotations

import io
import json
import shutil
from argparse import ArgumentParser
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any

from gateway.commands.terminal.context import CommandContext
from gateway.commands.terminal.invocation import parse
from gateway.commands.terminal.printing import Printer
from gateway.commands.terminal.stop import Stop
from gateway.stores.journal.journal import Journal
from tests.builders import NOW

ROOT = Path(__file__).parents[2]


def a_state(at: Path) -> str:
    """A state directory with which a gateway has run, without a receipt."""
    Journal.open(at, "process").close()
    return str(at)


PROVIDER = """\
id = "{id}"
name = "{name}"
operator = "{name}"
read_on = 2026-11-20
sources = ["https://example.org/terms"]
[connection]
dialect = "openai_chat"
auth = "bearer"
base_url = "https://{id}.example/v1"
callable = true
source = "documentation"
[posture]
processed_in = ["{country}"]
location_guarantee = "documented"
retention_days = {days}
training = "no"
jurisdiction = ["{country}"]
dpa = "in_force"
[[routes]]
model = "small"
upstream_model = "lab/small"
status = "{status}"
[routes.price]
currency = "USD"
input = {price}
output = 4
source = "price list"
read_on = 2026-11-20
"""
MODEL = """\
[[models]]
id = "small"
name = "Small"
lab = "lab"
kind = "chat"
context = 32000
"""
POLICIES = {
    "open": 'name = "open"\npurpose = "Everything."\n',
    "strict": 'name = "strict"\npurpose = "In the EU, nothing kept."\n'
    '[bound]\nprocessed_in = ["EU"]\nretention_days = 0\n',
}
ORGANISATION = """\
id = "acme"
name = "Acme"
policy = "open"
[classes.personal]
policy = "strict"
"""
TEAMS = """\
[teams.research]
name = "Research"
policy = "open"
classes = ["personal"]
"""
PROVIDERS = (
    {"id": "alpha", "name": "Alpha", "country": "SE", "days": 0, "price": "2", "status": ""},
    {"id": "beta", "name": "Beta", "country": "US", "days": 30, "price": "1", "status": "deprecated"},
)
KEYS = {"SAFECONDUCT_PROVIDER_ALPHA_KEY": "a-secret", "SAFECONDUCT_PROVIDER_BETA_KEY": "b-secret"}


def documents(at: Path) -> list[str]:
    """One model at two providers, two policies, one team; the options that name them."""
    for directory in ("config/catalog", "config/models", "policies"):
        (at / directory).mkdir(parents=True)
    for name in ("regions.toml", "fx.toml"):
        shutil.copy(ROOT / "config" / name, at / "config" / name)
    (at / "config/organisation.toml").write_text(ORGANISATION)
    (at / "config/teams.toml").write_text(TEAMS)
    (at / "config/models/lab.toml").write_text(MODEL)
    for provider in PROVIDERS:
        text = PROVIDER.format(**provider).replace('status = ""\n', "")
        (at / f"config/catalog/{provider['id']}.toml").write_text(text)
    for name, text in POLICIES.items():
        (at / f"policies/{name}.toml").write_text(text)
    return ["--config", str(at / "config"), "--policies", str(at / "policies")]


@dataclass(frozen=True, slots=True)
class Called:
    """What a command left: its exit code, what it printed, and why it stopped."""

    code: int
    out: str
    notes: str
    stop: Stop | None = None

    @property
    def json(self) -> Any:
        """The one value that `--json` prints."""
        return json.loads(self.out)


def call(
    name: str, *words: str, environ: Mapping[str, str] | None = None, now: datetime = NOW, json: bool = False
) -> Called:
    """Run a command in this process, at noon of the builders' day. A Stop is kept, anything else is raised."""
    command = import_module(f"gateway.commands.{name}")
    parser = ArgumentParser(exit_on_error=False)
    command.arguments(parser)
    parser.add_argument("--json", action="store_true")
    out, notes = io.StringIO(), io.StringIO()
    options = parse(parser, [*(["--json"] if json else []), *words])
    context = CommandContext(options, Printer(out, notes, as_json=json, width=200), environ or {}, lambda: now)
    try:
        code = command.run(context)
    except Stop as stop:
        return Called(stop.code, out.getvalue(), notes.getvalue(), stop)
    return Called(code, out.getvalue(), notes.getvalue())
