"""`observed/destinations.toml`: the answers of clouds about inference profiles and retention, kept by the gateway.

The answers only narrow what a record states: a destination outside the record's countries counts beside them, a region
that the record does not know makes the place of the model UNKNOWN, and so does a profile without a region.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from gateway.core.catalog import Fact, TreatmentException
from gateway.core.evidence import Source
from gateway.core.posture import UNKNOWN, Value
from gateway.declarations.catalog import ProviderDocument
from gateway.declarations.faults import Report
from gateway.declarations.reader import Page, Table, parse

NAME: Final = "observed/destinations.toml"
"""The document's name among the others."""

_HARMLESS_MODES: Final = frozenset({"", "none", "default"})
"""Retention modes that the record's statements allow for; an empty one could not be read."""
_KEEPING: Final = ("stored_in", "retention_days", "logging", "third_party_access")


@dataclass(frozen=True, slots=True)
class ObservedDestinations:
    """The answers for one record. `settings`: those of the address that was asked. `profiles`: id -> regions.

    `retention_mode`: of the account in that region; empty where it could not be read.
    """

    url: str
    read_on: date
    settings: Mapping[str, str] = field(default_factory=dict)
    profiles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    retention_mode: str = ""


def read_destinations(page: Page) -> Mapping[str, ObservedDestinations]:
    """Record -> answers."""
    return {
        name: observed
        for name in page.root.names()
        if (table := page.root.table(name)) is not None and (observed := _observed(table)) is not None
    }


def destinations_in(content: bytes, today: date) -> Mapping[str, ObservedDestinations]:
    """The answers in a document of the gateway's own; none for one that cannot be read."""
    report = Report()
    values = parse(NAME, content, report) if content else None
    records = read_destinations(Page(NAME, values, report, today)) if values is not None else {}
    return {} if report.faults else records


def _observed(table: Table) -> ObservedDestinations | None:
    table.require(url='url = "https://…"', read_on="read_on = 2026-11-30")
    profiles, read_on = table.table("profiles"), table.past_day("read_on")
    if read_on is None:
        return None
    return ObservedDestinations(
        url=table.text("url"),
        read_on=read_on,
        settings=table.mapping("settings"),
        profiles={} if profiles is None else {name: profiles.words(name) or () for name in profiles.names()},
        retention_mode=table.text("retention_mode"),
    )


def narrowed(document: ProviderDocument, observed: ObservedDestinations) -> ProviderDocument:
    """The record with an exception for each of its models whose profile is known, and for a worse retention."""
    declared = document.provider.connection.destinations
    if declared is None:
        return document
    exceptions = [
        _place(route.model, observed, declared.countries, observed.profiles[route.upstream_model])
        for route in document.routes
        if route.upstream_model in observed.profiles
    ]
    if observed.retention_mode not in _HARMLESS_MODES:
        facts = {name: _fact(UNKNOWN, observed) for name in _KEEPING}
        exceptions.append(TreatmentException(f"retention-mode-{observed.retention_mode}", facts))
    provider = replace(document.provider, exceptions=(*document.provider.exceptions, *exceptions))
    return replace(document, provider=provider)


def _place(
    model: str, observed: ObservedDestinations, countries: Mapping[str, str], regions: tuple[str, ...]
) -> TreatmentException:
    known = [countries.get(region, "") for region in regions]
    place: Value = frozenset(known) if known and all(known) else UNKNOWN
    return TreatmentException(
        id=f"destinations-{model}",
        facts={"processed_in": _fact(place, observed)},
        models=frozenset({model}),
        note=f"destinations of the profile: {', '.join(regions) or 'not stated'}",
    )


def _fact(value: Value, observed: ObservedDestinations) -> Fact:
    return Fact(value, read_on=observed.read_on, sources=(Source(observed.url, dated=observed.read_on),))


def written_destinations(observed: Mapping[str, ObservedDestinations]) -> bytes:
    """The document of these answers, in a fixed order."""
    lines = ["# Written by the gateway at start, reload and check: the answers of clouds about their own places."]
    for name, record in sorted(observed.items()):
        lines += ["", f"[{_quoted(name)}]", f"url = {_quoted(record.url)}", f"read_on = {record.read_on.isoformat()}"]
        if record.retention_mode:
            lines.append(f"retention_mode = {_quoted(record.retention_mode)}")
        lines += [f"[{_quoted(name)}.settings]", *_members(record.settings)]
        lines += [f"[{_quoted(name)}.profiles]"]
        for profile, regions in sorted(record.profiles.items()):
            lines.append(f"{_quoted(profile)} = [{', '.join(map(_quoted, regions))}]")
    return "\n".join([*lines, ""]).encode()


def _members(values: Mapping[str, str]) -> list[str]:
    return [f"{_quoted(name)} = {_quoted(value)}" for name, value in sorted(values.items())]


def _quoted(text: str) -> str:
    """A TOML string. The texts are ids, regions and addresses; anything else in them is escaped."""
    escaped = "".join(c if " " <= c <= "~" and c not in '"\\' else f"\\U{ord(c):08x}" for c in text)
    return f'"{escaped}"'
