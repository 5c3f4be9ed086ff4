"""Catalogue values: providers with their statements and our grants, models, and routes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import NewType

from gateway.core.cost import Price, Term
from gateway.core.evidence import Source, aged_from
from gateway.core.frozen import SingletonHash
from gateway.core.operation import CHAT, Operation
from gateway.core.posture import Value
from gateway.core.token_kinds import TokenAuth

RouteId = NewType("RouteId", str)
"""`provider/model`, with `@variant` where one provider record offers several."""


class Feature(SingletonHash, Enum):
    """Feature of a request that keeps state at the provider or makes the provider call out.

    A provider may treat each feature worse than plain inference."""

    WEB_SEARCH = "web_search"
    FILES = "files"
    BATCH = "batch"
    BACKGROUND = "background"
    STORED_RESPONSES = "stored_responses"
    REMOTE_URLS = "remote_urls"
    EXPLICIT_CACHE = "explicit_cache"
    INFERENCE_PLACE = "inference_place"  # the request names the place where the provider processes it
    UNLISTED = "unlisted"  # a field, tool type or beta that the dialect's table does not know


@dataclass(frozen=True, slots=True)
class Fact:
    """A value of one dimension with its evidence.

    `verified_by` and `looked_at`: the person who verified it, and the text or screen that the person read.
    `disputed`: values of other sources; `value` is the worst of them.
    """

    value: Value
    read_on: date | None = None
    verified_on: date | None = None
    sources: tuple[Source, ...] = ()
    note: str = ""
    disputed: tuple[Value, ...] = ()
    verified_by: str = ""
    looked_at: str = ""
    aged_from: date | None = field(init=False, compare=False, repr=False)
    """The day from which the fact ages; see `evidence.aged_from`."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "aged_from", aged_from(self.read_on, self.verified_on, self.sources))


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
    """Terms that a contract of ours puts in force at one provider record. A grant reaches
    only the exceptions that it names."""

    provider: str
    facts: Facts
    evidence: str
    expires_on: date | None = None
    exceptions: frozenset[str] = frozenset()

    def in_force(self, today: date) -> bool:
        return self.expires_on is None or today <= self.expires_on


class Auth(Enum):
    """Place of the credential in a call to the provider."""

    BEARER = "bearer"  # authorization: Bearer K
    X_API_KEY = "x-api-key"
    API_KEY = "api-key"
    X_GOOG_API_KEY = "x-goog-api-key"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class ControlPlane:
    """The address of a provider that tells to which of its regions it sends the requests of each profile.

    `url` may hold places of the connection's settings. `countries`: region -> its country; a region that is not listed
    is nowhere known.
    """

    url: str
    countries: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Connection:
    """Address and manners of a provider record. `base_url` may hold `{setting}` places, each named in `settings`.

    `also`: dialects it speaks under the same address beside `dialect`. `system_role`: `developer` where a provider
    knows that role, else `system`. `lenient`: it ignores members that it does not know. `other_kinds`: kind of model ->
    the dialect in which models of that kind are asked under this address; chat models are asked in `dialect`.
    `output_limit`: the request member that caps the output. `stream_usage`: `option` if usage in a stream must be asked
    for with `stream_options`, `always` if it comes unasked. `sends`: members that every request carries with these
    values, whatever the client says. `accepts_store`: knows the member `store`, and may keep what does not say `false`.
    `why_not`: the reason if it cannot be called; else empty. `token`: the kind of token that it takes in the place of a
    key; None where it takes keys only. `paths`: dialect -> the path below `base_url` under which it is spoken, where
    that is not `base_url` itself. `carriers`: dialect -> the form of request in which a cloud carries it; an empty
    mapping where each dialect is spoken plainly. `values`: setting -> the values for which the record's statements
    hold; any value, where a setting has no entry. `deployments`: the operator names the deployment behind each model.
    `query`: of every request, empty for none. `destinations`: asked for the destinations of profiles; None where the
    record's own statement of places is all there is.
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
    other_kinds: Mapping[str, str] = field(default_factory=dict)
    token: TokenAuth | None = None
    paths: Mapping[str, str] = field(default_factory=dict)
    carriers: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    deployments: bool = False
    query: str = ""
    sends: Mapping[str, str] = field(default_factory=dict)
    destinations: ControlPlane | None = None

    def speaks(self, dialect: str) -> bool:
        return dialect == self.dialect or dialect in self.also


@dataclass(frozen=True, slots=True)
class Billing:
    """Billing by a provider, for all of its routes.

    `bills_after_disconnect`: whether the provider charges for what it would have generated after the client left; None:
    not known, which counts as true. Fees and `terms`: as in `Price`, for routes in US dollars that do not state
    their own.
    """

    bills_after_disconnect: bool | None = None
    per_tool_call: Decimal | None = None
    per_file_search: Decimal | None = None
    per_code_session: Decimal | None = None
    terms: tuple[Term, ...] = ()
    source: str = ""
    read_on: date | None = None
    generation_path: str = ""
    """Path and query, below the base URL, of the provider's own record of one generation, with `{id}` in it."""


