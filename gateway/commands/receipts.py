"""Receipts, newest first: where each exchange went, under which policy, and what it cost; or one in full."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from typing import Final

from gateway.commands.access.receipts_access import open_ledger
from gateway.commands.terminal.context import CommandContext, state_options
from gateway.commands.terminal.printing import Cell, Tone, Toned
from gateway.commands.terminal.stop import MISUSED, Stop
from gateway.core.cost import money
from gateway.core.errors import Json
from gateway.core.policy import LayerKind
from gateway.core.receipt import AttemptRecord, Receipt, from_json
from gateway.core.selection import Selection
from gateway.core.usage import Usage

_TONES: Final[Mapping[str, Tone]] = {"served": "good", "refused": "bad", "failed": "bad", "interrupted": "bad"}
_DECLARED: Final = "declared:"
"""Marks a region in a receipt that the provider did not report itself."""

_LAYERS: Final = tuple((kind.label, kind.label.replace("_", " ")) for kind in LayerKind)
"""Outermost first, as a receipt and as a person names them."""
_NO: Final[tuple[Json, ...]] = (None, [], "")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", nargs="?", help="one receipt, whole (x-safeconduct-receipt of a reply)")
    parser.add_argument("--limit", type=int, default=20, metavar="N", help="how many (default: 20)")
    parser.add_argument("--key", metavar="ID", help="only those of this key's id")
    state_options(parser)


def run(context: CommandContext) -> int:
    options = context.options
    if options.limit < 1:
        raise Stop("--limit must be at least 1", "say how many receipts you want", code=MISUSED)
    ledger = open_ledger(context)
    if options.id is None:
        receipts = ledger.newest(options.limit, Selection(where={"key": options.key} if options.key else {}))
        context.out.value(receipts)
        _table(context, [from_json(plain) for plain in receipts])
        return 0
    plain = ledger.receipt(options.id)
    if plain is None:
        raise Stop("unknown receipt id", "`safeconduct receipts` lists the newest", code=MISUSED)
    context.out.value(plain)
    _page(context, from_json(plain))
    return 0


def _table(context: CommandContext, receipts: list[Receipt]) -> None:
    context.out.table(("receipt", "outcome", "tokens and cost>"), map(_row, receipts))
    if not receipts:
        context.out.line("No receipt exists yet: every request so far came without a valid key.")


def _row(receipt: Receipt) -> tuple[Cell, ...]:
    """Two lines, so that a table of long names fits a terminal of 80 columns."""
    taken, written = _counts(receipt)
    region = f" ({receipt.region.removeprefix(_DECLARED)})" if receipt.region else ""
    return (
        f"{receipt.id}\n{receipt.began_at[:19].replace('T', ' ')} UTC",
        Toned(f"{_outcome(receipt)}\n{receipt.route or receipt.model}{region}", _TONES.get(receipt.outcome, "quiet")),
        f"{taken} in, {written} out\n{money(receipt.cost)} {receipt.currency}",
    )


def _outcome(receipt: Receipt) -> str:
    return f"{receipt.outcome}: {receipt.code}" if receipt.code else receipt.outcome


def _counts(receipt: Receipt) -> tuple[str, str]:
    used = sum((Usage(**attempt.usage) for attempt in receipt.attempts), Usage())
    return f"{used.context:,}", f"{used.generated:,}"


def _page(context: CommandContext, receipt: Receipt) -> None:
    """One receipt as a page: what was decided, where it went, what it cost, and where it hangs in its chain."""
    context.out.table(("", ""), [(Toned(name, "strong"), value) for name, value in _about(receipt) if value])
    if receipt.posture:
        rows = [(name, _plainly(value)) for name, value in receipt.posture.items()]
        context.out.table(("how content was treated", ""), rows)
    if receipt.attempts:
        columns = ("attempt", "outcome", "prompt", "used", "charged>", "held>", "first content>")
        context.out.table(columns, [_attempt(a, receipt.currency) for a in receipt.attempts])
    if receipt.rejections:
        rows = [(route, ", ".join(codes)) for route, codes in receipt.rejections.items()]
        context.out.table(("not eligible", "because"), rows)


def _about(receipt: Receipt) -> tuple[tuple[str, str], ...]:
    declared = " (as declared; the provider did not say)" if receipt.region.startswith(_DECLARED) else ""
    return (
        ("receipt", str(receipt.id)),
        ("began", receipt.began_at),
        ("outcome", _outcome(receipt)),
        ("caller", f"team {receipt.team}, {receipt.key}"),
        ("asked", f"{receipt.model}, {receipt.operation} ({receipt.dialect})"),
        (
            "demand",
            ", ".join(
                f"{n.replace('_', ' ')} {_plainly(v)}"
                for n, v in receipt.demand.items()
                if n != "carried" and v not in _NO
            ),
        ),
        ("translated", "\n".join(_carried(receipt))),
        ("policies", ", ".join(f"{receipt.policy[name]} ({word})" for name, word in _LAYERS if name in receipt.policy)),
        ("documents", receipt.documents),
        ("narrowed to", "\n".join(map(_narrowing, receipt.narrowing))),
        ("health", _health(receipt)),
        ("plan", "\n".join(receipt.plan)),
        ("route", receipt.route),
        ("region", receipt.region.removeprefix(_DECLARED) + declared),
        ("oldest fact", min((a.evidence_from for a in receipt.attempts if a.left and a.evidence_from), default="")),
        ("cost", f"{money(receipt.cost)} {receipt.currency}"),
        ("dropped", ", ".join(receipt.dropped)),
        ("took", f"{receipt.duration_ms} ms"),
        ("chain", f"{receipt.chain}, number {receipt.sequence}, after {receipt.previous[:16]}…"),
    )


def _carried(receipt: Receipt) -> Iterator[str]:
    """Members that a route's dialect cannot hold, for each dialect that cannot hold the whole request."""
    carried = receipt.demand.get("carried")
    for dialect, lost in carried.items() if isinstance(carried, Mapping) else ():
        if isinstance(lost, Mapping) and (lost.get("unfit") or lost.get("dropped")):
            verb = "cannot hold" if lost.get("unfit") else "leaves out"
            yield f"{dialect} {verb} {_plainly(lost.get('unfit') or lost.get('dropped'))}"


