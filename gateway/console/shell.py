"""The frame of every page: navigation, reader, documents in force."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from gateway.console.page import PREFIX, ConsolePage, Visit
from gateway.core.errors import Json
from gateway.core.principal import Key
from gateway.identity.sessions import Visitor
from gateway.views.amounts import time_words


def shell_view(
    visit: Visit, page: ConsolePage | None, navigation: Sequence[ConsolePage], digest: str
) -> dict[str, Json]:
    """The values of the template `shell.html`. `page`: None on the page of an error. `digest`: of the assets."""
    in_force, today = visit.in_force, visit.now.date()
    return {
        "prefix": PREFIX,
        "assets": f"{PREFIX}/assets/{digest}",
        "scripts": list(page.scripts) if page is not None else [],
        "navigation": [
            {"label": each.label, "path": PREFIX + each.path, "here": _is_here(each, page)} for each in navigation
        ],
        "who": reader_words(visit.visitor),
        "signed_in": visit.visitor.signed_in,
        "csrf": visit.visitor.form_token,
        "documents": in_force.snapshot.digest[:12],
        "since": time_words(in_force.since, today),
        "today": today.isoformat(),
        "path": visit.path,
        "json": _json_address(visit) if page is not None and page.has_json else None,
        "organisation": in_force.snapshot.organisation.name,
    }


def reader_words(visitor: Visitor) -> str:
    """The reader as the header names the person: the role, else the team; the key's label. Empty for nobody."""
    words: list[str] = []
    if visitor.operator is not None:
        words.append("administrator" if visitor.operator.role.name == "admin" else visitor.operator.role.name)
    if visitor.principal is not None:
        caller, team = visitor.principal.caller, visitor.principal.team
        label = caller.label if isinstance(caller, Key) and caller.label else caller.id
        words += [*([] if words else [team.id]), f"{caller.kind} “{label}”"]
    return " · ".join(words)


def _is_here(each: ConsolePage, page: ConsolePage | None) -> bool:
    """The page itself, or one below it."""
    return page is not None and (each is page or page.path.startswith(f"{each.path}/"))


def _json_address(visit: Visit) -> str:
    return f"{visit.path}?{urlencode(_pairs(visit.query))}"


def _pairs(query: Mapping[str, tuple[str, ...]]) -> list[tuple[str, str]]:
    return [*((name, value) for name, values in query.items() for value in values), ("format", "json")]
