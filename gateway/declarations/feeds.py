"""`feeds.toml`: the names under which price lists know our provider records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gateway.declarations.names import Declared
from gateway.declarations.reader import Page

FAMILIES: Final = ("genai-prices", "litellm", "models-dev")


def read_feeds(page: Page, providers: Declared) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """Provider record -> family of price lists -> the prefixes of its models' names there."""
    places: dict[str, Mapping[str, tuple[str, ...]]] = {}
    for provider in page.root.names():
        table = page.root.table(provider)
        if table is None:
            continue
        providers.check(table, "", provider)
        places[provider] = {family: words for family in FAMILIES if (words := table.words(family))}
    return places
