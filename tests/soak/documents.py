"""Documents for one model at one provider or two, with a budget that is counted and never spent."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests.commands.calling import documents as two_providers
from tests.processes import edit

_BUDGETS: Final = "".join(
    f'[[budgets]]\nlimit = "1000000"\nwindow = "{window}"\n' for window in ("hour", "day", "month", "total")
)
_MESSAGES: Final = 'dialect = "anthropic_messages"\nauth = "x-api-key"'
_CHAT: Final = 'dialect = "openai_chat"\nauth = "bearer"'


def secrets(*names: str) -> dict[str, str]:
    """A credential for each of these providers, as settings."""
    return {f"SAFECONDUCT_PROVIDER_{name.upper()}_KEY": "a-secret" for name in names}


def documents(at: Path, addresses: Mapping[str, str], more: str = "") -> list[str]:
    """`addresses`: of `alpha`, which speaks Chat Completions, and of `beta`, which speaks Messages; the options that
    name them. `more`: of the organisation's document."""
    named = two_providers(at)
    (at / "policies/unrestricted.toml").write_text('name = "unrestricted"\npurpose = "Everything."\n')
    edit(at / "config/organisation.toml", lambda text: text + _BUDGETS + more)
    edit(at / "config/models/lab.toml", lambda text: text.replace("context = 32000", "context = 1000000000"))
    for name in ("alpha", "beta"):
        record = at / f"config/catalog/{name}.toml"
        if name in addresses:
            edit(record, lambda text, name=name: _priced(text, name, addresses[name]))  # type: ignore[misc]
        else:
            record.unlink()
    return named


def _priced(text: str, name: str, address: str) -> str:
    """One for a million tokens out, nothing for those in."""
    text = text.replace("input = 2", "input = 0").replace("input = 1", "input = 0").replace("output = 4", "output = 1")
    if name == "beta":
        text = text.replace(_CHAT, _MESSAGES).replace('status = "deprecated"\n', "")
    return text.replace(f"https://{name}.example", address)
