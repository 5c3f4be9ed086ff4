"""Policies: the declared ones as cards, a draft with its price, and the decision for a team, a key or a class."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from datetime import date
from pathlib import PurePosixPath
from typing import Final

from gateway.core.errors import InvalidRequest, Json, NotAllowed, NotFound
from gateway.core.frozen import frozen
from gateway.core.health import Health
from gateway.core.policy import Layer, LayerKind, Policy
from gateway.core.principal import Key, Principal, principal
from gateway.core.selection import Selection
from gateway.core.snapshot import Snapshot
from gateway.reports.questions import KEY_ID, known_members
from gateway.reports.sight import Sight
from gateway.reports.time_spans import with_days
from gateway.stores.books.books import Ledger
from gateway.views.drafts import Judge, draft_view, uses_in
from gateway.views.explanations import explanation
from gateway.views.policies import policy_cards

WHY: Final = ("team", KEY_ID, "class", "model")
"""Members of a question for a decision."""


class PolicyCards:
    """The declared policies as cards, worked out once a day for each set of documents and credentials.

    `documents`: digest of a set -> its files by name; None where it is not kept.
    """

    def __init__(self, documents: Callable[[str], Mapping[str, bytes] | None] = lambda _: None) -> None:
        self._documents = documents
        self._known: tuple[Hashable, list[Json]] = ((), [])

    def of(self, judge: Judge) -> list[Json]:
        """Every policy, with its document where that is kept. Takes a moment: for a worker thread."""
        name = (judge.snapshot.digest, judge.means.credentials, judge.today)
        if self._known[0] != name:
            self._known = name, policy_cards(judge, self._texts(judge.snapshot.digest))
        return self._known[1]

    def _texts(self, digest: str) -> dict[str, str]:
        files = {PurePosixPath(name): content for name, content in (self._documents(digest) or {}).items()}
        own = {path.stem: content for path, content in files.items() if path.parts[0] == "policies"}
        return {name: content.decode("utf-8", "replace") for name, content in own.items()}


def cards_seen(cards: Iterable[Json], sight: Sight) -> list[Json]:
    """The cards without the names of teams that the reader may not know of."""
    own = None if sight.caller is None else sight.caller.team.id
    return [
        {**card, "teams": [team for team in teams if own in (None, team)]}
        for card in cards
        if isinstance(card, Mapping) and isinstance(teams := card["teams"], Sequence)
    ]


def draft(ledger: Ledger, policy: Policy, judge: Judge, sight: Sight) -> dict[str, Json]:
    """The draft, measured against the traffic of the last 30 days that the reader may see."""
    within = sight.limit(with_days(Selection(), judge.today))
    view = draft_view(policy, judge, uses_in(ledger.usage(("model",), within)))
    return {"since": _day(within.since), "until": _day(within.until), **view}


@frozen
class WhyQuestion:
    """Members of a question for a decision. `limits`: the draft as the request's own narrowing."""

    members: Mapping[str, str]
    limits: Policy | None = None


def why(
    question: WhyQuestion, sight: Sight, judge: Judge, keys: Iterable[Key], health: Health
) -> dict[str, Json] | None:
    """The decision on a plain request; None without a model."""
    known, limits = known_members(question.members, WHY), question.limits
    if "model" not in known:
        return None
    model = judge.snapshot.model(known["model"])
    if model is None:
        raise NotFound("`model` must be the name of a model.")
    layers = layers_for(known, sight, judge.snapshot, keys)
    if limits is not None:
        layers = (*layers, Layer(LayerKind.REQUEST, limits))
    return explanation(model.id, layers, judge, health)


def layers_for(members: Mapping[str, str], sight: Sight, snapshot: Snapshot, keys: Iterable[Key]) -> tuple[Layer, ...]:
    """The layers that would apply: of the own key, or of the key or the team that an operator names."""
    caller = sight.caller or _caller(members, snapshot, keys)
    label = members.get("class")
    if label is not None and label not in snapshot.organisation.classes:
        raise InvalidRequest(
            "`class` must be a data class.", field="class", known=sorted(snapshot.organisation.classes)
        )
    if caller is not None:
        if sight.caller is not None and not {"team", KEY_ID}.isdisjoint(members):
            raise NotAllowed("A key sees its own decisions: leave out `team` and `key_id`.", field=KEY_ID)
        own = caller.class_layer(label, snapshot)
        return (*caller.layers, *((own,) if own else ()))
    return (*_declared(members, snapshot), *_class_layer(label, snapshot))


def _caller(members: Mapping[str, str], snapshot: Snapshot, keys: Iterable[Key]) -> Principal | None:
    if KEY_ID not in members:
        return None
    key = next((key for key in keys if key.id == members[KEY_ID]), None)
    caller = principal(key, snapshot) if key is not None else None
    if caller is None:
        raise InvalidRequest("`key_id` must be the id of a key whose team and policy are declared.", field=KEY_ID)
    return caller


def _declared(members: Mapping[str, str], snapshot: Snapshot) -> Iterable[Layer]:
    yield Layer(LayerKind.ORGANISATION, snapshot.policies[snapshot.organisation.policy])
    if (name := members.get("team")) is not None:
        if name not in snapshot.teams:
            raise InvalidRequest("`team` must be a team.", field="team", known=sorted(snapshot.teams))
        yield Layer(LayerKind.TEAM, snapshot.policies[snapshot.teams[name].policy])


def _class_layer(label: str | None, snapshot: Snapshot) -> Iterable[Layer]:
    if label is not None:
        yield Layer(LayerKind.DATA_CLASS, snapshot.policies[snapshot.organisation.classes[label].policy])


def _day(day: date | None) -> str:
    return day.isoformat() if day is not None else ""