def _narrowing(record: Mapping[str, Json]) -> str:
    return "; ".join(f"{name.replace('_', ' ')} {_plainly(value)}" for name, value in record.items()) or "nothing"


def _health(receipt: Receipt) -> str:
    return "; ".join(f"{name.replace('_', ' ')}: {_plainly(value)}" for name, value in receipt.health.items())


def _ended(attempt: AttemptRecord) -> str:
    """The end of the attempt, by the provider's own answer where one came."""
    why = [str(attempt.status) if attempt.status else "", attempt.fault, attempt.upstream_code]
    reasons = ", ".join(word for word in why if word)
    return f"{attempt.outcome} ({reasons})" if reasons else attempt.outcome


def _went(attempt: AttemptRecord) -> str:
    """The place that an attempt's prompt went to; empty for a prompt that never left."""
    if not attempt.left:
        return "did not leave"
    observed = f", reported: {attempt.observed['region']}" if "region" in attempt.observed else ""
    return f"went to {attempt.region or 'unknown'}{observed}"


def _plainly(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_plainly(member)}" for name, member in value.items()) or "none"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "none"
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _attempt(attempt: AttemptRecord, currency: str) -> tuple[Cell, ...]:
    used = ", ".join(f"{name} {count:,}" for name, count in attempt.usage.items()) or "nothing"
    marked = f" ({attempt.usage_source})" if attempt.usage_source else ""
    return (
        attempt.route,
        _ended(attempt),
        _went(attempt),
        used + marked,
        f"{money(attempt.cost)} {currency}",
        f"{money(attempt.hold)} {currency}",
        f"{attempt.first_event_ms} ms" if attempt.first_event_ms >= 0 else "never",
    )
