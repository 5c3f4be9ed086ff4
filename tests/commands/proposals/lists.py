"""Price lists for the commands' documents: `alpha` and `beta` serve `lab/small` at 2 and 1 in, 4 out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.commands.calling import Called, call, documents

FEEDS = """\
[alpha]
genai-prices = ["alpha/"]
litellm = ["alpha/"]
[beta]
litellm = ["beta/"]
"""


def a_catalogue(at: Path) -> list[str]:
    """The documents with names in the feeds, and the options that name them."""
    options = documents(at)
    (at / "config/feeds.toml").write_text(FEEDS)
    (at / "state").mkdir(exist_ok=True)
    return [*options, "--state", str(at / "state")]


def litellm(at: Path, *, alpha: float = 2e-06, **members: Any) -> str:
    entries = {
        f"{name}/lab/small": {
            "litellm_provider": name,
            "mode": "chat",
            "input_cost_per_token": price,
            "output_cost_per_token": 4e-06,
            **members,
        }
        for name, price in (("alpha", alpha), ("beta", 1e-06))
    }
    path = at / "litellm.json"
    path.write_text(json.dumps(entries))
    return f"{path}@2026-11-22"


def genai(at: Path, alpha: float = 2) -> str:
    entry = {"id": "lab/small", "prices": {"input_mtok": alpha, "output_mtok": 4}}
    path = at / "genai.json"
    path.write_text(json.dumps([{"id": "alpha", "models": [entry]}]))
    return f"{path}@2026-11-21"


def updated(at: Path, options: list[str], *sources: str, words: tuple[str, ...] = ()) -> Called:
    """`catalogue update`, with the proposal in `proposal.json` beside the documents."""
    named = [word for source in sources for word in ("--from", source)]
    return call("catalogue", "update", *named, "--out", str(at / "proposal.json"), *words, *options, json=True)
