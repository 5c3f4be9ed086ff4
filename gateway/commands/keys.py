"""Create, list, rotate and revoke keys: by the running gateway, or under the state directory's lock where none runs."""

from __future__ import annotations

import argparse
import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from gateway.commands.access.running import founding_office, office
from gateway.commands.terminal.context import CommandContext, document_options, state_options
from gateway.commands.terminal.printing import Cell, Tone, Toned
from gateway.commands.terminal.stop import MISUSED, Stop
from gateway.core.errors import Json

_SPAN: Final = re.compile(r"([1-9][0-9]{0,4})([hdw])")
_ID: Final = re.compile(r"key_[A-Za-z0-9]+")
_UNITS: Final = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_MOST_OVERLAP_S: Final = 366 * 86_400
_TONES: Final[dict[str, Tone]] = {"active": "good", "expired": "quiet", "revoked": "bad"}


def arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="create | list | rotate | revoke")
    create = actions.add_parser("create", help="make a key; it is shown once")
    create.add_argument("--team", metavar="T", help="the team it belongs to (config/teams.toml)")
    create.add_argument("--policy", metavar="P", help="its own policy, on top of organisation and team")
    create.add_argument("--label", default="", metavar="TEXT", help="a word to know it by")
    create.add_argument("--expires", metavar="WHEN", help="12h, 90d, 4w, or a day (its end, UTC); default: never")
    create.add_argument(
        "--class",
        dest="classes",
        action="append",
        default=[],
        metavar="C",
        help="a data class it may state; repeatable",
    )
    create.add_argument(
        "--budget",
        dest="budgets",
        action="append",
        default=[],
        metavar="B",
        help="what it may spend, such as 50/month, 40/month,soft or 50/month,clamp=256; one, and a soft one, "
        "per hour, day, week, month, total",
    )
    listing = actions.add_parser("list", help="show every key, but never a secret")
    rotate = actions.add_parser("rotate", help="give a key another secret; it is shown once, and the old one ends")
    rotate.add_argument("id", help="key_…, as `keys list` shows it; not the key itself")
    rotate.add_argument(
        "--overlap",
        default="7d",
        metavar="SPAN",
        help="how long the old one still opens: 12h, 7d, 4w, or 0 (default: 7d)",
    )
    rotate.add_argument("--expires", metavar="WHEN", help="as of create; default: after as long as the old one had")
    revoke = actions.add_parser("revoke", help="close a key at once")
    revoke.add_argument("id", help="key_…, as `keys list` shows it; not the key itself")
    for action in (create, listing, rotate, revoke):
        document_options(action)
        state_options(action)
        action.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)


def run(context: CommandContext) -> int:
    return {"create": _create, "list": _list, "rotate": _rotate, "revoke": _revoke}[context.options.action](context)


def _create(context: CommandContext) -> int:
    options = context.options
    if not options.team:
        raise Stop("a key belongs to a team", "name one of config/teams.toml with --team", code=MISUSED)
    members: dict[str, Json] = {
        "team": options.team,
        "policy": options.policy or "",
        "label": options.label,
        "classes": list(options.classes),
        "budgets": list(options.budgets),
        "expires_at": _expires(context),
    }
    with founding_office(context) as ask:
        made = ask("POST", "/keys", members)
    context.out.value(made)
    until = f", until {made['expires_at']}" if made["expires_at"] else ""
    context.out.line(f"Key {made['id']} (team {made['team']}, policy {made['policy']}{until}).")
    _show(context, made)
    return 0


def _rotate(context: CommandContext) -> int:
    key_id, members = (
        _id(context.options.id),
        {"overlap_s": _overlap(context.options.overlap), "expires_at": _expires(context)},
    )
    with office(context) as ask:
        made = ask("POST", f"/keys/{key_id}/rotate", members)
    context.out.value(made)
    old = f"the old one opens until {made['replaced_until']}" if made["replaced_until"] else "the old one opens nothing"
    context.out.line(f"Key {made['id']} has another secret; {old}.")
    _show(context, made)
    return 0


def _show(context: CommandContext, made: dict[str, Json]) -> None:
    context.out.line("It is shown once; only its digest is kept:")
    context.out.line()
    context.out.line(str(made["secret"]))


def _expires(context: CommandContext) -> str | None:
    text = context.options.expires
    return None if text is None else moment(text, context.now()).isoformat()


def _overlap(text: str) -> int:
    """Seconds."""
    span = _SPAN.fullmatch(text)
    seconds = int(span[1]) * int(_UNITS[span[2]].total_seconds()) if span else 0
    if (span is None and text != "0") or seconds > _MOST_OVERLAP_S:
        raise Stop("--overlap must be 0 or a time span of at most a year", "write 12h, 7d, 4w, or 0", code=MISUSED)
    return seconds


def moment(text: str, now: datetime) -> datetime:
    """A span from now (`90d`), the end of a day in UTC, or a moment with its time zone. Stop for anything else."""
    try:
        parsed = _moment(text, now)
    except (ValueError, OverflowError):
        parsed = None
    if parsed is None or parsed.tzinfo is None:
        raise Stop(
            "--expires must be a time span or a date", "write 12h, 90d, 4w, or a date such as 2027-03-31", code=MISUSED
        )
    if parsed <= now:
        raise Stop("--expires lies in the past", "name a later time", code=MISUSED)
    return parsed


def _moment(text: str, now: datetime) -> datetime:
    if span := _SPAN.fullmatch(text):
        return now + int(span[1]) * _UNITS[span[2]]
    if len(text) == len("2027-03-31"):
        return datetime.combine(date.fromisoformat(text), time(23, 59, 59), UTC)
    return datetime.fromisoformat(text)


def _list(context: CommandContext) -> int:
    with office(context) as ask:
        listed = ask("GET", "/keys", {})
    context.out.value(listed)
    keys = listed["keys"]
    rows = [_row(key) for key in keys if isinstance(key, dict)] if isinstance(keys, list) else []
    context.out.table(("key\nlabel", "state", "team\npolicy", "classes\nbudgets", "created\nexpires"), rows)
    if not rows:
        context.out.line("No key exists yet. `safeconduct keys create --team T --policy P` makes one.")
    return 0


def _row(key: dict[str, Json]) -> tuple[Cell, ...]:
    """Two lines, so that a table with whole ids fits a terminal of 80 columns."""
    state = str(key["state"])
    return (
        f"{key['id']}\n{key['label']}",
        Toned(state, _TONES.get(state, "quiet")),
        f"{key['team']}\n{key['policy']}",
        f"{_listed(key['classes'])}\n{_listed(key['budgets'])}",
        f"{str(key['created_at'])[:10]}\n{str(key['expires_at'] or 'never')[:10]}",
    )


def _listed(words: Json) -> str:
    return ", ".join(map(str, words)) if isinstance(words, list) else ""


def _revoke(context: CommandContext) -> int:
    with office(context) as ask:
        revoked = ask("POST", f"/keys/{_id(context.options.id)}/revoke", {})
    context.out.value(revoked)
    context.out.line(f"Key {revoked['id']} is revoked and opens nothing any more.")
    return 0


def _id(text: str) -> str:
    """A key id, checked. On failure: a secret given by mistake is neither sent nor printed."""
    if _ID.fullmatch(text):
        return text
    what = "a key is named by its id, not by itself" if text.startswith("sc_") else "this is not the id of a key"
    raise Stop(what, "ids begin with key_: `safeconduct keys list` shows them, with their labels", code=MISUSED)
