"""A draft of a policy at the terminal: what remains, the price of each clause, and the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gateway.commands.access.current_state import current_state
from gateway.commands.access.receipts_access import traffic_ledger
from gateway.commands.terminal.context import CommandContext
from gateway.commands.terminal.stop import MISUSED, Stop
from gateway.core.errors import InvalidRequest
from gateway.core.policy import Policy
from gateway.reports.policies import draft
from gateway.reports.sight import Sight
from gateway.views.amounts import amount_words
from gateway.views.drafts import Judge
from gateway.views.limits import MEMBERS, limits_in

_NAME = "draft"


def show_draft(context: CommandContext) -> int:
    """Measure the limits of the command line against the routes and the traffic of the last thirty days."""
    now = current_state(context)
    limits = _limits(context.options.limits, now.snapshot.regions)
    judge = Judge(now.snapshot, now.means, context.today)
    view: Any = draft(traffic_ledger(context), limits, judge, Sight())
    context.out.value(view)
    if context.options.toml:
        context.out.line(view["toml"].rstrip())
        return 0
    for line in _summary(view):
        context.out.line(line)
    columns = ("clause", "routes without it>", "models without it>", "loses most")
    context.out.table(columns, [_row(clause) for clause in view["clauses"]])
    context.out.line(f"As a file of policies/:\n\n{view['toml'].rstrip()}")
    return 0


def _limits(words: Sequence[str], regions: Mapping[str, frozenset[str]]) -> Policy:
    query: dict[str, list[str]] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or name not in MEMBERS:
            do = f"write NAME=VALUE with one of {', '.join(MEMBERS)}"
            raise Stop("a limit must be a dimension and a value", do, code=MISUSED)
        query.setdefault(name, []).append(value)
    try:
        return limits_in(query, regions, _NAME) or Policy(_NAME)
    except InvalidRequest as refused:
        do = "processed_in=EU retention_days=0 training=no is an example"
        raise Stop(refused.message.rstrip("."), do, code=MISUSED) from None


def _summary(view: Mapping[str, Any]) -> Iterator[str]:
    routes, models = f"{view['routes']:,} of {view['of_routes']:,} routes", f"{view['models']} of {view['of_models']}"
    yield f"{routes} and {models} models remain; {view['connected']:,} routes are connected."
    lost = ", ".join(view["lost"])
    yield (
        f"Models in use that would lose their last route: {lost}."
        if lost
        else "No model in use would lose its last route."
    )
    traffic = view["traffic"]
    if traffic["requests"]:
        cost, then = (amount_words(traffic[name], traffic["currency"]) for name in ("cost", "cost_then"))
        yield f"The traffic of {view['since']} to {view['until']} cost {cost} on them; at the cheapest of them {then}."


def _row(clause: Mapping[str, Any]) -> tuple[str, ...]:
    losers = ", ".join(f"{each['operator']} {each['routes']}" for each in clause["loses"])
    return (
        f"{clause['label']}: {clause['words']}",
        f"+{clause['routes']:,}",
        f"+{clause['models']:,}",
        losers or "nobody",
    )
