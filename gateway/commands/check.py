"""Check every document at once, and say what each policy admits."""

from __future__ import annotations

import argparse
import asyncio
from dataclasses import asdict, dataclass
from datetime import date

from gateway.commands.terminal.context import CommandContext, document_options
from gateway.commands.terminal.stop import FAILED
from gateway.core.catalog import Route
from gateway.core.errors import Json
from gateway.core.evaluation import POLICY_KINDS, Capabilities, DecisionBasis, Kind, candidate, rejections_of
from gateway.core.notices import Notice, notices
from gateway.core.policy import Layer, LayerKind, Policy, combine
from gateway.core.snapshot import Snapshot
from gateway.views.catalogue import plain_demand
from gateway.views.notices import notice_words


def arguments(parser: argparse.ArgumentParser) -> None:
    document_options(parser)


def run(context: CommandContext) -> int:
    from gateway.compose import read

    loaded = read(context.settings())
    unread: list[dict[str, Json]] = []
    if loaded.snapshot is not None:
        observed, unread = _observed(context, loaded.snapshot)
        loaded = read(context.settings(), observed) if observed else loaded
    faults, warnings = [_entry(f) for f in loaded.faults], [*unread, *(_entry(w) for w in loaded.warnings)]
    admitted: list[Admitted] = []
    if loaded.snapshot is not None:
        means, unfit = _means(context, loaded.snapshot)
        faults += unfit
        warnings += [_notice(n) for n in notices(loaded.snapshot, means.credentials, context.today)]
        admitted = [admission(p, loaded.snapshot, means, context.today) for p in loaded.snapshot.policies.values()]
    context.out.value(
        {
            "in_order": not faults,
            "snapshot": loaded.snapshot.digest if loaded.snapshot else None,
            "faults": faults,
            "warnings": warnings,
            "policies": [asdict(a) for a in admitted],
        }
    )
    _print(context, faults, warnings)
    if loaded.snapshot is not None:
        _print_admitted(context, loaded.snapshot, admitted)
    return FAILED if faults else 0


@dataclass(frozen=True, slots=True)
class Admitted:
    """Counts of the routes that a policy admits, of their models, and of the routes that can be used here."""

    policy: str
    routes: int
    models: int
    callable: int
    """Their record says how they are called, and this version speaks their dialect."""
    ready: int
    """Their credentials are set."""


def admission(policy: Policy, snapshot: Snapshot, means: Capabilities, today: date) -> Admitted:
    """The routes that the policy admits by itself, without the layers around it."""
    demanded = combine([Layer(LayerKind.ORGANISATION, policy)])
    basis = DecisionBasis(snapshot, means, today)
    admitted: list[tuple[Route, set[Kind]]] = []
    for route in snapshot.routes.values():
        plain = plain_demand(route.model)
        kinds = {r.kind for r in rejections_of(candidate(route, plain), plain, demanded, basis)}
        if Kind.RETIRED not in kinds and not kinds & POLICY_KINDS:
            admitted.append((route, kinds))
    return Admitted(
        policy.name,
        len(admitted),
        len({route.model.id for route, _ in admitted}),
        sum(Kind.NOT_CALLABLE not in kinds for _, kinds in admitted),
        sum(not kinds for _, kinds in admitted),
    )


def _means(context: CommandContext, snapshot: Snapshot) -> tuple[Capabilities, list[dict[str, Json]]]:
    """The capabilities of this environment, and every fault of its credentials."""
    from gateway.compose import access, in_force
    from gateway.settings import SettingsRefused

    try:
        return in_force(snapshot, access(snapshot, context.environ), context.settings()).means, []
    except SettingsRefused as refused:
        unfit: list[dict[str, Json]] = [
            {"file": "environment", "key": f.variable, "what": f.what, "do": f.do} for f in refused.faults
        ]
        return Capabilities(frozenset(), frozenset()), unfit


def _observed(context: CommandContext, snapshot: Snapshot) -> tuple[bytes, list[dict[str, Json]]]:
    """The answers of control planes about places, and a warning for each record of which none was told."""
    from gateway.compose import access, observed_now
    from gateway.settings import SettingsRefused

    try:
        opened = access(snapshot, context.environ)
    except SettingsRefused:  # said among the faults
        return b"", []
    observed, unread = asyncio.run(observed_now(snapshot, opened, context.settings(), context.today))
    return observed, [_unread(event.provider, event.fault, event.status) for event in unread]


def _unread(provider: str, fault: str, status: int) -> dict[str, Json]:
    what = f"the control plane did not tell where profiles send requests ({fault}{f' {status}' if status else ''})"
    do = "allow the credential to list inference profiles; until then the record's own statement stands"
    return {"file": f"catalog/{provider}.toml", "key": "connection.destinations", "what": what, "do": do}


def _notice(notice: Notice) -> dict[str, Json]:
    """A notice in the form of a warning: what holds, and what to do."""
    what, do = notice_words(notice)
    return {"file": f"catalog/{notice.provider}.toml", "key": notice.kind.value, "what": what, "do": do}


def _entry(fault: object) -> dict[str, Json]:
    return {name: str(getattr(fault, name)) for name in ("file", "key", "what", "do")}


def _print(context: CommandContext, faults: list[dict[str, Json]], warnings: list[dict[str, Json]]) -> None:
    for kind, entries in (("fault", faults), ("warning", warnings)):
        for entry in entries:
            place = ": ".join(str(entry[part]) for part in ("file", "key") if entry[part])
            context.out.line(f"{kind:<8} {place}: {entry['what']}; {entry['do']}")
    summary = f"{_counted(faults, 'fault')}: nothing of this would be put in force" if faults else "in order"
    context.out.line(f"{summary}; {_counted(warnings, 'warning')}")


def _counted(entries: list[dict[str, Json]], word: str) -> str:
    return f"{len(entries)} {word}" if len(entries) == 1 else f"{len(entries)} {word}s"


def _print_admitted(context: CommandContext, snapshot: Snapshot, admitted: list[Admitted]) -> None:
    columns = ("policy", "admits routes>", "of models>", "callable>", "with credentials>")
    rows = [(a.policy, *map(str, (a.routes, a.models, a.callable, a.ready))) for a in admitted]
    context.out.table(columns, rows)
    context.out.line(
        f"{len(snapshot.providers)} provider records, {len(snapshot.models)} models, {len(snapshot.routes)} routes; "
        f"documents {snapshot.digest[:12]}"
    )
