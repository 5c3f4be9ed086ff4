"""What is: providers, models, routes, prices, contracts and policies, as one immutable Snapshot with a digest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from functools import cached_property
from typing import Final, NewType

from gateway.core.cost import Fx, Price
from gateway.core.limits import Limit
from gateway.core.policy import Policy, meet_policies
from gateway.core.posture import Value

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
    bytes_per_token: int = 1
    """How many bytes of text are held as one token. With 1 no tokenizer can make more of them; with more it can."""


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
