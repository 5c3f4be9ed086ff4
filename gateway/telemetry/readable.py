"""The same events for a person at a terminal: one line each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from gateway.core.cost import money

EventFields: TypeAlias = Mapping[str, object]


def line(event: str, level: str, time: str, fields: EventFields) -> str:
    """`21:04:05 served  sandbox-se/sandbox-small  31 in, 24 out  0.00000055 USD  12 ms, first 4 ms  team demo …`."""
    line = _TOLD[event](fields)
    grave = "" if level in ("debug", "info") else f"{level.upper()} "
    return f"{time[11:19]} {grave}{line}"


def _ended(f: EventFields) -> str:
    code = f" ({f['code']})" if f["code"] else ""
    marked = "" if f["usage_source"] in ("provider", "") else f" [{f['usage_source']}]"
    first = f", first {f['first_event_ms']} ms" if f["first_event_ms"] != -1 else ""
    parts = (
        f"{f['outcome']}{code}",
        f["route"] or "no route",
        f["region"],
        _before(f["sent_to"]),
        f"{f['gen_ai.usage.input_tokens']} in, {f['gen_ai.usage.output_tokens']} out{marked}",
        f"{f['amount']} {f['currency']}",
        f"{f['duration_ms']} ms{first}",
        f"team {f['team']} key {f['key']}",
        f"receipt {f['receipt']}",
    )
    return "  ".join(str(part) for part in parts if part)


def _before(sent_to: object) -> str:
    """Every attempt, where the prompt left more than once or for a route that did not answer."""
    answered_at_once = isinstance(sent_to, list) and len(sent_to) == 1 and str(sent_to[0]).endswith(":200")
    return f"sent to {_listed(sent_to)}" if sent_to and not answered_at_once else ""


def _started(f: EventFields) -> str:
    sandbox = " with sandbox" if f["sandbox"] else ""
    return (
        f"ready on {f['address']}{sandbox}  {f['routes']} routes, {f['models']} models, "
        f"credentials for {_listed(f['providers'])}  version {f['version']}  documents {str(f['documents'])[:12]}  "
        f"started in {f['started_ms']} ms"
    )


def _reloaded(f: EventFields) -> str:
    return f"reloaded: documents {str(f['documents'])[:12]} in force, {f['warnings']} warnings{_by(f)}"


def _reload_refused(f: EventFields) -> str:
    restart = f"restart needed for {_listed(f['restart'])}, " if f["restart"] else ""
    faults = f"{f['faults']} faults ({_listed(f['places'])}), " if f["faults"] else ""
    words = "".join(f"  | {line}" for line in f["words"]) if isinstance(f["words"], list) else ""
    return f"reload refused: {faults}{restart}documents {str(f['documents'])[:12]} stay in force{_by(f)}{words}"


def _by(f: EventFields) -> str:
    return f"  by {f['actor']}"


def _repriced(f: EventFields) -> str:
    where, amount = f["provider"] or "every provider", f"{money(int(str(f['difference'])))} {f['currency']}"
    days = f"{f['since']} to {f['until']}"
    return f"repriced {f['exchanges']} exchanges of {days} at {where}: {f['corrected']} corrected, {amount}{_by(f)}"


def _settled(f: EventFields) -> str:
    amount = f"{money(int(str(f['difference'])))} {f['currency']}"
    return f"settled held costs of {f['exchanges']} exchanges by {f['source']}: {amount}{_by(f)}"


def _renewed(f: EventFields) -> str:
    left = "without an end" if f["left_s"] == -1 else f"usable for {f['left_s']} s"
    return f"the credential of {f['provider']} ({f['source']}) is renewed, {left}"


def _why(f: EventFields) -> str:
    return f" ({f['fault']} {f['status']})" if f["status"] else f" ({f['fault']})"


def _away(f: EventFields) -> str:
    why = f"{f['waiting']} processes have not said what they have spent" if f["waiting"] else f"{f['reason']}"
    return f"shared counters are away, and nothing is admitted: {why}"


def _fault(f: EventFields) -> str:
    receipt = f"  receipt {f['receipt']}" if f["receipt"] else ""
    return f"fault in {f['where']}: {f['fault']}{receipt}"


def _listed(names: object) -> str:
    return ", ".join(names) if isinstance(names, list) and names else "none"


_TOLD: Final[Mapping[str, Callable[[EventFields], str]]] = {
    "exchange_ended": _ended,
    "started": _started,
    "stopping": lambda f: f"stopping: {f['in_flight']} exchanges are still to end",
    "reloaded": _reloaded,
    "reload_refused": _reload_refused,
    "key_created": lambda f: f"key {f['key']} created for team {f['team']} under policy {f['policy']}{_by(f)}",
    "key_rotated": lambda f: f"key {f['key']} of team {f['team']} has a new secret{_by(f)}",
    "key_revoked": lambda f: f"key {f['key']} of team {f['team']} revoked{_by(f)}",
    "repriced": _repriced,
    "costs_settled": _settled,
    "member_forgotten": lambda f: f"member {f['member']} struck off the shared budgets{_by(f)}",
    "books_restored": lambda f: f"books restored from a backup of {f['known_until']}; hard budgets are closed",
    "recovered": lambda f: f"recovered {f['exchanges']} interrupted exchanges; their holds stand",
    "counters_joined": lambda f: f"shared counters joined as {f['member']}",
    "counters_away": _away,
    "counters_fragile": lambda _: (
        "redis keeps no append-only file: a crash of it stops requests until all have rejoined"
    ),
    "rates_alone": lambda f: f"limits are counted by this process alone: redis cannot be asked ({f['reason']})",
    "rates_shared": lambda f: f"limits are shared again; {f['admitted']} requests were admitted meanwhile",
    "ledger_away": lambda f: f"the ledger is away for {f['since_s']} s ({f['reason']}); {f['waiting']} receipts wait",
    "ledger_back": lambda f: f"the ledger is back; {f['receipts']} receipts shipped",
    "keys_alone": lambda f: f"keys of other gateways cannot be known for {f['since_s']} s ({f['reason']})",
    "keys_shared": lambda f: f"keys of all gateways are known; {f['keys']} secrets",
    "ledger_conflict": lambda f: f"the ledger knows {f['receipts']} receipts with other contents",
    "soft_budget_near": lambda f: (
        f"{f['account']} has spent {f['percent']} % of its soft budget of {f['limit']} ({f['window']})"
    ),
    "soft_budget_crossed": lambda f: f"{f['account']} is beyond its soft budget of {f['limit']} ({f['window']})",
    "route_cooling": lambda f: f"{f['route']} is left alone until {f['until']}: {f['kind']} {f['status']}",
    "route_locked_out": lambda f: f"{f['route']} is locked out until {f['until']}: {f['kind']} {f['status']}",
    "route_recovered": lambda f: f"{f['route']} may serve again ({f['kind']})",
    "credential_renewed": _renewed,
    "credential_failing": lambda f: (
        f"the credential of {f['provider']} ({f['source']}) could not be renewed{_why(f)}; usable for {f['left_s']} s"
    ),
    "credential_ended": lambda f: f"{f['provider']} has no credential: its {f['source']} source failed{_why(f)}",
    "destinations_read": lambda f: (
        f"{f['provider']} told the destinations of {f['profiles']} profiles"
        + (f", retention mode {f['retention_mode']}" if f["retention_mode"] else "")
    ),
    "destinations_unread": lambda f: (
        f"{f['provider']} did not tell its destinations{_why(f)}; earlier statements stand"
    ),
    "clock_skewed": lambda f: f"the clock of {f['provider']} is {f['skew_s']} s ahead; signatures follow it",
    "disk_low": lambda f: f"nothing is admitted: {f['free_mb']} MB free where the state is kept",
    "disk_free": lambda f: f"{f['free_mb']} MB free again where the state is kept",
    "worker_died": lambda f: f"worker {f['worker']} died ({f['code']}); replaced in {f['again_ms']} ms",
    "fault": _fault,
    "library_note": lambda f: f"{f['logger']} noted {f['severity']} at {f['place']}",
}
