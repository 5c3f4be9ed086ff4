"""What is: providers, models, routes, prices, contracts and policies, as one immutable Snapshot with a digest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import Enum
from functools import cached_property
from typing import Final, NewType

from gateway.core.cost import Fx, Price
from gateway.core.limits import Limit
from gateway.core.policy import ANY_EVIDENCE, EvidenceRule, Policy, meet_policies
from gateway.core.posture import DIMENSIONS, UNKNOWN, Party, Posture, Value
from gateway.core.posture import of as posture_of

RouteId = NewType("RouteId", str)
"""`provider/model`, with `@variant` where one provider record offers several."""


class Feature(Enum):
    """What keeps state at the provider or makes it call out; each may be treated worse than plain inference."""

    WEB_SEARCH = "web_search"
    FILES = "files"
    BATCH = "batch"
    BACKGROUND = "background"
    STORED_RESPONSES = "stored_responses"
    REMOTE_URLS = "remote_urls"
    EXPLICIT_CACHE = "explicit_cache"
    UNLISTED = "unlisted"  # a field, tool type or beta that the dialect's table does not know


FEATURE_TOUCHES: Final[tuple[str, ...]] = ("stored_in", "retention_days", "third_party_access")
"""The dimensions in which a feature is UNKNOWN on a provider whose record says nothing of it."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A value of one dimension with its evidence. `disputed`: what other sources say; `value` is the worst of them."""

    value: Value
    read_on: date | None = None
    verified_on: date | None = None
    sources: tuple[str, ...] = ()
    note: str = ""
    disputed: tuple[Value, ...] = ()


Facts = Mapping[str, Fact]
"""Dimension -> fact. A dimension without an entry is UNKNOWN."""


@dataclass(frozen=True, slots=True)
class TreatmentException:
    """Models or features that a provider treats worse than the rest: joined to the posture where it applies.

    `models` None: every model. `features` empty: with or without any feature; otherwise only where one of them is used.
    """

    id: str
    facts: Facts
    models: frozenset[str] | None = None
    features: frozenset[Feature] = frozenset()
    note: str = ""

    def applies(self, model: str, used: frozenset[Feature]) -> bool:
        return (self.models is None or model in self.models) and (not self.features or bool(self.features & used))


@dataclass(frozen=True, slots=True)
class Grant:
    """What a contract of ours puts in force at one provider record. Reaches the exceptions it names, no others."""

    provider: str
    facts: Facts
    evidence: str
    expires_on: date | None = None
    exceptions: frozenset[str] = frozenset()

    def in_force(self, today: date) -> bool:
        return self.expires_on is None or today <= self.expires_on


class Auth(Enum):
    """Where a provider wants its credential."""

    BEARER = "bearer"  # authorization: Bearer K
    X_API_KEY = "x-api-key"
    API_KEY = "api-key"
    X_GOOG_API_KEY = "x-goog-api-key"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Connection:
    """How a provider record is called. `base_url` may hold `{setting}` places, each named in `settings`.

    `also`: dialects it speaks under the same address beside `dialect`. `system_role`: `developer` where a provider
    knows that role, else `system`. `lenient`: it ignores members that it does not know. `embeddings`: it answers
    requests for them under this address too.
    `output_limit`: the request member that caps the output. `stream_usage`: `option` if usage in a stream must be asked
    for with `stream_options`, `always` if it comes unasked. `accepts_store`: knows the member `store`, and may keep
    what does not say `false`. `why_not`: the reason if it cannot be called; else empty.
    """

    dialect: str
    auth: Auth
    base_url: str
    settings: tuple[str, ...] = ()
    output_limit: str = "max_tokens"
    stream_usage: str = "option"
    accepts_store: bool = False
    why_not: str = ""
    source: str = ""
    also: tuple[str, ...] = ()
    system_role: str = "system"
    lenient: bool = True
    embeddings: bool = True

    def speaks(self, dialect: str) -> bool:
        return dialect == self.dialect or dialect in self.also


@dataclass(frozen=True, slots=True)
class Provider:
    """One record: one provider, plan and region. `obtainable`: what a contract could put in force.

    `sandbox` marks the bundled provider; it exists only where the sandbox is switched on.
    """

    id: str
    name: str
    operator: str
    connection: Connection
    facts: Facts
    exceptions: tuple[TreatmentException, ...] = ()
    obtainable: Facts = field(default_factory=dict)
    parent: str | None = None
    plan: str = ""
    read_on: date | None = None
    verified_on: date | None = None
    sources: tuple[str, ...] = ()
    notes: Mapping[str, str] = field(default_factory=dict)
    sandbox: bool = False


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a model or a route can do. None: not stated; then the model's own statement counts, else it is unknown."""

    tools: bool | None = None
    structured_output: bool | None = None
    reasoning: bool | None = None
    inputs: frozenset[str] | None = None  # text, image, audio, video, pdf
    outputs: frozenset[str] | None = None
    context: int | None = None
    max_output: int | None = None

    def over(self, under: Abilities) -> Abilities:
        """These, with `under` where nothing is stated."""
        return Abilities(
            **{
                name: own if (own := getattr(self, name)) is not None else getattr(under, name)
                for name in Abilities.__dataclass_fields__
            }
        )