@dataclass(frozen=True, slots=True)
class Provider:
    """One record: one provider, plan and region. `obtainable`: what a contract could put in force.

    `closed_models_of`: the labs whose closed-weight models this record treats as it treats the others.

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
    sources: tuple[Source, ...] = ()
    notes: Mapping[str, str] = field(default_factory=dict)
    sandbox: bool = False
    closed_models_of: frozenset[str] = frozenset()
    billing: Billing = Billing()


@dataclass(frozen=True, slots=True)
class Abilities:
    """Abilities of a model or a route. None: not stated; then the model's own statement counts, else it is unknown."""

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
class BenchmarkScore:
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


class Status(Enum):
    """Standing of a route at its provider. A retired route never serves; an unlisted one is the last choice."""

    LISTED = "listed"
    PREVIEW = "preview"
    DEPRECATED = "deprecated"
    UNLISTED = "unlisted"  # the provider's own list no longer shows it
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class Model:
    """A model as its lab made it, wherever it runs.

    `retires_on`: the last day on which the lab serves it. `successor`: the model id that takes its place.
    """

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
    scores: tuple[BenchmarkScore, ...] = ()
    retires_on: date | None = None
    successor: str = ""


@dataclass(frozen=True, slots=True)
class Route:
    """One model at one provider record (and variant), with a price.

    `dialect` and `also`: those of the connection, where the route states others. `retires_on`: the last day on which
    the provider serves it. `successor`: the model id that takes its place. `upstream_assumed`: no source states the
    upstream name. `deployment`: the name that the operator gave to the deployment of the model; empty for none.
    `tokens_per_s`: the fastest rate of output that a source states.
    """

    id: RouteId
    provider: Provider
    model: Model
    upstream_model: str
    price: Price
    abilities: Abilities
    """The route's own where stated, else the model's."""
    variant: str = ""
    quantization: str = ""
    status: Status = Status.LISTED
    region_note: str = ""
    note: str = ""
    weight: int = 1
    also: tuple[str, ...] | None = None
    dialect: str = ""
    retires_on: date | None = None
    successor: str = ""
    upstream_assumed: bool = False
    deployment: str = ""
    tokens_per_s: float | None = None

    @property
    def wire_model(self) -> str:
        """The name by which a request asks for the model."""
        return self.deployment or self.upstream_model

    @property
    def own_dialect(self) -> str:
        """The dialect in which the route is asked if the client's is not spoken there."""
        return self.dialect or self.provider.connection.dialect

    @property
    def last_day(self) -> date | None:
        """The last day of service, by the provider or by the model's lab, whichever comes first."""
        return min((day for day in (self.retires_on, self.model.retires_on) if day is not None), default=None)

    def is_retired(self, today: date) -> bool:
        """Past its last day, or withdrawn by the provider."""
        return self.status is Status.RETIRED or ((last := self.last_day) is not None and today > last)

    @property
    def next_model(self) -> str:
        """The model id that takes the route's place; empty if no source names one."""
        return self.successor or self.model.successor

    def wire(self, dialect: str, operation: Operation) -> str:
        """The dialect in which this route is asked: `dialect`, the client's, where the route speaks it. Empty where the
        route does not offer the operation."""
        connection = self.provider.connection
        if operation.model_kind != CHAT.model_kind:
            return connection.other_kinds.get(operation.model_kind, "")
        if operation.counts and (connection.sends or dialect in connection.carriers):
            return ""  # a count has no member for what the record sends, and so might be processed elsewhere
        return dialect if self.speaks(dialect) else self.own_dialect

    def speaks(self, dialect: str) -> bool:
        connection = self.provider.connection
        if self.dialect or self.also is not None:
            return dialect in (self.own_dialect, *(self.also or ()))
        return connection.speaks(dialect)

    def __hash__(self) -> int:
        return hash(self.id)
