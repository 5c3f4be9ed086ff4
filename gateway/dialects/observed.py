"""Reports of providers about the place, the model and the deployment that served a reply, in headers of theirs.

A header is foreign text: only a short plain word is taken from it. Azure's region is that of the resource, whatever
data centre serves its deployments: it counts as declared.
Sources, read in November 2026: documentation of Groq and of Azure OpenAI, recorded replies of both.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_REPORTS: Final[Mapping[str, str]] = {
    "x-groq-region": "region",  # "us-east-1"
    "x-generation-id": "generation",  # OpenRouter: "gen-1764590000-…"
    "x-ms-region": "declared_region",  # "Sweden Central"
    "x-ms-served-model": "model",  # "gpt-5.6-luna-2026-07-09"
    "x-ms-deployment-name": "deployment",
    "x-ms-is-spilled-over": "spilled_over",  # beyond the provisioned throughput: charged by the token
    "x-ms-aoai-configured-data-retention-days": "retention_days",
}
_PLAIN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _.-]{0,63}")
_SAYS_NOTHING: Final = frozenset({"false", "False"})
"""Of a flag: the usual case needs no line in a receipt."""
_NOTHING: Final[Mapping[str, str]] = {}


def observed(headers: Mapping[str, str]) -> Mapping[str, str]:
    """The provider's reports by name (`region`, `declared_region`, `model`, `deployment`, `spilled_over`,
    `retention_days`, `generation`); those that it states. Header names are lower-case."""
    reports = {
        name: word
        for header, name in _REPORTS.items()
        if (word := headers.get(header)) is not None and word not in _SAYS_NOTHING and _PLAIN.fullmatch(word)
    }
    return reports or _NOTHING
