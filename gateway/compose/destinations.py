"""Destinations of inference profiles: asked at start, reload and check, and kept beside the journal with their date."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from gateway.compose.providers import Access, egress, in_force
from gateway.core.snapshot import Snapshot
from gateway.declarations.destinations import ObservedDestinations, destinations_in, written_destinations
from gateway.exchange.services import InForce
from gateway.settings import Settings
from gateway.telemetry.events import DestinationsRead, DestinationsUnread, Event
from gateway.upstream.tokens.control_plane import ProfileAnswers, profile_answers
from gateway.upstream.tokens.endpoint import TokenEndpoint, TokenFault
from gateway.upstream.tokens.renewals import Renewals

FILE: Final = "destinations.toml"


@dataclass(frozen=True, slots=True)
class DestinationQuestion:
    """The address to be asked for one record, and the settings behind it."""

    provider: str
    url: str
    settings: Mapping[str, str]


def questions(snapshot: Snapshot, access: Access) -> tuple[DestinationQuestion, ...]:
    """One for each record whose places a control plane tells, where a credential and every setting are there."""
    open_: list[DestinationQuestion] = []
    for provider in snapshot.providers.values():
        declared, settings = provider.connection.destinations, access.settings.get(provider.id, {})
        if declared is not None and provider.id in access.providers and {*provider.connection.settings} <= {*settings}:
            open_.append(DestinationQuestion(provider.id, declared.url.format_map(settings), settings))
    return tuple(open_)


async def answers(
    now: InForce, questioned: tuple[DestinationQuestion, ...], endpoint: TokenEndpoint, tell: Callable[[Event], None]
) -> Mapping[str, ProfileAnswers]:
    """The answers by record. On failure: an event, and no answer for that record."""
    heard: dict[str, ProfileAnswers] = {}
    for question in questioned:
        target = now.targets.get(question.provider)
        if target is None:
            continue
        try:
            answer = heard[question.provider] = await profile_answers(target.credential, question.url, endpoint)
        except TokenFault as fault:
            tell(DestinationsUnread(question.provider, fault.kind, fault.status))
        else:
            tell(DestinationsRead(question.provider, len(answer.profiles), answer.retention_mode))
    return heard


async def observed_now(
    snapshot: Snapshot, access: Access, settings: Settings, today: date
) -> tuple[bytes, tuple[DestinationsUnread, ...]]:
    """The document as the control planes tell it now, and the records that nobody told anything of. Writes nothing."""
    questioned = questions(snapshot, access)
    if not questioned:
        return b"", ()
    renewals, events = Renewals(egress(settings)), list[Event]()
    now = in_force(snapshot, access, settings, renewals)
    running = asyncio.create_task(renewals.run(lambda *_: None))
    try:
        await renewals.first_round()
        heard = await answers(now, questioned, TokenEndpoint(egress(settings)), events.append)
    finally:
        running.cancel()
        await asyncio.wait([running])
    unread = tuple(event for event in events if isinstance(event, DestinationsUnread))
    return document(kept(settings.state), questioned, heard, today), unread


def document(
    before: bytes,
    questioned: tuple[DestinationQuestion, ...],
    heard: Mapping[str, ProfileAnswers],
    today: date,
) -> bytes:
    """The document after these answers. `before`: the document until now, of which an answer stays where none came
    and the same address was asked."""
    known, observed = destinations_in(before, today), dict[str, ObservedDestinations]()
    for question in questioned:
        answer, older = heard.get(question.provider), known.get(question.provider)
        if answer is not None:
            observed[question.provider] = ObservedDestinations(
                question.url, today, question.settings, answer.profiles, answer.retention_mode
            )
        elif older is not None and (older.url, dict(older.settings)) == (question.url, dict(question.settings)):
            observed[question.provider] = older
    return written_destinations(observed) if observed else b""


def kept(state: Path) -> bytes:
    """The document in the state directory; empty for none."""
    path = state / FILE
    return path.read_bytes() if path.is_file() else b""


def keep(state: Path, content: bytes) -> bool:
    """Write the document where it differs from the kept one; whether it does. An empty one is removed."""
    path = state / FILE
    if kept(state) == content:
        return False
    if not content:
        path.unlink()
        return True
    draft = path.with_suffix(".new")
    draft.write_bytes(content)
    draft.chmod(0o600)
    os.replace(draft, path)
    return True