@dataclass(frozen=True, slots=True)
class Score:
    """One benchmark result. Comparable only within one version and setting."""

    benchmark: str
    score: float | None
    metric: str
    source: str
    higher_is_better: bool = True
    independent: bool = True
    version: str = ""
    setting: str = ""
    dated: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Model:
    """A model as its lab made it, wherever it runs."""

    id: str
    name: str
    lab: str
    abilities: Abilities = Abilities()
    aliases: tuple[str, ...] = ()
    open_weights: bool | None = None
    licence: str = ""
    lab_country: str = ""
    released: str = ""
    knowledge_cutoff: str = ""
    kind: str = "chat"  # chat, embedding, transcription
    default_max_output: int | None = None
    description: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    scores: tuple[Score, ...] = ()


@dataclass(frozen=True, slots=True)
class Route:
    """One model at one provider record (and variant), with a price. `also`: as of the connection, where it differs."""

    id: RouteId
    provider: Provider
    model: Model
    upstream_model: str
    price: Price
    abilities: Abilities
    """The route's own where stated, else the model's."""
    variant: str = ""
    quantization: str = ""
    status: str = ""
    region_note: str = ""
    note: str = ""
    weight: int = 1
    also: tuple[str, ...] | None = None

    def speaks(self, dialect: str) -> bool:
        connection = self.provider.connection
        return connection.speaks(dialect) if self.also is None else dialect in (connection.dialect, *self.also)

    def __hash__(self) -> int:
        return hash(self.id)


BUDGET_WINDOWS: Final = ("hour", "day", "week", "month", "total")


@dataclass(frozen=True, slots=True)
class Budget:
    """A cap in nano-units of the ledger's currency per window (`hour`, `day`, `week`, `month`, or `total`).

    Hard: what has no room in it is refused. `soft`: it is served, and said.
    """

    limit: int
    window: str
    soft: bool = False
    floor: int | None = None
    """Down to how many tokens an output limit is lowered to fit in; None: it is not."""


@dataclass(frozen=True, slots=True)
class DataClass:
    """A label that requests may carry, the policy it is held to, and the budgets of all requests that carry it."""

    name: str
    policy: str
    budgets: tuple[Budget, ...] = ()


@dataclass(frozen=True, slots=True)
class Team:
    """A tenant: its policy and what it may use."""

    id: str
    name: str
    policy: str
    classes: frozenset[str] = frozenset()
    budgets: tuple[Budget, ...] = ()
    limits: tuple[Limit, ...] = ()
    key_limits: tuple[Limit, ...] = ()
    """Of each of its keys."""
    end_users: bool = False
    """Whether receipts tell the end users apart that its clients name, under pseudonyms."""


@dataclass(frozen=True, slots=True)
class Organisation:
    """The one organisation this deployment serves."""

    id: str
    name: str
    policy: str
    classes: Mapping[str, DataClass]
    default_class: str = ""
    budgets: tuple[Budget, ...] = ()
    harmless: frozenset[str] = frozenset()
    """Request members that the operator declares harmless although no dialect table lists them."""
    limits: tuple[Limit, ...] = ()
    timezone: str = "UTC"
    """Where the days, weeks and months of budgets begin."""
    model_budgets: Mapping[str, tuple[Budget, ...]] = field(default_factory=dict)
    """Model id -> budgets of everybody who asks it."""


@dataclass(frozen=True)
class Snapshot:
    """Everything that is declared, at one moment. Never changes; a reload makes another one.

    `digest`: SHA-256 over the documents, hex. `routes` keeps every route by id, `aliases` every other name of a model,
    `redirects` what the operator answers with another model: names, or prefixes that end in `*`.
    """

    organisation: Organisation
    teams: Mapping[str, Team]
    policies: Mapping[str, Policy]
    providers: Mapping[str, Provider]
    models: Mapping[str, Model]
    routes: Mapping[RouteId, Route]
    grants: Mapping[str, tuple[Grant, ...]]
    regions: Mapping[str, frozenset[str]]
    fx: Fx
    aliases: Mapping[str, str]
    digest: str
    redirects: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def routes_of(self) -> Mapping[str, tuple[Route, ...]]:
        """Model id -> its routes, in the order of the documents."""
        found: dict[str, list[Route]] = {name: [] for name in self.models}
        for route in self.routes.values():
            found[route.model.id].append(route)
        return {name: tuple(routes) for name, routes in found.items()}

    @cached_property
    def tiers_of(self) -> Mapping[str, tuple[int, ...]]:
        """Model id -> the counts of input tokens above which a price of one of its routes changes, rising."""
        return {m: tuple(sorted({t.above for r in rs for t in r.price.tiers})) for m, rs in self.routes_of.items()}

    @cached_property
    def least_output_of(self) -> Mapping[str, int]:
        """Model id -> the most output that every route of it can give; only models of which one states its limit."""
        stated = ((m, [limit for r in rs if (limit := r.abilities.max_output)]) for m, rs in self.routes_of.items())
        return {model: min(limits) for model, limits in stated if limits}

    @cached_property
    def every_class(self) -> Policy:
        """The meet of all class policies: what a label that names no class is held to."""
        classes = self.organisation.classes.values()
        return meet_policies("every data class", (self.policies[c.policy] for c in classes))

    @cached_property
    def _patterns(self) -> tuple[str, ...]:
        """The longest prefix first."""
        return tuple(sorted((name for name in self.redirects if name.endswith("*")), key=len, reverse=True))

    def redirect(self, name: str) -> str:
        """The entry of `redirects` that speaks of this name; empty if none does. A whole name beats any prefix."""
        if name in self.redirects:
            return name
        for pattern in self._patterns:
            if name.startswith(pattern[:-1]):
                return pattern
        return ""

    def model(self, name: str) -> Model | None:
        """The model that a bare name means: where the operator redirects it, else the model called so."""
        entry = self.redirect(name)
        return self.models.get(self.redirects[entry]) if entry else self.called(name)

    def called(self, name: str) -> Model | None:
        """The model of that id, or of that other name, whatever the operator redirects."""
        return self.models.get(name) or self.models.get(self.aliases.get(name, ""))


