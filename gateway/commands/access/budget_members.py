"""Members of the shared budgets in Redis, and striking one off: `safeconduct books members | forget`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gateway.commands.access.receipts_access import places
from gateway.commands.access.running import running
from gateway.commands.terminal.context import CommandContext
from gateway.commands.terminal.printing import Toned
from gateway.commands.terminal.stop import MISUSED, Stop

if TYPE_CHECKING:
    from gateway.stores.audit.locations import Places


def listed(context: CommandContext) -> int:
    """Print all members."""
    roster = _roster(context)
    context.out.value(roster)
    rows = [(m["member"], _joined(m), _alive(m), str(m["holds"]), str(m["lapsed"])) for m in roster["members"]]
    context.out.table(("member", "has said what it spent", "state", "holds>", "left by its death>"), rows)
    missing = sum(not member["joined"] for member in roster["members"])
    if missing:
        context.out.line(f"Requests are refused until {missing} more gateways have reported their spend.")
    return 0


def forgotten(context: CommandContext) -> int:
    """Strike off the member that is named, once it was said what that means."""
    name = context.options.member
    member = next((m for m in _roster(context)["members"] if m["member"] == name), None)
    was = "unknown" if member is None else "alive" if member["alive"] else ""
    if member is not None and not was:
        if not context.options.yes:
            raise Stop(f"nothing was done yet: {_loss(member)}", f"if so, say: safeconduct books forget {name} --yes")
        was = _struck(context, name)
    if was == "unknown":
        raise Stop(f"unknown member {name!r}", "`safeconduct books members` lists them", code=MISUSED)
    if was == "alive":
        do = "end its gateway first; one that crashed counts as alive for a minute"
        raise Stop(f"member {name} is alive, and stays", do)
    context.out.value({"member": name, "was": was})
    context.out.line(f"Member {name} is struck off. Should it start again, it is a member again.")
    return 0


def _joined(member: Mapping[str, Any]) -> Toned:
    return Toned("yes", "good") if member["joined"] else Toned("no", "bad")


def _alive(member: Mapping[str, Any]) -> Toned:
    return Toned("alive", "good") if member["alive"] else Toned("not heard of", "quiet")


def _loss(member: Mapping[str, Any]) -> str:
    """The effect of striking it off on the budgets."""
    if member["joined"]:
        kept = "what it spent stays counted until Redis is emptied; then nobody waits for it, and it is missing"
    else:
        kept = "what only its journal knows it spent will be missing from every budget"
    left = member["holds"] + member["lapsed"]
    return kept + (f"; {left} holds that it left stay counted as spent" if left else "")


def _roster(context: CommandContext) -> dict[str, Any]:
    """As the gateway that runs sees it, which knows its own settings; else as this process does."""
    with running(context.settings().state) as ask:
        if ask is not None:
            return ask("GET", "/books/members", {})
    from gateway.stores.audit.locations import roster

    return roster(_shared(context))


def _struck(context: CommandContext, name: str) -> str:
    with running(context.settings().state) as ask:
        if ask is not None:
            return str(ask("POST", f"/books/members/{name}/forget", {})["was"])
    from gateway.stores.audit.locations import forget

    return forget(_shared(context), name)


def _shared(context: CommandContext) -> Places:
    if not context.settings().counters_url:
        do = "set SAFECONDUCT_REDIS_URL as for the gateway"
        raise Stop("no Redis is named, so that the journal alone keeps these budgets", do, code=MISUSED)
    return places(context)
