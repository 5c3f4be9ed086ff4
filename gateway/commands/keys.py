"""Create, list and revoke keys: through the running gateway, or under the state directory's lock where none runs."""

from __future__ import annotations

import argparse
import re
from datetime import timedelta

from gateway.commands.asked import Asked, document_options, state_options
from gateway.commands.printing import Printer, Toned
from gateway.commands.running import office
from gateway.commands.stop import MISUSED, Stop
from gateway.core.errors import Json

_SPAN = re.compile(r"([1-9][0-9]{0,4})([hdw])\Z")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=("create", "list", "revoke"))
    parser.add_argument("id", nargs="?", help="with revoke: the key's id")
    parser.add_argument("--team", metavar="T", help="with create: the team it belongs to, of config/teams.toml")
    parser.add_argument("--policy", metavar="P", help="with create: its own policy, on top of organisation and team")
    parser.add_argument("--label", metavar="TEXT", default="", help="with create: a word to know it by")
    parser.add_argument("--expires", metavar="SPAN", help="with create: 12h, 90d or 4w from now (default: never)")
    parser.add_argument("--class", metavar="C", action="append", default=[], dest="classes", help="with create: a data "
                        "class it may state; may be repeated (default: those of its team)")  # fmt: skip
    document_options(parser)
    state_options(parser)


def run(asked: Asked) -> int:
    return {"create": _create, "list": _list, "revoke": _revoke}[asked.options.action](asked)


def _create(asked: Asked) -> int:
    options = asked.options
    wanted: dict[str, Json] = {
        "team": options.team or "",
        "policy": options.policy or "",
        "label": options.label,
        "classes": list(options.classes),
        "expires_at": _expiry(asked),
    }
    if not options.team:
        raise Stop("a key belongs to a team", "name one of config/teams.toml with --team", code=MISUSED)
    with office(asked) as ask:
        made = ask("POST", "/keys", wanted)
    asked.out.value(made)
    whose = f"team {made['team']}, policy {made['policy']}"
    asked.out.line(f"Key {made['id']} ({whose}). It is shown once, and stored nowhere:")
    asked.out.line()
    asked.out.line(str(made["secret"]))
    return 0


def _expiry(asked: Asked) -> str | None:
    stated = asked.options.expires
    if stated is None:
        return None
    span = _SPAN.match(stated)
    if span is None:
        raise Stop("--expires is no span of time", "write 12h, 90d or 4w", code=MISUSED)
    return (asked.now() + int(span[1]) * _UNITS[span[2]]).isoformat(timespec="seconds")


def _list(asked: Asked) -> int:
    with office(asked) as ask:
        listed = ask("GET", "/keys", {})
    asked.out.value(listed)
    keys = listed["keys"]
    _print([key for key in keys if isinstance(key, dict)] if isinstance(keys, list) else [], asked.out)
    return 0


def _print(keys: list[dict[str, Json]], out: Printer) -> None:
    columns = ("id", "team", "policy", "label", "created", "expires", "state")
    rows = [
        (
            str(key["id"]),
            str(key["team"]),
            str(key["policy"]),
            str(key["label"]),
            str(key["created_at"]),
            str(key["expires_at"] or "never"),
            Toned(str(key["state"]), "good" if key["state"] == "active" else "bad"),
        )
        for key in keys
    ]
    out.table(columns, rows)
    if not rows:
        out.line("There is no key yet. `safeconduct keys create --team T --policy P` makes one.")


def _revoke(asked: Asked) -> int:
    if not asked.options.id:
        raise Stop("which key?", "give its id; `safeconduct keys list` shows them", code=MISUSED)
    with office(asked) as ask:
        revoked = ask("POST", f"/keys/{asked.options.id}/revoke", {})
    asked.out.value(revoked)
    asked.out.line(f"Key {revoked['id']} opens nothing any more.")
    return 0