def facts_in_force(
    provider: Provider, model: str, used: frozenset[Feature], grants: tuple[Grant, ...], today: date
) -> tuple[Facts, ...]:
    """The sheets of facts whose postures, joined, are how content is treated there on that day.

    The first is the catalogue's default with unexpired grants applied; the others are the exceptions that apply. A
    feature of which no exception for this model speaks is a sheet of its own, UNKNOWN in `FEATURE_TOUCHES`.
    """
    live = [g for g in grants if g.in_force(today)]
    applied = [e for e in provider.exceptions if e.applies(model, used)]
    stated = {feature for exception in applied for feature in exception.features}
    return (
        _granted(_own(provider.facts), live),
        *(_lifted(_own(e.facts), [g for g in live if e.id in g.exceptions]) for e in applied),
        *([dict.fromkeys(FEATURE_TOUCHES, Fact(UNKNOWN))] if used - stated else []),
    )


def _own(facts: Facts) -> Facts:
    """The facts as stated; but a router's, who passes content on to somebody else's terms, are UNKNOWN altogether."""
    parties = facts.get("third_party_access", Fact(UNKNOWN)).value
    if isinstance(parties, frozenset) and Party.DOWNSTREAM_PROVIDERS in parties:
        return dict.fromkeys(DIMENSIONS, Fact(UNKNOWN))
    return facts


def _granted(facts: Facts, grants: list[Grant]) -> Facts:
    """`facts` with everything that these grants put in force. Nothing retained is stored nowhere."""
    given: dict[str, Fact] = {}
    for grant in grants:
        for name, fact in grant.facts.items():
            given[name] = _worse(name, given[name], fact) if name in given else fact
    zero = given.get("retention_days")
    if zero is not None and zero.value == 0:
        given["stored_in"] = replace(zero, value=frozenset())
    return {**facts, **given}


def _lifted(facts: Facts, grants: list[Grant]) -> Facts:
    """An exception's `facts` under grants that name it: only the dimensions it touches."""
    return {name: fact for name, fact in _granted(facts, grants).items() if name in facts}


def _worse(name: str, a: Fact, b: Fact) -> Fact:
    """Of two contracts that disagree, what is worse for us."""
    value = getattr(posture_of({name: a.value}).join(posture_of({name: b.value})), name)
    return replace(a if value == a.value else b, value=value)


def posture(sheets: tuple[Facts, ...], evidence: EvidenceRule, today: date) -> Posture:
    """The joined posture of fact sheets, each fact demoted to UNKNOWN first if `evidence` does not accept it today.

    The first sheet is complete: a dimension it lacks is UNKNOWN. The others touch only the dimensions they name.
    """
    first, *exceptions = (_believed(sheet, evidence, today) for sheet in sheets)
    default = _coherent({name: first.get(name, UNKNOWN) for name in DIMENSIONS})
    result = default
    for touched in exceptions:
        values = {**dict(default), **touched}
        stores = touched.get("stored_in", frozenset()) != frozenset()
        if stores and "retention_days" not in touched and default.retention_days == 0:
            values["retention_days"] = UNKNOWN  # kept somewhere after all, and nobody says for how long
        result = result.join(_coherent(values))
    return result


def _coherent(values: Mapping[str, Value]) -> Posture:
    """The posture of these values; what is kept and said to be stored nowhere is stored nobody knows where."""
    if values["retention_days"] != 0 and values["stored_in"] == frozenset():
        return posture_of({**values, "stored_in": UNKNOWN})
    return posture_of(values)


def _believed(sheet: Facts, evidence: EvidenceRule, today: date) -> dict[str, Value]:
    if evidence == ANY_EVIDENCE:
        return {name: fact.value for name, fact in sheet.items()}
    return {
        name: fact.value if evidence.accepts(fact.read_on, fact.verified_on, today) else UNKNOWN
        for name, fact in sheet.items()
    }
