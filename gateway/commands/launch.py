"""Start a coding agent with the gateway's address and a key, for that process alone."""

from __future__ import annotations

import argparse
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from gateway.commands.terminal.agent_process import process_of, run_agent
from gateway.commands.terminal.context import CommandContext
from gateway.commands.terminal.stop import MISUSED, Stop
from gateway.views.launches import AGENTS
from gateway.views.snippets import KEY_VARIABLE

ADDRESS_VARIABLE: Final = "LLM_ADDRESS"
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,199}")
_KEY: Final = re.compile(r"[!-~]{1,512}")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.usage = f"safeconduct launch {'|'.join(AGENTS)} [options] [-- ARGUMENTS OF THE AGENT]"
    parser.add_argument("agent", choices=[*AGENTS], help="the agent to start")
    parser.add_argument("--model", metavar="M", help="a model of GET /v1/models (default: the agent's own)")
    parser.add_argument("--policy", metavar="P", help="narrow every request of the agent by this policy")
    parser.add_argument(
        "--address", metavar="URL", help=f"the gateway's address (default: {ADDRESS_VARIABLE}, else OPENAI_BASE_URL)"
    )
    parser.add_argument(
        "--key-file", metavar="FILE", help=f"a file with the key (default: {KEY_VARIABLE}, else OPENAI_API_KEY)"
    )
    parser.set_defaults(rest=())


def run(context: CommandContext) -> int:
    options = context.options
    launch = AGENTS[options.agent]
    if launch.needs_model and not options.model:
        raise Stop(
            f"{launch.name} has no model of its own",
            "name one of GET /v1/models: --model M",
            code=MISUSED,
        )
    values = {"origin": _origin(context), **_names(options)}
    with tempfile.TemporaryDirectory(prefix="safeconduct-") as directory:
        process = process_of(launch, values, _key(context), Path(directory))
        return run_agent(process, options.rest, context.environ)


def _names(options: argparse.Namespace) -> dict[str, str]:
    """Model and policy, where they are stated."""
    names = {name: getattr(options, name) for name in ("model", "policy") if getattr(options, name)}
    for name, value in names.items():
        if _NAME.fullmatch(value) is None:
            do = "use letters, digits and . _ : / @ + -, as the documents do"
            raise Stop(f"--{name} must be the name of a {name}", do, code=MISUSED)
    return names


def _origin(context: CommandContext) -> str:
    """Scheme, host and port. The path of the address is left out: each agent has its own."""
    address = context.options.address or context.environ.get(ADDRESS_VARIABLE) or _vendor(context.environ, "BASE_URL")
    if not address:
        raise Stop("the gateway's address must be stated", f"set {ADDRESS_VARIABLE}, or use --address", code=MISUSED)
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None or parts.query:
        raise Stop("the address must be a scheme and a host", "give it as https://llm.example.org", code=MISUSED)
    return f"{parts.scheme}://{parts.netloc}"


def _key(context: CommandContext) -> str:
    if context.options.key_file:
        key = Path(context.options.key_file).read_text(encoding="ascii", errors="replace").strip()
    else:
        key = context.environ.get(KEY_VARIABLE) or _vendor(context.environ, "API_KEY")
    if not key:
        raise Stop("a key of the gateway must be stated", f"set {KEY_VARIABLE}, or use --key-file", code=MISUSED)
    if _KEY.fullmatch(key) is None:
        raise Stop("the key must be one line of visible characters", f"look at {KEY_VARIABLE} or the key file")
    return key


def _vendor(environ: Mapping[str, str], name: str) -> str:
    """OpenAI's variable, as `make run` prints it: only beside a key of a gateway."""
    return environ.get(f"OPENAI_{name}", "") if environ.get("OPENAI_API_KEY", "").startswith("sc_") else ""
