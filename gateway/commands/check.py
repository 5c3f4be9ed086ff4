"""Check every document at once, and say what each policy admits."""

from __future__ import annotations

import argparse

from gateway.commands.asked import Asked, document_options
from gateway.commands.printing import Cell, Toned
from gateway.commands.standing import means
from gateway.commands.stop import FAILED
from gateway.core.catalog import Snapshot
from gateway.core.decision import Means
from gateway.core.errors import Json


def arguments(parser: argparse.ArgumentParser) -> None:
    document_options(parser)


def run(asked: Asked) -> int:
    from gateway.compose import read

    settings = asked.settings()
    loaded = read(settings)
    found: list[dict[str, Json]] = []
    if loaded.snapshot is not None:
        usable = means(settings, loaded.snapshot, asked.environ, None)
        found = [_admits(name, loaded.snapshot, usable, asked) for name in sorted(loaded.snapshot.policies)]
    asked.out.value(
        {
            "in_order": not loaded.faults,
            "snapshot": loaded.snapshot.digest if loaded.snapshot else None,
            "faults": [_entry(f) for f in loaded.faults],
            "warnings": [_entry(w) for w in loaded.warnings],
            "policies": found,
        }
    )
    _print(asked, [str(f) for f in loaded.faults], [str(w) for w in loaded.warnings], loaded.snapshot, found)
    return FAILED if loaded.faults else 0


def _entry(fault: object) -> dict[str, Json]:
    return {name: str(getattr(fault, name)) for name in ("file", "key", "what", "do")}


def _admits(name: str, snapshot: Snapshot, usable: Means, asked: Asked) -> dict[str, Json]:
    """What a policy admits, and how much of it could be called from here now."""
    from gateway.asgi.catalogue import plain_demand
    from gateway.core.decision import POLICY_KINDS, judge
    from gateway.core.policy import Layer, LayerKind, combine

    demanded = combine([Layer(LayerKind.ORGANISATION, snapshot.policies[name])])
    routes, models, callable_ = 0, set(), 0
    for route in snapshot.routes.values():
        reasons = judge(route, plain_demand(route.model), demanded, snapshot, usable, asked.today)
        if not any(r.kind in POLICY_KINDS for r in reasons):
            routes += 1
            models.add(route.model.id)
            callable_ += not reasons
    return {"policy": name, "routes": routes, "models": len(models), "usable_here": callable_}


def _print(
    asked: Asked, faults: list[str], warnings: list[str], snapshot: Snapshot | None, found: list[dict[str, Json]]
) -> None:
    out = asked.out
    for text in faults:
        out.line(f"fault    {text}")
    for text in warnings:
        out.line(f"warning  {text}")
    if faults:
        out.line(f"{len(faults)} faults, {len(warnings)} warnings: nothing of this would be put in force")
    if snapshot is None or faults:
        return
    columns = ("routes", "models", "usable_here")
    rows: list[list[Cell]] = [[Toned(str(f["policy"]), "strong"), *(str(f[n]) for n in columns)] for f in found]
    out.table(("policy", "routes admitted>", "models>", "usable here now>"), rows)
    out.line(
        f"In order: {len(snapshot.providers)} provider records, {len(snapshot.models)} models, {len(snapshot.routes)} "
        f"routes, {len(warnings)} warnings. Usable here: with a credential set, in a language that is spoken."
    )
